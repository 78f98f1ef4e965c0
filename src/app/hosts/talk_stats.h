/*
 * Talk statistics for hosts that asked for them at join: every two seconds, volatile, as the event
 * `stats`: {"meetingId", "participants": [...]}, the fields of /feedback/debug/:meetingId.
 */
#ifndef APP_TALK_STATS_H
#define APP_TALK_STATS_H

struct directory;
struct hosts;
struct loop;
struct talk_stats;

enum { TALK_STATS_MS = 2000 };

/* All must outlive it. */
struct talk_stats *talk_stats_new(struct loop *loop, struct directory *directory,
                                  struct hosts *hosts);

/* NULL is fine. Answers that are still on their way are dropped. */
void talk_stats_free(struct talk_stats *stats);

#endif
