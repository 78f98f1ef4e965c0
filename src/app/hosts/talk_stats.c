#include "app/hosts/talk_stats.h"

#include "app/hosts/hosts.h"
#include "app/sessions/directory.h"
#include "base/mem.h"
#include "net/timer.h"

struct talk_stats {
    struct directory *directory;
    struct hosts *hosts; /* NULL once the owner has freed it */
    struct timer timer;
    unsigned asked; /* answers on their way keep the struct alive */
};

struct talk_question {
    struct talk_stats *stats;
    char *meeting_id, *room_name;
};

static void stats_unref(struct talk_stats *stats) {
    if (!stats->hosts && stats->asked == 0)
        mem_free(stats);
}

static void talk_stats_on_described(struct slice json, void *user) {
    struct talk_question *question = user;
    struct talk_stats *stats = question->stats;
    stats->asked--;
    if (stats->hosts && json.len > 0)
        hosts_stats(stats->hosts, slice_from(question->meeting_id), slice_from(question->room_name),
                    json);
    stats_unref(stats);
    mem_free(question->meeting_id);
    mem_free(question->room_name);
    mem_free(question);
}

/* Statistics that no client wants are not computed. */
static void ask_meeting(struct slice meeting_id, struct slice room_name, void *user) {
    struct talk_stats *stats = user;
    if (!hosts_want_stats(stats->hosts, meeting_id, room_name))
        return;
    struct talk_question *question = mem_alloc(sizeof *question);
    *question =
        (struct talk_question){stats, slice_copy_text(meeting_id), slice_copy_text(room_name)};
    stats->asked++;
    directory_describe(stats->directory, slice_from(question->meeting_id), talk_stats_on_described,
                       question);
}

static void talk_stats_on_timer(void *arg) {
    struct talk_stats *stats = arg;
    if (stats->asked == 0) /* a shard that is late is not asked again */
        directory_each(stats->directory, ask_meeting, stats);
}

struct talk_stats *talk_stats_new(struct loop *loop, struct directory *directory,
                                  struct hosts *hosts) {
    struct talk_stats *stats = mem_alloc(sizeof *stats);
    stats->directory = directory;
    stats->hosts = hosts;
    timer_start(loop, &stats->timer, TALK_STATS_MS, TALK_STATS_MS, talk_stats_on_timer, stats);
    return stats;
}

void talk_stats_free(struct talk_stats *stats) {
    if (!stats)
        return;
    timer_stop(&stats->timer);
    stats->hosts = NULL;
    stats_unref(stats);
}
