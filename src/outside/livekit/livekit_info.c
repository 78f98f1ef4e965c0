#include "outside/livekit/livekit_info.h"

#include "base/macros.h"
#include "wire/web/json_read.h"

#include <ctype.h>
#include <string.h>

/* The member under its name in lowerCamelCase, or else in snake_case. */
static const json_t *member(const json_t *object, const char *camel) {
    const json_t *value = json_object_get(object, camel);
    if (value)
        return value;
    char snake[48];
    size_t len = 0;
    for (const char *c = camel; *c && len + 2 < sizeof snake; c++) {
        if (isupper((unsigned char)*c))
            snake[len++] = '_';
        snake[len++] = (char)tolower((unsigned char)*c);
    }
    snake[len] = 0;
    return json_object_get(object, snake);
}

static struct slice text_of(const json_t *value) {
    return json_is_string(value) ? slice_of(json_string_value(value), json_string_length(value))
                                 : SLICE_NONE;
}

static struct slice text(const json_t *object, const char *name) {
    return text_of(member(object, name));
}

static bool flag(const json_t *object, const char *name) {
    return json_is_true(member(object, name));
}

/* protojson writes int64 as text, others write a number. 0 for anything else. */
static int64_t integer(const json_t *object, const char *name) {
    const json_t *value = member(object, name);
    if (json_is_integer(value))
        return json_integer_value(value);
    uint64_t number;
    return slice_to_uint(text_of(value), INT64_MAX, &number) ? (int64_t)number : 0;
}

/* The field in milliseconds where the server sends it, else the one in seconds. */
static int64_t time_ms(const json_t *object, const char *seconds, const char *millis) {
    int64_t fine = integer(object, millis), coarse = integer(object, seconds);
    return fine > 0 ? fine : coarse > 0 && coarse < INT64_MAX / 1000 ? coarse * 1000 : 0;
}

/* The index in `names` of an enum's value: 0 when it is missing, `count` when it is unknown. */
static int choice_of(const json_t *value, const char *const *names, int count) {
    if (!value || json_is_null(value))
        return 0;
    if (json_is_integer(value))
        return json_integer_value(value) >= 0 && json_integer_value(value) < count
                   ? (int)json_integer_value(value)
                   : count;
    for (int i = 0; i < count; i++)
        if (slice_is_equal_nocase(text_of(value), slice_from(names[i])))
            return i;
    return count;
}

#define CHOICE(object, name, names) choice_of(member(object, name), names, (int)ARRAY_LEN(names))

void livekit_read_room(struct livekit_room *room, const json_t *json) {
    *room = (struct livekit_room){
        .sid = text(json, "sid"),
        .name = text(json, "name"),
        .metadata = text(json, "metadata"),
        .created_ms = time_ms(json, "creationTime", "creationTimeMs"),
    };
}

void livekit_read_participant(struct livekit_participant *p, const json_t *json) {
    static const char *const kinds[] = {"STANDARD", "INGRESS", "EGRESS", "SIP", "AGENT"};
    static const char *const states[] = {"JOINING", "JOINED", "ACTIVE", "DISCONNECTED"};
    const json_t *permission = member(json, "permission");
    const json_t *tracks = member(json, "tracks");
    *p = (struct livekit_participant){
        .sid = text(json, "sid"),
        .identity = text(json, "identity"),
        .name = text(json, "name"),
        .metadata = text(json, "metadata"),
        .kind = (enum livekit_kind)CHOICE(json, "kind", kinds),
        .joined_ms = time_ms(json, "joinedAt", "joinedAtMs"),
        .is_disconnected = CHOICE(json, "state", states) == 3,
        .may_edit_metadata =
            flag(permission, "canUpdateMetadata") || flag(permission, "canUpdateOwnMetadata"),
        .is_hidden = flag(permission, "hidden"),
        .is_recorder = flag(permission, "recorder"),
        .is_agent = flag(permission, "agent"),
        .tracks = json_is_array(tracks) ? tracks : NULL,
    };
}

/* Clients of the old backend make webhooks of their own, in lower case and without the type. */
void livekit_read_track(struct livekit_track *track, const json_t *json) {
    static const char *const types[] = {"AUDIO", "VIDEO", "DATA"};
    static const char *const sources[] = {"UNKNOWN", "CAMERA", "MICROPHONE", "SCREEN_SHARE",
                                          "SCREEN_SHARE_AUDIO"};
    static const char *const ciphers[] = {"NONE"};
    static const char *const features[] = {"TF_STEREO", "TF_NO_DTX"};
    int source = CHOICE(json, "source", sources);
    int type = CHOICE(json, "type", types);
    *track = (struct livekit_track){
        .sid = text(json, "sid"),
        .name = text(json, "name"),
        .mime = text(json, "mimeType"),
        .source = slice_from(source < (int)ARRAY_LEN(sources) ? sources[source] : "UNKNOWN"),
        .type = (enum livekit_track_type)(type < TRACK_TYPE_DATA ? type : TRACK_TYPE_DATA),
        .is_muted = flag(json, "muted"),
        .is_encrypted = CHOICE(json, "encryption", ciphers) != 0,
        .is_stereo = flag(json, "stereo"),
    };
    size_t i;
    json_t *feature;
    json_array_foreach(member(json, "audioFeatures"), i, feature) {
        int which = choice_of(feature, features, (int)ARRAY_LEN(features));
        track->is_stereo |= which == 0;
        track->has_no_dtx |= which == 1;
    }
}

static void read_track_request(struct livekit_egress *egress, const json_t *json) {
    const json_t *request = member(json, "track");
    egress->track_sid = text(request, "trackId");
    egress->url = text(request, "websocketUrl");
    if (!egress->url.len && egress->track_sid.len)
        egress->url = text(json_array_get(member(json, "streamResults"), 0), "url");
}

void livekit_read_egress(struct livekit_egress *egress, const json_t *json) {
    static const char *const states[] = {"EGRESS_STARTING",     "EGRESS_ACTIVE", "EGRESS_ENDING",
                                         "EGRESS_COMPLETE",     "EGRESS_FAILED", "EGRESS_ABORTED",
                                         "EGRESS_LIMIT_REACHED"};
    int status = CHOICE(json, "status", states);
    *egress = (struct livekit_egress){
        .id = text(json, "egressId"),
        .room_sid = text(json, "roomId"),
        .room_name = text(json, "roomName"),
        .error = text(json, "error"),
        .details = text(json, "details"),
        .status =
            (enum livekit_egress_status)(status <= EGRESS_LIMIT_REACHED ? status : EGRESS_FAILED),
        .started_ms = integer(json, "startedAt") / 1000000,
        .updated_ms = integer(json, "updatedAt") / 1000000,
        .error_code = (int)integer(json, "errorCode"),
    };
    read_track_request(egress, json);
}

/* LiveKit writes {"token":"..."}. */
struct slice livekit_read_next_page(const json_t *answer) {
    const json_t *page = member(answer, "nextPageToken");
    return json_is_object(page) ? text(page, "token") : text_of(page);
}

bool livekit_track_is_audio(const struct livekit_track *track) {
    if (track->type != TRACK_TYPE_AUDIO || track->is_encrypted || !track->sid.len)
        return false;
    /* Clients of the old backend leave the type out of video, too. */
    return !slice_is_equal(track->source, SLICE("CAMERA")) &&
           !slice_is_equal(track->source, SLICE("SCREEN_SHARE")) &&
           !slice_has_prefix_nocase(track->mime, SLICE("video/"));
}

bool livekit_is_service(const struct livekit_participant *p) {
    return p->kind == KIND_EGRESS || p->kind == KIND_AGENT || p->is_recorder || p->is_agent;
}

bool livekit_is_recorder(const struct livekit_participant *p) {
    return p->kind == KIND_EGRESS || (p->is_recorder && p->is_hidden);
}

bool livekit_is_person(const struct livekit_participant *p) {
    return (p->kind == KIND_STANDARD || p->kind == KIND_SIP) && !p->is_hidden &&
           !livekit_is_service(p);
}

static bool names_host(const json_t *metadata) {
    if (slice_is_equal_nocase(text(metadata, "role"), SLICE("host")) || flag(metadata, "isHost"))
        return true;
    size_t i;
    json_t *role;
    json_array_foreach(json_object_get(metadata, "roles"), i, role) {
        if (slice_is_equal_nocase(text_of(role), SLICE("host")))
            return true;
    }
    return false;
}

void livekit_read_person(struct livekit_person *person, struct slice metadata) {
    static const char *const keys[] = {"name", "displayName", "participantName"};
    *person = (struct livekit_person){0};
    person->document = json_read(metadata);
    if (!json_is_object(person->document))
        return;
    person->is_host = names_host(person->document);
    for (size_t i = 0; i < ARRAY_LEN(keys) && !person->name.len; i++)
        person->name = slice_trim(text(person->document, keys[i]));
}
