#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/room/room_private.h"
#include "wire/web/json_read.h"
#include "wire/web/json_write.h"

enum {
    MISSING_MS = 10000, /* LiveKit tells nobody that a subscription is over a limit */
    SECTIONS_LOG_BURST = 20
};

/* ---- Tracks ---- */

static bool is_wanted(const struct room *room, const struct roster_track *track) {
    bool is_kind = track->kind == SFU_AUDIO || (track->kind == SFU_VIDEO && room->set.takes_video);
    return is_kind && !track->is_encrypted && track->person->kind != SFU_AGENT;
}

static void forget_indices(struct room *room) {
    mem_free(room->by_index);
    room->by_index = NULL;
    room->index_count = 0;
}

static void roster_on_person(const struct roster_person *person, void *user) {
    struct room *room = user;
    room->handlers.on_person(person, true, room->user);
}

static void roster_on_person_gone(const struct roster_person *person, void *user) {
    struct room *room = user;
    room->handlers.on_person(person, false, room->user);
}

static void roster_on_track(struct roster_track *info, void *user) {
    struct room *room = user;
    struct room_track *track = info->owner;
    if (!track) {
        track = mem_alloc(sizeof *track);
        track->info = info;
        info->owner = track;
        forget_indices(room); /* its packets may have come before it was told */
    }
    room->handlers.on_track(track, room->user);
}

static void roster_on_track_gone(struct roster_track *info, void *user) {
    struct room *room = user;
    struct room_track *track = info->owner;
    room->handlers.on_track_gone(track, room->user);
    forget_indices(room);
    mem_free(track);
    info->owner = NULL;
}

const struct roster_handlers room_roster_handlers = {roster_on_person, roster_on_person_gone,
                                                     roster_on_track, roster_on_track_gone};

/* ---- Subscriptions ---- */

static void send_subscription(struct room *room, const struct slice *sids, size_t count,
                              bool wants) {
    struct buf message = {0};
    sfu_write_subscription(&message, sids, count, wants);
    room_send(room, &message);
    buf_free(&message);
}

static void subscribe_as(struct room *room, bool wants) {
    struct slice *sids = mem_alloc_array(room->roster.tracks.len, sizeof *sids);
    size_t count = 0;
    MAP_EACH(&room->roster.tracks, at) {
        struct roster_track *info = at.value;
        struct room_track *track = info->owner;
        if (track->is_asked == wants || is_wanted(room, info) != wants)
            continue;
        track->is_asked = wants;
        track->is_missed = false;
        track->asked_ms = room_now_ms(room);
        sids[count++] = slice_from(info->sid);
    }
    if (count > 0)
        send_subscription(room, sids, count, wants);
    mem_free(sids);
}

void room_subscribe(struct room *room) {
    if (room->course.phase != COURSE_OPEN)
        return;
    subscribe_as(room, true);
    subscribe_as(room, false);
}

void room_sync(struct room *room) {
    struct slice *sids = mem_alloc_array(room->roster.tracks.len, sizeof *sids);
    struct buf message = {0};
    size_t count = 0;
    MAP_EACH(&room->roster.tracks, at) {
        struct roster_track *info = at.value;
        if (((struct room_track *)info->owner)->is_asked)
            sids[count++] = slice_from(info->sid);
    }
    sfu_write_sync_state(&message, slice_from(room->offer), slice_from(room->answer), sids, count);
    room_send(room, &message);
    buf_free(&message);
    mem_free(sids);
}

static void track_miss(struct room *room, struct room_track *track, const char *why) {
    if (track->is_missed)
        return;
    track->is_missed = true;
    room->set.stats->missing++;
    room->handlers.on_missing(track, why, room->user);
}

void room_on_refused(struct room *room, struct slice sid, const char *why) {
    struct roster_track *info = roster_find_track(&room->roster, sid);
    if (info)
        track_miss(room, info->owner, why);
}

void room_look_for_missing(struct room *room) {
    int64_t now_ms = room_now_ms(room);
    if (room->course.phase != COURSE_OPEN)
        return;
    MAP_EACH(&room->roster.tracks, at) {
        struct roster_track *info = at.value;
        struct room_track *track = info->owner;
        if (track->is_asked && !track->has_section && now_ms - track->asked_ms >= MISSING_MS)
            track_miss(room, track, "LiveKit does not send it");
    }
}

/* ---- Offers ---- */

static struct room_section *section_get(struct room *room, struct slice mid) {
    struct room_section *section = map_find(&room->sections, mid);
    if (section)
        return section;
    section = mem_alloc(sizeof *section);
    section->sid = mem_copy_text("");
    map_set(&room->sections, mid, section);
    return section;
}

/* A track of which LiveKit has not told yet is taken, and known later; video of nobody's wish is
 * not. */
static bool room_wants(enum sdp_kind kind, struct slice mid, struct slice sid, void *user) {
    struct room *room = user;
    const struct roster_track *info = roster_find_track(&room->roster, sid);
    if (info ? !is_wanted(room, info) : kind != SDP_AUDIO)
        return false;
    struct room_section *section = section_get(room, mid);
    mem_free(section->next);
    section->next = slice_copy_text(sid);
    return true;
}

/* The sections as this offer has them. */
static void sections_take(struct room *room) {
    int64_t now_ms = room_now_ms(room);
    MAP_EACH(&room->roster.tracks, at) {
        struct room_track *track = ((struct roster_track *)at.value)->owner;
        if (track->has_section)
            track->asked_ms = now_ms;
        track->has_section = false;
    }
    MAP_EACH(&room->sections, at) {
        struct room_section *section = at.value;
        slice_replace_text(&section->sid, slice_from(section->next));
        mem_free(section->next);
        section->next = NULL;
        struct roster_track *info = roster_find_track(&room->roster, slice_from(section->sid));
        if (!info)
            continue;
        struct room_track *track = info->owner;
        track->has_section = true;
        if (track->is_missed)
            room->handlers.on_missing(track, NULL, room->user);
        track->is_missed = false;
    }
    forget_indices(room);
}

static void sections_drop(struct room *room) {
    MAP_EACH(&room->sections, at) {
        struct room_section *section = at.value;
        mem_free(section->next);
        section->next = NULL;
    }
}

void room_on_offer(struct room *room, struct slice sdp, uint32_t id) {
    const struct rtc_accept accept = {room_wants, room};
    struct buf answer = {0}, message = {0};
    const char *why = "there is no session";
    room->set.stats->offers++;
    if (room->peer && rtc_peer_offer(room->peer, sdp, &accept, &answer, &why) == 0) {
        sections_take(room);
        slice_replace_text(&room->offer, sdp);
        slice_replace_text(&room->answer, buf_slice(&answer));
        sfu_write_answer(&message, buf_slice(&answer), id);
        room_send(room, &message);
    } else {
        sections_drop(room);
        room->set.stats->bad_offers++;
        log_limited(LOG_WARN, SECTIONS_LOG_BURST, NULL, "room", "an offer cannot be answered",
                    log_text("room", room->name), log_text("why", why));
    }
    buf_free(&answer);
    buf_free(&message);
}

void room_on_candidate(struct room *room, struct slice json) {
    json_t *body = json_read(json);
    struct slice text = slice_from(json_string_value(json_object_get(body, "candidate")));
    if (room->peer && text.len)
        rtc_peer_add_candidate(room->peer, text);
    json_decref(body);
}

/* ---- The connection ---- */

static void peer_on_candidate(struct slice candidate, void *user) {
    struct room *room = user;
    struct buf json = {0}, message = {0};
    json_open(&json, NULL);
    json_add_text(&json, "candidate", candidate);
    json_add_text(&json, "sdpMid", SLICE("0"));
    json_add_uint(&json, "sdpMLineIndex", 0);
    json_close(&json);
    sfu_write_candidate(&message, buf_slice(&json), false);
    room_send(room, &message);
    buf_free(&json);
    buf_free(&message);
}

static void peer_on_state(enum rtc_state state, const char *why, void *user) {
    struct room *room = user;
    int64_t now_ms = room_now_ms(room);
    if (state == RTC_FAILED) {
        room->why = why;
        room->set.stats->losses[1]++;
        course_media_failed(&room->course, now_ms, rand_u64());
    } else if (state == RTC_CONNECTED || state == RTC_LOST) {
        course_media(&room->course, state == RTC_CONNECTED, now_ms);
    }
    room_changed(room);
}

static struct room_track *find_by_mid(const struct room *room, struct slice mid) {
    const struct room_section *section = map_find(&room->sections, mid);
    const struct roster_track *info =
        section ? roster_find_track(&room->roster, slice_from(section->sid)) : NULL;
    return info ? info->owner : NULL;
}

static struct room_track *find_by_index(struct room *room, unsigned index, struct slice mid) {
    if (index < room->index_count && room->by_index[index])
        return room->by_index[index];
    struct room_track *track = find_by_mid(room, mid);
    if (!track || index >= SDP_SECTIONS_MAX)
        return track;
    if (index >= room->index_count) {
        size_t count = index + 16;
        room->by_index = mem_resize(room->by_index, count * sizeof *room->by_index);
        for (size_t i = room->index_count; i < count; i++)
            room->by_index[i] = NULL;
        room->index_count = count;
    }
    room->by_index[index] = track;
    return track;
}

static void peer_on_packet(const struct rtc_packet *packet, void *user) {
    struct room *room = user;
    struct room_track *track = find_by_index(room, packet->section, packet->mid);
    if (track)
        room->handlers.on_packet(track, packet, room->user);
    else
        room->set.stats->unmapped++;
}

void room_media_open(struct room *room) {
    static const struct rtc_handlers handlers = {
        .on_state = peer_on_state,
        .on_candidate = peer_on_candidate,
        .on_packet = peer_on_packet,
    };
    struct rtc_settings set = {.identity = room->set.identity,
                               .server_address = slice_from(room->server_address)};
    room_media_close(room);
    MAP_EACH(&room->roster.tracks, at) {
        struct room_track *track = ((struct roster_track *)at.value)->owner;
        track->is_asked = track->has_section = track->is_missed = false;
    }
    int err = rtc_peer_open(&room->peer, room->set.loop, &set, &handlers, room);
    if (err) {
        log_limited(LOG_ERROR, SECTIONS_LOG_BURST, NULL, "room", "no socket for media",
                    log_text("room", room->name), log_errno(err));
        course_media_failed(&room->course, room_now_ms(room), rand_u64());
        room_changed(room);
    }
}

void room_add_stats(const struct room *room, struct room_stats *total) {
    struct rtc_stats stats;
    if (!room->peer)
        return;
    rtc_peer_stats(room->peer, &stats);
    total->packets += stats.packets;
    total->bytes += stats.bytes;
    total->lost += stats.lost;
    total->nacked += stats.nacked;
    total->foreign += stats.foreign + stats.bad_checks;
    total->bad_protection += stats.bad_protection;
    total->repeated += stats.repeated;
    total->unmapped += stats.unknown_source;
    total->malformed += stats.malformed + stats.too_long;
    total->overflowed += stats.overflowed;
}

void room_media_close(struct room *room) {
    room_add_stats(room, room->set.stats);
    rtc_peer_close(room->peer);
    room->peer = NULL;
    mem_free(room->offer);
    mem_free(room->answer);
    room->offer = room->answer = NULL;
    MAP_EACH(&room->sections, at) {
        struct room_section *section = at.value;
        mem_free(section->sid);
        mem_free(section->next);
        mem_free(section);
    }
    uint64_t seed = room->sections.seed;
    map_free(&room->sections);
    map_init(&room->sections, seed);
    forget_indices(room);
}

void room_drain(struct room *room) {
    if (room->peer)
        rtc_peer_drain(room->peer);
}

void room_nack(struct room *room, uint32_t ssrc, const uint16_t *seqs, size_t count) {
    if (room->peer)
        rtc_peer_nack(room->peer, ssrc, seqs, count);
}

void room_ask_key_frame(struct room *room, uint32_t ssrc) {
    if (room->peer)
        rtc_peer_ask_key_frame(room->peer, ssrc);
}
