#include "app/shard/shard_private.h"

#include "app/media/audio_track.h"
#include "app/media/joined_room.h"
#include "app/media/video_track.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/stream.h"
#include "outside/disk/disk.h"

#include <assert.h>
#include <stdio.h>

enum {
    IDLE_AFTER_MS = 2000, /* without a byte a track is idle */
    IDLE_LOOK_MS = 200,   /* how often an idle one is drained */
    /* One without a connection of its own tells of silence by itself, as it leaves it out. */
    PACKETS_IDLE_AFTER_MS = 10000,
    FLUSH_MS = 250,  /* how often recorders check the age of what they hold */
    TRIM_MS = 2000,  /* how often spare blocks go back */
    LATE_MS = 500,   /* so late, a tick reads what came long ago */
    AHEAD_MS = 1000, /* a track that is behind waits for those of its meeting so far behind it */
};

static void shard_tick(void *arg);

struct live_meeting *shard_find(const struct shard *shard, uint64_t key) {
    return map_find(&shard->by_key, slice_of(&key, sizeof key));
}

/* ---- Tracks ---- */

static void track_tell(struct shard *shard, const struct track *track, bool is_opened,
                       enum track_end end) {
    struct shard_track_event event = {.meeting_key = track->meeting->key,
                                      .kind = track->type->kind,
                                      .is_opened = is_opened,
                                      .end = end};
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
    track_close(track, end);
}

/* A socket that has brought nothing for a while is drained less often: it costs next to nothing. */
static bool is_due(const struct shard *shard, const struct track *track) {
    int64_t now_ms = shard->core.now_ms;
    int64_t idle_ms = track->conn ? IDLE_AFTER_MS : PACKETS_IDLE_AFTER_MS;
    return now_ms - track->heard_ms < idle_ms || now_ms - track->looked_ms >= IDLE_LOOK_MS ||
           shard->is_draining;
}

/* Tracks of a meeting that catch up do so together: what is too far ahead finds no place in the
 * meeting's time. */
static bool is_ahead(const struct track *track) {
    int64_t before_ms = track->meeting->was_behind_ms;
    return track_is_behind(track) && before_ms < track->heard_to_ms - AHEAD_MS;
}

/* A tick may be long, and a read brings what arrived until now: each track has its own now. */
static void track_serve(struct shard *shard, struct track *track) {
    struct live_meeting *live = track->meeting;
    shard->core.now_ms = clock_mono_ms();
    if (!is_ahead(track))
        track_drain(track, loop_scratch(shard->loop));
    if (track_is_behind(track) && track->heard_to_ms < live->behind_ms)
        live->behind_ms = track->heard_to_ms;
    if (track->is_over)
        track_finish(shard, track);
}

static void tick_arm(struct shard *shard, int64_t wait_ms) {
    timer_start(shard->loop, &shard->timer, wait_ms, 0, shard_tick, shard);
}

static void tick_wake(struct shard *shard) {
    if (timer_is_running(&shard->timer))
        return;
    tick_init(&shard->tick, shard->core.now_ms);
    tick_arm(shard, TICK_MIN_MS);
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
                              ? audio_track_open(live, params, stream, accept)
                              : video_track_open(live, params, stream, accept);
    track_tell(shard, track, true, TRACK_END_CLOSED);
    track_serve(shard, track); /* the answer to the handshake does not wait for the tick */
    tick_wake(shard);
}

/* ---- Rooms ---- */

void shard_on_join(struct shard *shard, uint64_t key, const struct shard_ticket *ticket) {
    struct live_meeting *live = shard_find(shard, key);
    if (live)
        live->is_unrecorded = !ticket->is_recorded;
    if (live && live->room) {
        joined_room_attempt(live->room, &ticket->sfu);
    } else if (live && !shard->is_draining && ticket->is_first) {
        joined_room_open(live, ticket);
        tick_wake(shard);
    } else if (ticket->is_first) {
        const struct shard_room_event lost = {.meeting_key = key, .news = SHARD_ROOM_ENDED};
        shard_tell_room(&lost, shard);
    }
}

void shard_on_leave(struct shard *shard, uint64_t key) {
    struct live_meeting *live = shard_find(shard, key);
    if (live && live->room)
        joined_room_close(live->room);
}

static void rooms_drain(struct shard *shard) {
    LIST_EACH(&shard->core.rooms, node)
        joined_room_drain(CONTAINER_OF(node, struct joined_room, in_core));
}

/* ---- Meetings ---- */

/* What arrived before the tick began has been collected, but for tracks that are behind. */
static void meetings_judge(struct shard *shard, int64_t began_ms) {
    LIST_EACH(&shard->meetings, node) {
        struct live_meeting *live = CONTAINER_OF(node, struct live_meeting, in_shard);
        int64_t until_ms = live->behind_ms < began_ms ? live->behind_ms : began_ms;
        live->was_behind_ms = live->behind_ms;
        live->behind_ms = INT64_MAX;
        if (live->audio_tracks > 0)
            meeting_judge(live->engine, live_meeting_time_ms(live, until_ms), shard_tell_feedback,
                          live);
        if (live->watched) {
            shard_look_people(live);
            shard_look_levels(live);
        }
    }
}

/* ---- Pressure: the analysis of whole meetings is given up, and the log says so ---- */

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
            log_warn("shard", "overloaded; analysis of meetings paused",
                     log_int("meetings", (int64_t)stats->paused_meetings));
    } else if (change < 0) {
        stats->paused_meetings -= meetings_turn(shard, false, (size_t)-change);
        log_info("shard", "analysis of meetings resumed",
                 log_int("stillPaused", (int64_t)stats->paused_meetings));
    }
}

/* ---- The tick ---- */

static void recorders_flush(struct shard *shard) {
    LIST_EACH(&shard->core.tracks, node) {
        track_flush(CONTAINER_OF(node, struct track, in_shard));
    }
    shard->flushed_ms = shard->core.now_ms;
}

static void tick_count(struct shard *shard, int64_t late_ms, uint64_t used_us) {
    struct shard_stats *stats = &shard->core.stats;
    stats->ticks++;
    stats->ticks_late += late_ms >= shard->tick.period_ms;
    stats->tick_us_total += used_us;
    histogram_add(&stats->lateness, &shard_lateness_bounds, late_ms);
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

/* A thousand tracks fit in no cache, and each tick walks them all: while one is at work, the
 * connection of the next one and the links to the one after it are fetched. */
static void tracks_fetch(const struct shard *shard, struct list *next) {
    if (next == &shard->core.tracks)
        return;
    __builtin_prefetch(CONTAINER_OF(next, struct track, in_shard)->conn);
    __builtin_prefetch(next->next);
}

static void shard_tick(void *arg) {
    struct shard *shard = arg;
    uint64_t began_ns = clock_mono_ns();
    int64_t began_ms = clock_mono_ms();
    shard->core.now_ms = began_ms;
    int64_t late_ms = tick_late_ms(&shard->tick, began_ms);
    shard->core.is_late = late_ms >= LATE_MS || shard->was_long;
    rooms_drain(shard); /* their tracks are served with the others */
    LIST_EACH(&shard->core.tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_shard);
        tracks_fetch(shard, node_next);
        if (is_due(shard, track))
            track_serve(shard, track);
    }
    meetings_judge(shard, began_ms);
    if (shard->core.now_ms - shard->flushed_ms >= FLUSH_MS)
        recorders_flush(shard);
    if (shard->core.now_ms - shard->trimmed_ms >= TRIM_MS) {
        disk_port_trim(shard->core.disk);
        shard->trimmed_ms = shard->core.now_ms;
    }
    uint64_t used_us = (clock_mono_ns() - began_ns) / 1000;
    shard->was_long = used_us >= LATE_MS * 1000;
    tick_count(shard, late_ms, used_us);
    int64_t wait_ms = tick_done(&shard->tick, clock_mono_ms(), used_us);
    pressure_follow(shard, used_us);
    shard->core.stats.tick_period_ms = shard->tick.period_ms;
    drained_look(shard);
    /* The loop sleeps that long from here, not from the beginning of the turn. */
    if (!list_is_empty(&shard->core.tracks) || !list_is_empty(&shard->core.rooms))
        tick_arm(shard, wait_ms);
}

/* ---- Life ---- */

void shard_on_drain(struct shard *shard, struct mail *answer) {
    shard->is_draining = true;
    shard->on_drained = answer;
    LIST_EACH(&shard->core.rooms, node)
        joined_room_close(CONTAINER_OF(node, struct joined_room, in_core));
    LIST_EACH(&shard->core.tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_shard);
        if (!track->conn)
            continue;
        media_conn_set_budget(track->conn, MEDIA_BUDGET_BYTES);
        media_conn_close(track->conn, WS_CLOSE_GOING_AWAY, "server is leaving", shard->core.now_ms);
    }
    drained_look(shard);
}

static void shard_free(struct shard *shard) {
    hume_close(shard->core.hume);
    station_close(shard->station);
    disk_port_free(shard->core.disk);
    map_free(&shard->by_key);
    mem_free(shard);
}

static int prosody_service_open(struct shard *shard) {
    char why[128] = "";
    int err =
        hume_open(&shard->core.hume, shard->loop, &shard->core.settings->hume, why, sizeof why);
    if (err)
        log_error("hume", "prosody service cannot be used", log_text("why", why));
    return err;
}

static int thread_begin(struct shard *shard, unsigned number) {
    char name[16];
    snprintf(name, sizeof name, "shard-%u", number);
    return station_start(shard->station, name, 0);
}

int shard_open(struct shard **out, const struct shard_settings *settings, unsigned number,
               struct loop *loop, struct mailbox *control, const struct shard_listener *listener) {
    struct shard *shard = mem_alloc(sizeof *shard);
    int err =
        loop ? station_open_on(&shard->station, loop, shard) : station_open(&shard->station, shard);
    if (err) {
        mem_free(shard);
        return err;
    }
    shard->loop = station_loop(shard->station);
    shard->listener = *listener;
    shard->control = control;
    list_init(&shard->core.tracks);
    list_init(&shard->core.rooms);
    list_init(&shard->meetings);
    map_init(&shard->by_key, 1);
    shard->core.settings = settings;
    shard->core.loop = shard->loop;
    shard->core.on_silent = shard_tell_silent;
    shard->core.on_room = shard_tell_room;
    shard->core.user = shard;
    shard->core.disk = disk_new_port(settings->disk);
    shard->core.now_ms = clock_mono_ms();
    err = prosody_service_open(shard);
    if (!err && !loop)
        err = thread_begin(shard, number);
    if (err) {
        shard_free(shard);
        return err;
    }
    *out = shard;
    return 0;
}

void shard_stop(struct shard *shard) {
    if (!shard)
        return;
    station_shut(shard->station); /* the mail that still waits is about meetings and tracks */
    timer_stop(&shard->timer);
    LIST_EACH(&shard->core.rooms, node)
        joined_room_close(CONTAINER_OF(node, struct joined_room, in_core));
    /* Tracks are left only where draining was cut short or not asked for. */
    LIST_EACH(&shard->core.tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_shard);
        if (track->conn)
            media_conn_set_budget(track->conn, MEDIA_BUDGET_BYTES);
        track_drain(track, loop_scratch(shard->loop));
        track_close(track, TRACK_END_DRAINED);
    }
    mem_free(shard->on_drained);
    shard->on_drained = NULL;
    shard->is_stopped = true;
}

void shard_close(struct shard *shard) {
    if (!shard)
        return;
    assert(shard->is_stopped && "a shard is stopped before it is closed");
    LIST_EACH(&shard->meetings, node)
        live_meeting_free(CONTAINER_OF(node, struct live_meeting, in_shard));
    shard_free(shard);
}
