/*
 * LiveKit's JSON about rooms, participants, tracks and egresses. Webhooks write lowerCamelCase and
 * leave out default values; the API writes snake_case with all of them. Enums come as names or as
 * numbers, 64-bit integers as text or as numbers. All these forms are accepted.
 *
 * Texts borrow from the JSON value; a missing one is empty.
 */
#ifndef OUTSIDE_LIVEKIT_INFO_H
#define OUTSIDE_LIVEKIT_INFO_H

#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct livekit_room {
    struct slice sid, name, metadata;
    int64_t created_ms; /* Unix time; 0: unknown */
};

enum livekit_kind { KIND_STANDARD, KIND_INGRESS, KIND_EGRESS, KIND_SIP, KIND_AGENT, KIND_OTHER };

struct livekit_participant {
    struct slice sid, identity, name, metadata;
    enum livekit_kind kind;
    int64_t joined_ms;
    bool is_disconnected;
    bool may_edit_metadata; /* the participant, so the metadata is not to be trusted */
    bool is_hidden, is_recorder, is_agent;
    const json_t *tracks; /* array or NULL */
};

enum livekit_track_type { TRACK_TYPE_AUDIO, TRACK_TYPE_VIDEO, TRACK_TYPE_DATA };

struct livekit_track {
    struct slice sid, name, mime;
    struct slice source; /* "MICROPHONE", "SCREEN_SHARE_AUDIO", ...; "UNKNOWN" when left out */
    enum livekit_track_type type;
    bool is_muted;
    bool is_encrypted; /* end to end: an egress of it would be noise */
    bool has_no_dtx;   /* TF_NO_DTX among its audio features */
    bool is_stereo;    /* by its own word, or TF_STEREO among its audio features */
};

enum livekit_egress_status {
    EGRESS_STARTING,
    EGRESS_ACTIVE,
    EGRESS_ENDING,
    EGRESS_COMPLETE,
    EGRESS_FAILED,
    EGRESS_ABORTED,
    EGRESS_LIMIT_REACHED
};

struct livekit_egress {
    struct slice id, room_sid, room_name, error, details;
    struct slice track_sid, url; /* of a track egress to a WebSocket; empty for others */
    enum livekit_egress_status status;
    int64_t started_ms, updated_ms;
    int error_code;
};

void livekit_read_room(struct livekit_room *room, const json_t *json);
void livekit_read_participant(struct livekit_participant *p, const json_t *json);
void livekit_read_track(struct livekit_track *track, const json_t *json);
void livekit_read_egress(struct livekit_egress *egress, const json_t *json);

/* Names the next page of a list; empty after the last. */
struct slice livekit_read_next_page(const json_t *answer);

/* Whether the track can be recorded: audio, not encrypted. */
bool livekit_track_is_audio(const struct livekit_track *track);

/* An egress worker, a recorder or an agent, which is not counted as a participant. */
bool livekit_is_service(const struct livekit_participant *p);

/* A hidden recorder, such as an egress worker or Prosa itself. */
bool livekit_is_recorder(const struct livekit_participant *p);

/* Somebody who meets others: in the room by a client or by telephone, and not hidden. */
bool livekit_is_person(const struct livekit_participant *p);

/* Role and display name from a participant's metadata, which is free text and may be JSON. */
struct livekit_person {
    bool is_host;
    struct slice name; /* trimmed, "" when the metadata has none; borrows from `document` */
    json_t *document;  /* the caller owns it; may be NULL */
};
void livekit_read_person(struct livekit_person *person, struct slice metadata);

#endif
