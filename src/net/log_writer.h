/*
 * The thread that writes the log, so that a log which nobody reads holds up nobody: lines wait in a
 * bounded queue and are dropped and counted when it is full. One line tells how many were lost once
 * the log flows again. While a writer is open, `stderr` leads to it as well, so that the sentence of
 * a failed assertion cannot block either, and fatal signals wait a moment for the queue.
 *
 * One a process. Open it before other threads start, close it after they ended.
 */
#ifndef NET_LOG_WRITER_H
#define NET_LOG_WRITER_H

#include <stdint.h>

struct log_writer;

/* Writes to `fd`, which is not taken over. */
int log_writer_open(struct log_writer **, int fd);

/* Writes what waits, at most for `patience_ms`. A writer that is stuck by then is left alone until
 * the process ends, and further lines are dropped. NULL is fine. */
void log_writer_close(struct log_writer *, int64_t patience_ms);

#endif
