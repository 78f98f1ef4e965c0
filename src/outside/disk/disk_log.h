/*
 * Pipeline logs: lines are gathered a second at a time, then appended to each meeting's file with
 * one write. On the disk thread.
 */
#ifndef OUTSIDE_DISK_LOG_H
#define OUTSIDE_DISK_LOG_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct disk_log;
struct disk_port;
struct disk_thread;

struct disk_log *disk_log_new(struct disk_thread *thread);
void disk_log_free(struct disk_log *log); /* writes what is there; NULL is fine */

/* From the port's thread: appends the line, unless the queue is half full. */
void disk_log_send(struct disk_port *port, struct slice meeting, struct slice text);

/* Writes the lines that are a second old; true while others wait. */
bool disk_log_beat(struct disk_log *log, int64_t now_ms);

#endif
