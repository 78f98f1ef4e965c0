/* Answers of the store, copied, and the questions that several tests ask. */
#ifndef TESTS_STORE_ANSWER_H
#define TESTS_STORE_ANSWER_H

#include "outside/store/store.h"

struct store_fixture;

struct answer {
    bool done;
    int err;
    size_t count;
    char meeting[200][64];
    char owner[64];
    char room_sid[64];
    char room_name[64];
    enum session_status status;
    char status_name[32];
    int64_t started_ms, ended_ms, last_seq;
    int64_t seq[200], ts_ms[200];
    char ids[200][40];
    char next[256];
    /* of the first event */
    char tips[128], metadata[256], name[64], message[128];
};

void answer_copy(char *out, size_t size, struct slice text);

/* Callbacks of the store; `arg` is a struct answer. */
void answer_done(int err, void *arg);
void answer_session(int err, const struct store_session *, void *arg);
void answer_sessions(int err, const struct store_session_list *, void *arg);
void answer_feedback(int err, const struct store_feedback_list *, void *arg);

/* Each asks and waits for the answer. Starting must succeed; ending returns its error. */
struct answer ask_start(struct store_fixture *, struct store *, const struct store_session_start *);
int ask_end(struct store_fixture *, struct store *, const char *meeting, int64_t at_ms);
struct answer ask_session(struct store_fixture *, struct store *, const char *meeting);
struct answer ask_room(struct store_fixture *, struct store *, const char *room);
struct answer ask_feedback(struct store_fixture *, struct store *,
                           const struct store_feedback_filter *);

/* Queues a warning of `participant` "ana" with all its texts; its id is made of meeting and
 * number. */
void add_event(struct store *, const char *meeting, unsigned number, int64_t ts_ms);

#endif
