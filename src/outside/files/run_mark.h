/*
 * The mark of a running server in its storage folder: <root>/prosa.run, a file that the server
 * holds locked until its end, with one line that says what it is doing. By the lock others learn
 * its process, so a mark that a crash left behind names nobody.
 */
#ifndef OUTSIDE_RUN_MARK_H
#define OUTSIDE_RUN_MARK_H

#include "base/slice.h"

#include <sys/types.h>

enum { RUN_MARK_LINE_SIZE = 128 };

struct run_mark;

/* Neither the file's time nor that of a folder that stood there before says when this was: clocks
 * are judged by them (second_clock). An errno; the caller has locked the folder. */
int run_mark_open(struct run_mark **, const char *root);
void run_mark_close(struct run_mark *); /* NULL is fine */

/* What the server is doing, without a line's end. A disk that takes nothing changes nothing. */
void run_mark_say(struct run_mark *, struct slice line);

/* The process of the server on a folder, and its line; 0: none runs there. */
pid_t run_mark_find(const char *root, char line[RUN_MARK_LINE_SIZE]);

#endif
