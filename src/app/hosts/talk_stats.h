/* Talk statistics for hosts who asked for them at join: every two seconds, volatile, as the event
 * `stats`: {"meetingId", "participants": [...]}, the fields of /feedback/debug/:meetingId. */
#ifndef APP_TALK_STATS_H
#define APP_TALK_STATS_H

struct directory;
struct hosts;
struct loop;
struct talk_stats;

enum { TALK_STATS_MS = 2000 };

struct talk_stats *talk_stats_start(struct loop *, struct directory *, struct hosts *);

/* NULL is fine. Answers that are still on their way are dropped. */
void talk_stats_stop(struct talk_stats *);

#endif
