/*
 * A call: one question to the database and its answer. The caller's thread makes it, the writer's
 * thread or the reader's runs it, and the caller's thread runs its callback. The function for each
 * question lives in store_session.c, store_feedback.c and so on.
 */
#ifndef OUTSIDE_STORE_PRIVATE_H
#define OUTSIDE_STORE_PRIVATE_H

#include "base/list.h"
#include "net/mailbox.h"
#include "outside/store/store.h"

#include <stdatomic.h>

struct db;
struct db_row;
struct store_call_block;

/* Who claimed a call. Only the one that claims it may run it; the caller claims it to give up. */
enum store_runner { STORE_UNCLAIMED, STORE_WRITER, STORE_READER, STORE_CALLER };

/* Both get the question's own struct, whose first member is the call. `run` is called on the thread
 * that claimed the call; it must leave no transaction open. `answer` is called on the caller's
 * thread, with call->err set; it runs the typed callback. */
typedef int store_run_fn(struct db *, void *question);
typedef void store_answer_fn(void *question);

struct store_call {
    struct store *store;
    store_run_fn *run;
    store_answer_fn *answer;
    /* the callback of a call whose answer is only an error; may be NULL */
    store_done_fn *done;
    /* the callback's, whatever its type */
    void *arg;
    int64_t posted_ms;
    /* the answer's */
    int err;
    /* answered or cancelled: the callback must not run any more */
    bool is_over;
    /* feedback that is queued must be written first */
    bool reads_feedback;
    /* only reads, and may miss writes that are still queued */
    bool may_overtake;
    /* no request waits for it, so a disk that stalls is no reason to refuse it */
    bool is_patient;
    /* `run` is a transaction: it is undone if it fails */
    bool is_transaction;

    /* Where it is. */
    struct list open;
    struct mail to_writer, to_reader;
    /* how many of the two mails have not come back */
    unsigned mails;
    /* enum store_runner */
    atomic_int runner;
    /* the caller was answered while it ran: it must not commit any more */
    atomic_bool is_given_up;
    /* of `run`; the runner's until the mail comes back */
    int result;
    struct store_call_block *blocks;
};

/* `bytes` is the size of the question's own struct, which is zeroed. */
void *store_call_new(struct store *, size_t bytes, store_run_fn *, store_answer_fn *, void *arg);
/* One whose answer is only an error; `fn` may be NULL. */
void *store_call_new_done(struct store *, size_t bytes, store_run_fn *, store_done_fn *fn,
                          void *arg);
struct store_call *store_call_send(struct store_call *);

/* True when this runner may run it, or the caller give it up: it was not claimed before. */
bool store_call_claim(struct store_call *, enum store_runner);

/* The thread that claimed it. Returns the result. */
int store_call_run(struct store_call *, struct db *);

/* The caller's thread: runs the callback, unless the call is over. */
void store_call_answer(struct store_call *, int err);

/* Deliver a call's two mails back to the caller's thread. The runner's mail carries the answer, and
 * the last one to come back frees the call. */
void store_call_back_from_writer(struct mail *, void *owner);
void store_call_back_from_reader(struct mail *, void *owner);

/* A `run` for arguments that make no sense: EINVAL. */
int store_call_refuse(struct db *, void *question);

/* Memory that lives as long as the call. */
void *store_call_alloc(struct store_call *, size_t bytes);
struct slice store_call_copy(struct store_call *, struct slice);
/* Replaces each of the texts (pointers to slices) by such a copy. */
void store_call_copy_all(struct store_call *, struct slice *const texts[], size_t count);
#define STORE_COPY(call, ...)                                                                      \
    store_call_copy_all((call), (struct slice *const[]){__VA_ARGS__},                              \
                        sizeof((struct slice *const[]){__VA_ARGS__}) / sizeof(struct slice *))

/* Copies a row's columns, from `first` on, to the texts (pointers to slices). */
void store_call_read(struct store_call *, const struct db_row *, unsigned first,
                     struct slice *const texts[], size_t count);
#define STORE_READ(call, row, first, ...)                                                          \
    store_call_read((call), (row), (first), (struct slice *const[]){__VA_ARGS__},                  \
                    sizeof((struct slice *const[]){__VA_ARGS__}) / sizeof(struct slice *))

/* ---- What several questions need ---- */

struct slice store_default_organization(const struct store *);

unsigned store_limit(unsigned limit, unsigned max); /* at least 1, at most max */

/* A cursor is the place after a row of a list: its time and id, encoded so that clients do not
 * depend on them. An empty cursor is the place before the first row. */
struct slice store_cursor_write(struct store_call *, int64_t at_ms, struct slice id);
/* False when this program did not write it. */
bool store_cursor_parse(struct store_call *, struct slice cursor, int64_t *at_ms, struct slice *id);

/* LiveKit creates a room before anything in it is recorded, but its clock may be ahead of ours by
 * this much. */
enum { STORE_SKEW_MS = 5000 };

/* The last ms of the year 9999: the end of a range without an end. */
#define STORE_TIME_MAX INT64_C(253402300799999)

#endif
