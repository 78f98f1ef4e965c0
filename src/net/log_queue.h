/*
 * A bounded queue of texts from any number of threads to one, in one block of memory: no lock, no
 * allocation, and no waiting on either side. Texts come out in the order in which their places were
 * taken.
 */
#ifndef NET_LOG_QUEUE_H
#define NET_LOG_QUEUE_H

#include "base/slice.h"

struct log_queue;

/* `bytes` is a power of two; the last `reserve_bytes` of it are for urgent texts. */
struct log_queue *log_queue_new(size_t bytes, size_t reserve_bytes);
void log_queue_free(struct log_queue *); /* NULL is fine */

/* Copies the text. False when there is no room for it. Any thread. */
bool log_queue_put(struct log_queue *, struct slice text, bool is_urgent);

/*
 * The oldest text, in one or two pieces (where the block ends), which stay valid until
 * log_queue_drop(). False when there is none, or when its writer has not finished yet. Only the one
 * thread that takes.
 */
bool log_queue_look(struct log_queue *, struct slice pieces[2]);
void log_queue_drop(struct log_queue *);

/* Whether every text that was put has been dropped. Any thread. */
bool log_queue_is_empty(const struct log_queue *);

#endif
