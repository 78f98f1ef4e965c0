#include "app/shard/shard_private.h"

#include "app/shard/audio_track.h"
#include "app/shard/video_track.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/stream.h"
#include "outside/disk/disk.h"

#include <assert.h>
#include <stdio.h>

enum {
    IDLE_AFTER_MS = 2000, /* without a byte */
    IDLE_LOOK_MS = 200,   /* and then */
    FLUSH_MS = 250,       /* how often recorders look at the age of what they hold */
    TRIM_MS = 2000,       /* how often blocks that were not needed go back */
};

static void on_tick(void *arg);

static struct slice key_slice(const uint64_t *key) {
    return slice_of(key, sizeof *key);
}

struct live_meeting *shard_find(const struct shard *shard, uint64_t key) {
    return map_find(&shard->by_key, key_slice(&key));
}

/* --- tracks --- */

static void track_tell(struct shard *shard, const struct track *track, bool is_opened,
                       enum track_end end) {
    struct shard_track_event event = {
        .meeting_key = track->meeting->key, .kind = track->kind, .opened = is_opened, .end = end};
    snprintf(event.participant, sizeof event.participant, "%s", track->participant_name);
    snprintf(event.track, sizeof event.track, "%s", track->track_name);
    shard_tell_track(shard, &event);
}

static enum track_end end_of(const struct shard *shard, const struct track *track) {
    switch (track->close_code) {
    case WS_CLOSE_PROTOCOL:
    case WS_CLOSE_BAD_DATA:
    case WS_CLOSE_TOO_BIG:
    case WS_CLOSE_POLICY:
        return TRACK_END_BAD;
    case WS_CLOSE_ABNORMAL:
        return shard->core.now_ms - track->heard_ms >= MEDIA_SILENCE_MS ? TRACK_END_IDLE
                                                                        : TRACK_END_LOST;
    default:
        return shard->is_draining ? TRACK_END_DRAINED : TRACK_END_CLOSED;
    }
}

static void track_finish(struct shard *shard, struct track *track) {
    enum track_end end = end_of(shard, track);
    shard->core.stats.ended[end]++;
    track_tell(shard, track, false, end);
    track->type->end(track, end);
}

/* A socket that has brought nothing for a while is looked at less often: it costs next to nothing. */
static bool is_due(const struct shard *shard, const struct track *track) {
    int64_t now_ms = shard->core.now_ms;
    return now_ms - track->heard_ms < IDLE_AFTER_MS || now_ms - track->looked_ms >= IDLE_LOOK_MS ||
           shard->is_draining;
}

/* A tick may be long, and a read brings what arrived until now: each track has its own now. */
static void track_drain(struct shard *shard, struct track *track) {
    shard->core.now_ms = clock_mono_ms();
    track->looked_ms = shard->core.now_ms;
    if (media_conn_drain(track->conn, loop_scratch(shard->loop), shard->core.now_ms) > 0) {
        track->heard_ms = shard->core.now_ms;
        track->type->collected(track, shard->core.now_ms);
    }
    if (track->is_over)
        track_finish(shard, track);
}

static void tick_arm(struct shard *shard, int64_t wait_ms) {
    timer_start(shard->loop, &shard->timer, wait_ms, 0, on_tick, shard);
}

void shard_on_take(struct shard *shard, uint64_t key, const struct track_params *params,
                   struct stream *stream, const char accept[WS_ACCEPT_SIZE]) {
    struct live_meeting *live = shard_find(shard, key);
    if (!live || shard->is_draining) {
        struct shard_track_event lost = {
            .meeting_key = key, .kind = params->kind, .end = TRACK_END_DRAINED};
        stream_close(stream);
        shard_tell_track(shard, &lost);
        return;
    }
    struct track *track = params->kind == TRACK_AUDIO
                              ? audio_track_open(&shard->core, live, params, stream, accept)
                              : video_track_open(&shard->core, live, params, stream, accept);
    track->heard_ms = shard->core.now_ms;
    track_tell(shard, track, true, TRACK_END_CLOSED);
    track_drain(shard, track); /* the answer to the handshake does not wait for the tick */
    if (!timer_is_running(&shard->timer)) {
        tick_init(&shard->tick, shard->core.now_ms);
        tick_arm(shard, TICK_MIN_MS);
    }
}

/* --- meetings --- */

void shard_on_add(struct shard *shard, uint64_t key, struct slice id, struct slice room) {
    struct live_meeting *live = live_meeting_new(&shard->core, key, id, room);
    list_add(&shard->meetings, &live->in_shard);
    map_set(&shard->by_key, key_slice(&key), live);
}

void shard_on_remove(struct shard *shard, uint64_t key) {
    struct live_meeting *live = map_remove(&shard->by_key, key_slice(&key));
    if (live)
        live_meeting_free(live);
}

struct judging {
    struct shard *shard;
    uint64_t key;
};

static void on_feedback(const struct feedback *feedback, void *arg) {
    const struct judging *judging = arg;
    judging->shard->core.stats.feedback++;
    shard_tell_feedback(judging->shard, judging->key, feedback);
}

static void meetings_judge(struct shard *shard) {
    LIST_EACH(&shard->meetings, node) {
        struct live_meeting *live = CONTAINER_OF(node, struct live_meeting, in_shard);
        struct judging judging = {shard, live->key};
        if (live->audio_tracks > 0)
            meeting_judge(live->engine, live_meeting_time_ms(live, shard->core.now_ms), on_feedback,
                          &judging);
    }
}

/* --- pressure: what is given up is the analysis of whole meetings, and said so --- */

static size_t meetings_turn(struct shard *shard, bool is_to_pause, size_t count) {
    size_t done = 0;
    LIST_EACH(&shard->meetings, node) {
        struct live_meeting *live = CONTAINER_OF(node, struct live_meeting, in_shard);
        if (done == count)
            break;
        if (meeting_is_paused(live->engine) == is_to_pause ||
            (is_to_pause && live->audio_tracks == 0))
            continue;
        if (is_to_pause)
            meeting_pause(live->engine);
        else
            meeting_resume(live->engine, live_meeting_time_ms(live, shard->core.now_ms));
        done++;
    }
    return done;
}

static void pressure_follow(struct shard *shard, uint64_t used_us) {
    struct shard_stats *stats = &shard->core.stats;
    int64_t change = pressure_look(&shard->pressure, &shard->tick, used_us, shard->core.now_ms,
                                   stats->meetings, stats->paused_meetings);
    if (change > 0) {
        size_t paused = meetings_turn(shard, true, (size_t)change);
        stats->paused_meetings += paused;
        stats->analysis_pauses += paused;
        if (paused > 0)
            log_warn("shard", "too much to do: the analysis of meetings is paused",
                     log_int("meetings", (int64_t)stats->paused_meetings));
    } else if (change < 0) {
        stats->paused_meetings -= meetings_turn(shard, false, (size_t)-change);
        log_info("shard", "analysis of meetings taken up again",
                 log_int("stillPaused", (int64_t)stats->paused_meetings));
    }
}

/* --- the tick --- */

static void recorders_flush(struct shard *shard) {
    LIST_EACH(&shard->core.tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_shard);
        track->type->flush(track, shard->core.now_ms);
    }
    shard->flushed_ms = shard->core.now_ms;
}

static void blocks_trim(struct shard *shard) {
    disk_port_trim(shard->core.disk);
    shard->trimmed_ms = shard->core.now_ms;
}

static void tick_count(struct shard *shard, int64_t late_ms, uint64_t used_us) {
    struct shard_stats *stats = &shard->core.stats;
    stats->ticks++;
    stats->ticks_late += late_ms >= shard->tick.period_ms;
    stats->tick_us_total += used_us;
    size_t bucket = 0;
    while (bucket < SHARD_LATENESS_BOUNDS && late_ms > shard_lateness_bounds_ms[bucket])
        bucket++;
    stats->lateness[bucket]++;
    stats->lateness_ms_sum += (uint64_t)late_ms;
    if (used_us > stats->tick_us_max)
        stats->tick_us_max = used_us;
    if ((uint64_t)late_ms > stats->tick_late_ms_max)
        stats->tick_late_ms_max = (uint64_t)late_ms;
}

static void drained_look(struct shard *shard) {
    if (shard->on_drained && list_is_empty(&shard->core.tracks)) {
        mailbox_send(shard->control, shard->on_drained);
        shard->on_drained = NULL;
    }
}

/* A thousand tracks are in no cache, and each tick goes round them all: what the next one is read with, and the one
 * after it, is fetched while this one is at work. */
static void tracks_fetch(const struct shard *shard, struct list *next) {
    if (next == &shard->core.tracks)
        return;
    __builtin_prefetch(CONTAINER_OF(next, struct track, in_shard)->conn);
    __builtin_prefetch(next->next);
}

static void on_tick(void *arg) {
    struct shard *shard = arg;
    uint64_t began_ns = clock_mono_ns();
    shard->core.now_ms = clock_mono_ms();
    int64_t late_ms = tick_late_ms(&shard->tick, shard->core.now_ms);
    LIST_EACH(&shard->core.tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_shard);
        tracks_fetch(shard, node_next);
        if (is_due(shard, track))
            track_drain(shard, track);
    }
    meetings_judge(shard);
    if (shard->core.now_ms - shard->flushed_ms >= FLUSH_MS)
        recorders_flush(shard);
    if (shard->core.now_ms - shard->trimmed_ms >= TRIM_MS)
        blocks_trim(shard);
    uint64_t used_us = (clock_mono_ns() - began_ns) / 1000;
    tick_count(shard, late_ms, used_us);
    int64_t wait_ms = tick_done(&shard->tick, clock_mono_ms(), used_us);
    pressure_follow(shard, used_us);
    shard->core.stats.tick_period_ms = shard->tick.period_ms;
    drained_look(shard);
    if (!list_is_empty(
            &shard->core
                 .tracks)) /* the loop sleeps that long from here, not from the turn's begin */
        tick_arm(shard, wait_ms);
}

/* --- life --- */

void shard_on_drain(struct shard *shard, struct mail *answer) {
    shard->is_draining = true;
    shard->on_drained = answer;
    LIST_EACH(&shard->core.tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_shard);
        media_conn_close(track->conn, WS_CLOSE_GOING_AWAY, "server is leaving", shard->core.now_ms);
    }
    drained_look(shard);
}

static void thread_main(void *arg) {
    struct shard *shard = arg;
    loop_run(shard->loop);
}

static int thread_begin(struct shard *shard, unsigned number) {
    char name[16];
    snprintf(name, sizeof name, "shard-%u", number);
    return thread_start(&shard->thread, name, 0, thread_main, shard);
}

static void shard_free(struct shard *shard) {
    hume_close(shard->core.hume);
    if (shard->has_own_loop)
        loop_close(shard->loop);
    disk_port_close(shard->core.disk);
    map_free(&shard->by_key);
    mem_free(shard);
}

static int prosody_service_open(struct shard *shard) {
    char why[128] = "";
    int err = hume_open(&shard->core.hume, shard->loop, &shard->config->hume, why, sizeof why);
    if (err)
        log_error("hume", "the prosody service cannot be used", log_text("why", why));
    return err;
}

int shard_open(struct shard **out, const struct shard_config *config, struct loop *loop,
               struct mailbox *control, const struct shard_listener *listener, bool own_thread,
               unsigned number) {
    struct shard *shard = mem_alloc(sizeof *shard);
    shard->config = config;
    shard->listener = *listener;
    shard->control = control;
    shard->loop = loop;
    shard->has_own_loop = own_thread;
    list_init(&shard->core.tracks);
    list_init(&shard->meetings);
    map_init(&shard->by_key, 1);
    int err = own_thread ? loop_open(&shard->loop) : 0;
    if (err) {
        mem_free(shard);
        return err;
    }
    shard->core.config = config;
    shard->core.disk = disk_port_open(config->disk);
    shard->core.now_ms = clock_mono_ms();
    err = mailbox_open(&shard->inbox, shard->loop, shard);
    if (!err)
        err = prosody_service_open(shard);
    if (!err && own_thread)
        err = thread_begin(shard, number);
    if (err) {
        mailbox_close(shard->inbox);
        shard_free(shard);
        return err;
    }
    *out = shard;
    return 0;
}

static void leave_deliver(struct mail *mail, void *owner) {
    struct shard *shard = owner;
    mem_free(mail);
    loop_stop(shard->loop);
}

/* Only where draining was cut short, or never asked for: what has arrived is recorded all the same. */
static void track_cut(struct shard *shard, struct track *track) {
    if (media_conn_drain(track->conn, loop_scratch(shard->loop), shard->core.now_ms) > 0)
        track->type->collected(track, shard->core.now_ms);
    track->type->end(track, TRACK_END_DRAINED);
}

void shard_stop(struct shard *shard) {
    if (!shard)
        return;
    if (shard->thread) {
        struct mail *leave = mem_alloc(sizeof *leave);
        leave->deliver = leave_deliver;
        mailbox_send(shard->inbox, leave);
        thread_join(shard->thread);
        shard->thread = NULL;
    }
    mailbox_close(shard->inbox); /* what still waits there is about meetings and tracks */
    shard->inbox = NULL;
    timer_stop(&shard->timer);
    LIST_EACH(&shard->core.tracks, node) {
        track_cut(shard, CONTAINER_OF(node, struct track, in_shard));
    }
    mem_free(shard->on_drained);
    shard->on_drained = NULL;
}

void shard_close(struct shard *shard) {
    if (!shard)
        return;
    assert(!shard->inbox && "a shard is stopped before it is closed");
    LIST_EACH(&shard->meetings, node)
    live_meeting_free(CONTAINER_OF(node, struct live_meeting, in_shard));
    shard_free(shard);
}
