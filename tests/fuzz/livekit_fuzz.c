/* LiveKit's answers and webhooks: whatever is in them, texts lie in the document, times are no
 * overflow, and enums are known values. */
#include "outside/livekit/livekit_info.h"
#include "wire/web/json_read.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_room(const json_t *json) {
    struct livekit_room room;
    livekit_read_room(&room, json);
    assert(room.created_ms >= 0);
}

static void check_track(const json_t *json) {
    struct livekit_track track;
    livekit_read_track(&track, json);
    assert(track.type <= TRACK_TYPE_DATA && track.source.len > 0);
    assert(!livekit_track_is_audio(&track) || (track.sid.len > 0 && !track.is_encrypted));
}

static void check_participant(const json_t *json) {
    struct livekit_participant person;
    struct livekit_person about;
    size_t i;
    json_t *track;
    livekit_read_participant(&person, json);
    assert(person.kind <= KIND_OTHER && person.joined_ms >= 0);
    assert(!livekit_is_person(&person) || !livekit_is_service(&person));
    json_array_foreach(person.tracks, i, track)
        check_track(track);
    livekit_read_person(&about, person.metadata);
    json_decref(about.document);
}

static void check_egress(const json_t *json) {
    struct livekit_egress egress;
    livekit_read_egress(&egress, json);
    assert(egress.status <= EGRESS_LIMIT_REACHED);
}

static void check_all(const json_t *list, void (*check)(const json_t *)) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
        check(item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *answer = json_read(slice_of(data, size));
    livekit_read_next_page(answer);
    check_room(json_object_get(answer, "room"));
    check_track(json_object_get(answer, "track"));
    check_participant(json_object_get(answer, "participant"));
    check_egress(json_object_get(answer, "egressInfo"));
    check_room(answer);
    check_participant(answer);
    check_egress(answer);
    check_all(json_object_get(answer, "rooms"), check_room);
    check_all(json_object_get(answer, "participants"), check_participant);
    check_all(json_object_get(answer, "items"), check_egress);
    json_decref(answer);
    return 0;
}
