/*
 * What hosts are told about a microphone that nobody here hears: that it is not recorded, or that it
 * is encrypted end to end. When and how often is set by the rule of silences, and may change while
 * the meeting lasts. Control thread only.
 */
#ifndef APP_UNHEARD_H
#define APP_UNHEARD_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;
struct rules;
struct session;

struct unheard_rule {
    bool is_on, includes_host;
    int64_t first_ms;  /* audio may take so long to begin */
    int64_t remind_ms; /* after the first time that the hosts were told */
    int64_t again_ms;  /* after each further one */
    int64_t over_ms;   /* without it, all begins anew */
    double first_s;
};

/* `standard`: the rules of a meeting that is unknown. Without a directory nobody is told. */
struct unheard_rule unheard_rule(const struct directory *, const struct rules *standard,
                                 struct slice meeting_id);

/* Tells the hosts, unless the rule is off or the person is a host. Encryption is a matter of the
 * room, so it is told about the group. silent_ms: for how long it has not been heard. `session` may
 * be NULL. */
void unheard_tell(struct directory *, const struct unheard_rule *, struct slice meeting_id,
                  const struct session *, struct slice identity, bool is_encrypted,
                  int64_t silent_ms);

#endif
