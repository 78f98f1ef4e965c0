#include "app/media/joined_room.h"

#include "app/media/packet_track.h"
#include "app/media/packet_video.h"
#include "app/media/track.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "outside/livekit/livekit_info.h"

enum {
    ALONE_MS = 2000,      /* a page that is loaded anew is back by then */
    IDLE_AFTER_MS = 2000, /* without a packet a room is idle */
    IDLE_LOOK_MS = 200    /* how often an idle one is drained */
};

static void tell(const struct joined_room *joined, struct shard_room_event event) {
    struct shard_core *core = joined->meeting->core;
    event.meeting_key = joined->meeting->key;
    core->on_room(&event, core->user);
}

static void finish(struct joined_room *joined, enum course_end end, bool is_alone,
                   enum track_end tracks_end) {
    packet_tracks_close(joined->meeting, tracks_end);
    packet_videos_close(&joined->videos, tracks_end);
    tell(joined,
         (struct shard_room_event){.news = SHARD_ROOM_ENDED, .end = end, .is_alone = is_alone});
    room_close(joined->room);
    joined->meeting->room = NULL;
    list_remove(&joined->in_core);
    mem_free(joined->name);
    mem_free(joined);
}

/* ---- People ---- */

static void look_who_is_there(struct joined_room *joined) {
    bool is_alone = joined->is_in && room_count_people(joined->room) == 0;
    if (!is_alone)
        joined->alone_ms = 0;
    else if (!joined->alone_ms)
        joined->alone_ms = joined->meeting->core->now_ms;
}

static void hear(struct joined_room *joined, const struct person_news *news) {
    live_meeting_hear_news(joined->meeting, news);
    tracks_hear_news(joined->meeting, news);
    if (news->name.len)
        tracks_rename(joined->meeting);
}

static void joined_on_person(const struct roster_person *from, bool is_here, void *user) {
    struct joined_room *joined = user;
    struct livekit_person person;
    livekit_read_person(&person, slice_from(from->metadata));
    const struct person_news news = {
        .identity = slice_from(from->identity),
        .name = person.name.len ? person.name : slice_trim(slice_from(from->name)),
        .has_role = is_here,
        .is_host = person.is_host && !from->may_edit_metadata,
        .presence = is_here && from->is_standard ? PRESENCE_HERE : PRESENCE_AWAY,
    };
    hear(joined, &news);
    json_decref(person.document);
}

/* ---- Tracks ---- */

static void joined_on_missed(uint32_t ssrc, const uint16_t *seqs, size_t count, void *user) {
    struct joined_room *joined = user;
    room_nack(joined->room, ssrc, seqs, count);
}

static enum sdp_codec codec_of(const struct roster_track *info) {
    struct slice mime = slice_from(info->mime);
    return slice_is_equal_nocase(mime, SLICE("audio/pcmu"))   ? SDP_PCMU
           : slice_is_equal_nocase(mime, SLICE("audio/pcma")) ? SDP_PCMA
                                                              : SDP_OPUS;
}

static struct track *audio_open(struct joined_room *joined, const struct roster_track *info) {
    const struct packet_track_settings settings = {
        .live = joined->meeting,
        .about = {.room = slice_from(joined->name),
                  .identity = slice_from(info->person->identity),
                  .sid = slice_from(info->sid),
                  .codec = codec_of(info),
                  .is_voice = info->source != SFU_SCREEN_AUDIO,
                  .is_stereo = info->is_stereo,
                  .has_dtx = !info->has_no_dtx,
                  .is_muted = info->is_muted,
                  .is_encrypted = info->is_encrypted},
        .on_missing = joined_on_missed,
        .user = joined,
    };
    joined->meeting->core->now_ms = clock_mono_ms();
    return packet_track_open(&settings);
}

static void joined_on_key_frame(uint32_t ssrc, void *user) {
    struct joined_room *joined = user;
    room_ask_key_frame(joined->room, ssrc);
}

static void video_take(struct joined_room *joined, struct room_track *track,
                       const struct rtc_packet *packet) {
    const struct roster_track *info = track->info;
    const struct packet_video_settings settings = {
        .live = joined->meeting,
        .siblings = &joined->videos,
        .room = slice_from(joined->name),
        .identity = slice_from(info->person->identity),
        .sid = slice_from(info->sid),
        .codec = packet->codec,
        .on_missing = joined_on_missed,
        .on_key_frame = joined_on_key_frame,
        .user = joined,
    };
    bool is_video =
        packet->codec == SDP_VP8 || packet->codec == SDP_VP9 || packet->codec == SDP_H264;
    if (info->is_encrypted || !is_video || joined->meeting->is_unrecorded)
        return;
    if (!track->owner)
        track->owner = packet_video_open(&settings);
    packet_video_take(track->owner, packet);
}

static void joined_on_track(struct room_track *track, void *user) {
    struct joined_room *joined = user;
    const struct roster_track *info = track->info;
    if (info->kind != SFU_AUDIO || info->person->kind == SFU_AGENT)
        return;
    bool is_known = track->owner;
    if (!is_known)
        track->owner = audio_open(joined, info);
    packet_track_set_encrypted(track->owner, info->is_encrypted);
    const struct person_news news = {
        .identity = slice_from(info->person->identity),
        .track = slice_from(info->sid),
        .track_news = info->is_muted ? TRACK_MUTED : TRACK_UNMUTED,
    };
    if (info->is_encrypted || is_known)
        tell(joined, (struct shard_room_event){.news = info->is_encrypted ? SHARD_ROOM_ENCRYPTED
                                                                          : SHARD_ROOM_HEARD,
                                               .identity = news.identity,
                                               .track = news.track});
    hear(joined, &news);
}

static void joined_on_track_gone(struct room_track *track, void *user) {
    struct joined_room *joined = user;
    const struct person_news news = {
        .identity = slice_from(track->info->person->identity),
        .track = slice_from(track->info->sid),
        .track_news = TRACK_GONE,
    };
    if (!track->owner)
        return;
    if (track->info->kind == SFU_VIDEO) {
        packet_video_close(track->owner, TRACK_END_CLOSED);
        track->owner = NULL;
        return;
    }
    hear(joined, &news);
    packet_track_close(track->owner, TRACK_END_CLOSED);
    track->owner = NULL;
}

static void joined_on_missing(struct room_track *track, const char *why, void *user) {
    tell(user, (struct shard_room_event){.news = why ? SHARD_ROOM_MISSING : SHARD_ROOM_HEARD,
                                         .identity = slice_from(track->info->person->identity),
                                         .track = slice_from(track->info->sid),
                                         .text = slice_from(why)});
}

static void joined_on_packet(struct room_track *track, const struct rtc_packet *packet,
                             void *user) {
    struct joined_room *joined = user;
    joined->heard_ms = joined->meeting->core->now_ms;
    if (track->info->kind == SFU_VIDEO)
        video_take(joined, track, packet);
    else if (track->owner)
        packet_track_take(track->owner, packet);
}

/* ---- The session ---- */

static void joined_on_need(bool is_resume, void *user) {
    tell(user, (struct shard_room_event){.news = SHARD_ROOM_NEEDS_TICKET, .is_resume = is_resume});
}

static void joined_on_joined(bool is_resumed, void *user) {
    struct joined_room *joined = user;
    joined->is_in = true;
    tell(joined, (struct shard_room_event){.news = SHARD_ROOM_JOINED, .is_resume = is_resumed});
}

static void joined_on_lost(void *user) {
    struct joined_room *joined = user;
    joined->is_in = false; /* until it is back, nobody can be told as gone */
}

static void joined_on_metadata(struct slice metadata, void *user) {
    tell(user, (struct shard_room_event){.news = SHARD_ROOM_METADATA, .text = metadata});
}

static void joined_on_end(enum course_end end, void *user) {
    finish(user, end, false, TRACK_END_LOST);
}

void joined_room_open(struct live_meeting *live, const struct shard_ticket *ticket) {
    static const struct room_handlers handlers = {
        .on_need = joined_on_need,
        .on_joined = joined_on_joined,
        .on_lost = joined_on_lost,
        .on_person = joined_on_person,
        .on_track = joined_on_track,
        .on_track_gone = joined_on_track_gone,
        .on_missing = joined_on_missing,
        .on_packet = joined_on_packet,
        .on_metadata = joined_on_metadata,
        .on_end = joined_on_end,
    };
    struct shard_core *core = live->core;
    const struct room_settings set = {
        .loop = core->loop,
        .identity = core->settings->identity,
        .tls = core->settings->livekit_tls,
        .name = ticket->room,
        .takes_video = core->settings->join_records_video && !live->is_unrecorded,
        .stats = &core->stats.room,
    };
    struct joined_room *joined = mem_alloc(sizeof *joined);
    joined->meeting = live;
    list_init(&joined->videos);
    joined->name = slice_copy_text(ticket->room);
    joined->room = room_open(&set, &handlers, joined);
    live->room = joined;
    list_add(&core->rooms, &joined->in_core);
    room_attempt(joined->room, &ticket->sfu);
}

void joined_room_attempt(struct joined_room *joined, const struct room_ticket *ticket) {
    room_attempt(joined->room, ticket);
}

/* A room that has brought nothing for a while is drained less often. */
static bool is_due(const struct joined_room *joined, int64_t now_ms) {
    return now_ms - joined->heard_ms < IDLE_AFTER_MS || now_ms - joined->looked_ms >= IDLE_LOOK_MS;
}

void joined_room_drain(struct joined_room *joined) {
    int64_t now_ms = joined->meeting->core->now_ms;
    if (!is_due(joined, now_ms))
        return;
    joined->looked_ms = now_ms;
    room_drain(joined->room);
    look_who_is_there(joined);
    if (joined->alone_ms && now_ms - joined->alone_ms >= ALONE_MS)
        finish(joined, COURSE_ENDED_NOT, true, TRACK_END_CLOSED);
}

void joined_room_close(struct joined_room *joined) {
    finish(joined, COURSE_ENDED_NOT, false, TRACK_END_DRAINED);
}

void joined_rooms_add_stats(const struct shard_core *core, struct room_stats *total) {
    LIST_EACH(&core->rooms, node)
        room_add_stats(CONTAINER_OF(node, struct joined_room, in_core)->room, total);
}
