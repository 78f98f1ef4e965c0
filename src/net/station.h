/* A thread with a loop of its own that does nothing but deliver its mail, one by one. */
#ifndef NET_STATION_H
#define NET_STATION_H

#include "net/loop.h"
#include "net/mailbox.h"

struct station;

/* `owner` is passed to the deliver of each message. The thread starts with station_start. */
int station_open(struct station **out, void *owner);
/* Without a thread of its own: its mail is delivered on `loop`. It is never started. */
int station_open_on(struct station **out, struct loop *loop, void *owner);
void station_gather(struct station *station, int64_t ms); /* as mailbox_gather; before it starts */
int station_start(struct station *station, const char *name, int nice);

struct loop *station_loop(const struct station *station);
void station_send(struct station *station, struct mail *mail); /* any thread */
size_t station_depth(struct station *station);                 /* any thread: mail that waits */

/* From its own thread: ends the loop after this turn. Timers must be stopped. */
void station_stop(struct station *station);

/* From another thread: waits until station_stop has been called, and joins. */
void station_wait(struct station *station);

/* From another thread: once its mail so far has been delivered, the thread ends and is joined.
 * NULL, and a station that was never started or has ended, are fine. */
void station_end(struct station *station);

/* Ends it and delivers what still waits, here; nothing may be sent any more. Its loop stays open,
 * so that what was opened on it can be closed before station_close. */
void station_shut(struct station *station);

/* Shuts it and closes its own loop. Where several work for one owner, all are ended first. NULL is
 * fine. */
void station_close(struct station *station);

#endif
