#include "outside/room/sfu.h"

#include "base/macros.h"
#include "base/mem.h"

#include <sfu.pb-c.h>
#include <string.h>

enum { CHUNK_BYTES = 16 * 1024, ALIGNMENT = 16 };

/* ---- Memory of one message: freed at once, with an upper bound ---- */

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) char bytes[];
};

struct arena {
    struct chunk *chunks;
    size_t left;
};

static void *arena_take(struct arena *arena, size_t size) {
    size_t need = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (need < size || need > arena->left)
        return NULL;
    arena->left -= need;
    struct chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < need) {
        size_t room = need > CHUNK_BYTES ? need : CHUNK_BYTES;
        chunk = mem_alloc_raw(sizeof *chunk + room);
        *chunk = (struct chunk){.next = arena->chunks, .size = room};
        arena->chunks = chunk;
    }
    void *place = chunk->bytes + chunk->used;
    chunk->used += need;
    return place;
}

static void *arena_take_for_protobuf(void *arena, size_t size) {
    return arena_take(arena, size);
}

/* All of it is freed together. */
static void arena_give_back(void *arena, void *place) {
}

static void arena_free(struct arena *arena) {
    while (arena->chunks) {
        struct chunk *next = arena->chunks->next;
        mem_free(arena->chunks);
        arena->chunks = next;
    }
}

/* ---- Reading ---- */

struct reading {
    struct sfu_message message; /* first */
    struct arena arena;
};

static struct slice bytes_of(ProtobufCBinaryData data) {
    return slice_of(data.data, data.len);
}

static bool has_feature(const Pb__Track *track, int32_t feature) {
    for (size_t i = 0; i < track->n_audio_features; i++)
        if (track->audio_features[i] == feature)
            return true;
    return false;
}

static struct sfu_track read_track(const Pb__Track *track) {
    enum { STEREO, NO_DTX };
    return (struct sfu_track){
        .sid = bytes_of(track->sid),
        .name = bytes_of(track->name),
        .mime = bytes_of(track->mime_type),
        .kind = track->type,
        .source = track->source,
        .is_muted = track->muted,
        .is_encrypted = track->encryption != 0,
        .is_stereo = track->stereo || has_feature(track, STEREO),
        .has_no_dtx = track->disable_dtx || has_feature(track, NO_DTX),
    };
}

static bool read_person(struct arena *arena, const Pb__Participant *from,
                        struct sfu_person *person) {
    size_t count = from->n_tracks < SFU_TRACKS_MAX ? from->n_tracks : SFU_TRACKS_MAX;
    struct sfu_track *tracks = arena_take(arena, count * sizeof *tracks);
    if (!tracks)
        return false;
    for (size_t i = 0; i < count; i++)
        tracks[i] = read_track(from->tracks[i]);
    *person = (struct sfu_person){
        .sid = bytes_of(from->sid),
        .identity = bytes_of(from->identity),
        .name = bytes_of(from->name),
        .metadata = bytes_of(from->metadata),
        .state = from->state,
        .kind = from->kind,
        .version = from->version,
        .tracks = tracks,
        .track_count = count,
    };
    if (from->permission) {
        person->has_permission = true;
        person->may_subscribe = from->permission->can_subscribe;
        person->is_hidden = from->permission->hidden;
        person->is_recorder = from->permission->recorder;
        person->may_edit_metadata = from->permission->can_update_metadata;
    }
    return true;
}

static bool read_people(struct reading *reading, Pb__Participant *const *from, size_t count) {
    if (count > SFU_PEOPLE_MAX)
        count = SFU_PEOPLE_MAX;
    struct sfu_person *people = arena_take(&reading->arena, count * sizeof *people);
    if (!people)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_person(&reading->arena, from[i], &people[i]))
            return false;
    reading->message.people = people;
    reading->message.people_count = count;
    return true;
}

static bool is_relay_only(const Pb__ClientConfiguration *set) {
    enum { ENABLED = 2 };
    return set && set->force_relay == ENABLED;
}

static void read_room(struct sfu_message *message, const Pb__Room *room) {
    if (!room)
        return;
    message->room.sid = bytes_of(room->sid);
    message->room.name = bytes_of(room->name);
    message->room.metadata = bytes_of(room->metadata);
}

static bool read_join(struct reading *reading, const Pb__Join *join) {
    struct sfu_message *message = &reading->message;
    message->kind = SFU_JOIN;
    message->must_relay = is_relay_only(join->client_configuration);
    message->join.alternative_url = bytes_of(join->alternative_url);
    message->join.ping_interval_ms = join->ping_interval > 0 ? join->ping_interval * 1000LL : 0;
    message->join.ping_timeout_ms = join->ping_timeout > 0 ? join->ping_timeout * 1000LL : 0;
    if (join->participant) {
        message->join.sid = bytes_of(join->participant->sid);
        message->join.identity = bytes_of(join->participant->identity);
    }
    if (join->server_info)
        message->join.server_version = bytes_of(join->server_info->version);
    read_room(message, join->room);
    return read_people(reading, join->other_participants, join->n_other_participants);
}

/* Trickled candidates of the publisher's connection concern nobody: there is none. */
static void read_candidate(struct sfu_message *message, const Pb__Trickle *trickle) {
    enum { SUBSCRIBER = 1 };
    if (trickle->target != SUBSCRIBER)
        return;
    message->kind = SFU_CANDIDATE;
    message->candidate = bytes_of(trickle->candidate_init);
}

static void read_leave(struct sfu_message *message, const Pb__Leave *leave) {
    message->kind = SFU_LEAVE;
    message->leave.reason = leave->reason;
    message->leave.action = leave->action;
    size_t count = leave->regions ? leave->regions->n_regions : 0;
    if (count > SFU_REGIONS_MAX)
        count = SFU_REGIONS_MAX;
    for (size_t i = 0; i < count; i++)
        message->leave.regions[i] = bytes_of(leave->regions->regions[i]->url);
    message->leave.region_count = count;
}

/* The members of SignalResponse exclude each other; of several, which nothing sends, one counts. */
static bool read_response(struct reading *reading, const Pb__Response *from) {
    struct sfu_message *message = &reading->message;
    if (from->join)
        return read_join(reading, from->join);
    if (from->update) {
        message->kind = SFU_PEOPLE;
        return read_people(reading, from->update->participants, from->update->n_participants);
    }
    if (from->offer) {
        message->kind = SFU_OFFER;
        message->offer.sdp = bytes_of(from->offer->sdp);
        message->offer.id = from->offer->id;
    } else if (from->trickle) {
        read_candidate(message, from->trickle);
    } else if (from->leave) {
        read_leave(message, from->leave);
    } else if (from->reconnect) {
        message->kind = SFU_RECONNECT;
        message->must_relay = is_relay_only(from->reconnect->client_configuration);
    } else if (from->room_update) {
        message->kind = SFU_ROOM;
        read_room(message, from->room_update->room);
    } else if (from->pong_resp || from->pong) {
        message->kind = SFU_PONG;
        message->pong_ms = from->pong_resp ? from->pong_resp->last_ping_timestamp : 0;
    } else if (from->subscription_response) {
        message->kind = SFU_REFUSED;
        message->refused.track = bytes_of(from->subscription_response->track_sid);
        message->refused.fault = from->subscription_response->err;
    } else if (from->permission_update && !from->permission_update->allowed) {
        message->kind = SFU_FORBIDDEN;
        message->refused.track = bytes_of(from->permission_update->track_sid);
    }
    return true;
}

struct sfu_message *sfu_read(struct slice bytes) {
    if (bytes.len > SFU_MESSAGE_MAX)
        return NULL;
    struct reading *reading = mem_alloc(sizeof *reading);
    reading->arena.left = bytes.len * SFU_MEMORY_FACTOR + CHUNK_BYTES;
    ProtobufCAllocator allocator = {arena_take_for_protobuf, arena_give_back, &reading->arena};
    const Pb__Response *response =
        pb__response__unpack(&allocator, bytes.len, (const uint8_t *)bytes.ptr);
    if (!response || !read_response(reading, response)) {
        sfu_free(&reading->message);
        return NULL;
    }
    return &reading->message;
}

void sfu_free(struct sfu_message *message) {
    if (!message)
        return;
    struct reading *reading = CONTAINER_OF(message, struct reading, message);
    arena_free(&reading->arena);
    mem_free(reading);
}

const char *sfu_reason_name(int32_t reason) {
    static const char *const names[] = {
        "unknown",       "client_initiated",  "duplicate_identity", "server_shutdown",
        "removed",       "room_deleted",      "state_mismatch",     "join_failure",
        "migration",     "sfu_close",         "room_closed",        "user_unavailable",
        "user_rejected", "sip_trunk_failure", "connection_timeout", "media_failure",
        "agent_error",
    };
    return reason >= 0 && (size_t)reason < ARRAY_LEN(names) ? names[reason] : "other";
}

/* ---- Writing ---- */

static ProtobufCBinaryData data_of(struct slice s) {
    /* protobuf-c has no constant bytes; it only reads these. */
    union {
        const char *from;
        uint8_t *to;
    } bytes = {s.ptr};
    return (ProtobufCBinaryData){s.len, bytes.to};
}

static void write_request(struct buf *out, const Pb__Request *request) {
    size_t size = pb__request__get_packed_size(request);
    pb__request__pack(request, (uint8_t *)buf_reserve(out, size));
    out->len += size;
}

void sfu_write_answer(struct buf *out, struct slice sdp, uint32_t offer_id) {
    Pb__SessionDescription answer = PB__SESSION_DESCRIPTION__INIT;
    answer.type = data_of(SLICE("answer"));
    answer.sdp = data_of(sdp);
    answer.id = offer_id;
    Pb__Request request = PB__REQUEST__INIT;
    request.answer = &answer;
    write_request(out, &request);
}

void sfu_write_candidate(struct buf *out, struct slice json, bool is_last) {
    enum { SUBSCRIBER = 1 };
    Pb__Trickle trickle = PB__TRICKLE__INIT;
    trickle.candidate_init = data_of(json);
    trickle.target = SUBSCRIBER;
    trickle.final = is_last;
    Pb__Request request = PB__REQUEST__INIT;
    request.trickle = &trickle;
    write_request(out, &request);
}

static ProtobufCBinaryData *list_of(const struct slice *sids, size_t count) {
    ProtobufCBinaryData *list = mem_alloc_array(count, sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = data_of(sids[i]);
    return list;
}

void sfu_write_subscription(struct buf *out, const struct slice *sids, size_t count, bool wants) {
    ProtobufCBinaryData *list = list_of(sids, count);
    Pb__UpdateSubscription subscription = PB__UPDATE_SUBSCRIPTION__INIT;
    subscription.track_sids = list;
    subscription.n_track_sids = count;
    subscription.subscribe = wants;
    Pb__Request request = PB__REQUEST__INIT;
    request.subscription = &subscription;
    write_request(out, &request);
    mem_free(list);
}

void sfu_write_sync_state(struct buf *out, struct slice offer, struct slice answer,
                          const struct slice *sids, size_t count) {
    ProtobufCBinaryData *list = list_of(sids, count);
    Pb__UpdateSubscription subscription = PB__UPDATE_SUBSCRIPTION__INIT;
    subscription.track_sids = list;
    subscription.n_track_sids = count;
    subscription.subscribe = true;
    Pb__SessionDescription theirs = PB__SESSION_DESCRIPTION__INIT;
    theirs.type = data_of(SLICE("offer"));
    theirs.sdp = data_of(offer);
    Pb__SessionDescription ours = PB__SESSION_DESCRIPTION__INIT;
    ours.type = data_of(SLICE("answer"));
    ours.sdp = data_of(answer);
    Pb__SyncState state = PB__SYNC_STATE__INIT;
    state.subscription = &subscription;
    if (offer.len && answer.len) {
        state.offer = &theirs;
        state.answer = &ours;
    }
    Pb__Request request = PB__REQUEST__INIT;
    request.sync_state = &state;
    write_request(out, &request);
    mem_free(list);
}

void sfu_write_ping(struct buf *out, int64_t now_ms, int64_t rtt_ms) {
    Pb__Ping ping = PB__PING__INIT;
    ping.timestamp = now_ms;
    ping.rtt = rtt_ms;
    Pb__Request request = PB__REQUEST__INIT;
    request.ping_req = &ping;
    write_request(out, &request);
}

void sfu_write_leave(struct buf *out) {
    Pb__Leave leave = PB__LEAVE__INIT;
    leave.reason = SFU_CLIENT_LEFT;
    leave.action = SFU_DISCONNECT;
    Pb__Request request = PB__REQUEST__INIT;
    request.leave = &leave;
    write_request(out, &request);
}
