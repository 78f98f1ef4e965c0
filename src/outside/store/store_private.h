/*
 * A question on its way: made on the caller's thread, run on the store's, answered on the caller's.
 * Private to the files store*.c.
 */
#ifndef OUTSIDE_STORE_PRIVATE_H
#define OUTSIDE_STORE_PRIVATE_H

#include "base/list.h"
#include "net/mailbox.h"
#include "outside/store/store.h"

#include <stdatomic.h>

struct db;

enum store_runner { STORE_NOBODY, STORE_WRITER, STORE_READER, STORE_CALLER /* gave it up */ };

/* The first member of each question's own struct. */
struct store_call {
    struct mail mail;
    struct list open; /* among the store's open calls; the caller's thread only */
    struct store *store;
    int (*run)(struct store_call *,
               struct db *); /* on the store's thread; leaves no transaction open */
    void (*answer)(
        struct store_call *); /* on the caller's, with err set: runs the typed callback */
    int64_t posted_ms;
    int err;             /* for `answer` */
    bool is_cancelled;   /* or answered: nobody waits any more */
    bool reads_feedback; /* what is queued is written first */
    bool may_overtake;   /* only reads, and need not see what is still to be written */
    bool is_patient;     /* nobody's request: it waits for a disk that stalls as for any other */
    struct mail aside;   /* to the reader and back */
    unsigned mails;      /* under way: to the writer, to the reader */
    atomic_int runner;   /* enum store_runner: who began it */
    atomic_bool
        is_given_up; /* while it runs: what it has not committed by then is not to be done */
    int result;      /* of `run`, the runner's until it comes back */
    struct call_block *blocks;
};

/* Zeroed, `bytes` long. */
void *store_call_new(struct store *, size_t bytes, int (*run)(struct store_call *, struct db *),
                     void (*answer)(struct store_call *));
struct store_call *store_call_send(struct store_call *);
void store_call_free(struct store_call *);

/* On the thread that would run it, or give it up: true when nobody else has begun to. */
bool store_call_claim(struct store_call *, enum store_runner);

/* The caller's thread: runs the callback, unless nobody waits for it. */
void store_call_answer(struct store_call *, int err);

/* The mails of a call on their way back; the runner's has the answer, the last one frees. */
void store_call_back(struct mail *, void *owner);
void store_call_aside_back(struct mail *, void *owner);

/* A `run` for calls whose arguments make no sense: EINVAL. */
int store_call_refuse(struct store_call *, struct db *);
unsigned store_limit(unsigned limit, unsigned max); /* at least 1, at most max */

/* Memory that lives as long as the call. */
void *store_call_alloc(struct store_call *, size_t bytes);
struct slice store_call_copy(struct store_call *, struct slice);

/* What calls need to know of the store. */
struct slice store_default_organization(const struct store *);

/* Runs `work` in a transaction: committed when it gives 0, else undone. */
int store_transaction(struct db *, int (*work)(struct db *, void *arg), void *arg);

/* The place after a row in a list: a time and an id, in a form that means nothing to others. */
struct slice store_cursor_write(struct store_call *, int64_t at_ms, struct slice id);
/* False when it is not one of ours. An empty cursor stands before the first row. */
bool store_cursor_parse(struct store_call *, struct slice cursor, int64_t *at_ms, struct slice *id);

/* A room is made before anything in it is recorded, by a clock that may be ahead of ours by this much. */
enum { STORE_SKEW_MS = 5000 };

/* Later than every time there is, for open ends: the last ms of the year 9999. */
#define STORE_TIME_MAX INT64_C(253402300799999)

#endif
