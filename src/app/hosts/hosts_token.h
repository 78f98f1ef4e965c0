/*
 * What a token says about its bearer. Two kinds are good: LiveKit's, of a participant whom
 * the application made host; and ours, of a user that has logged in. Time is an argument.
 */
#ifndef APP_HOSTS_TOKEN_H
#define APP_HOSTS_TOKEN_H

#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct config;

struct host_token {
    bool is_livekit;
    int64_t until_s;        /* Unix time */
    struct slice room;      /* LiveKit's: the room that it joins */
    struct slice user_id;   /* ours */
    struct slice family_id; /* ours: the login */
    json_t *claims;         /* owned; the texts lie in it */
};

/* NULL when the token is good; else a sentence that says what is wrong, and there is nothing to
 * free. */
const char *host_token_read(struct host_token *token, const struct config *config,
                            struct slice text, int64_t now_s);
void host_token_free(struct host_token *token);

#endif
