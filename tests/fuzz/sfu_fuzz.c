/* LiveKit's messages: whatever the bytes, what is read lies within its bounds, and a roster that takes it holds together. */
#include "outside/room/roster.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned char seen;

static void touch(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        seen ^= (unsigned char)s.ptr[i];
}

struct count {
    long people, tracks;
};

static void on_person(const struct roster_person *person, void *user) {
    assert(person->sid[0] && person->identity[0]);
}

static void on_person_gone(const struct roster_person *person, void *user) {
    assert(person->tracks.len == 0);
}

static void on_track(struct roster_track *track, void *user) {
    struct count *count = user;
    if (!track->owner)
        count->tracks++;
    track->owner = track;
}

static void on_track_gone(struct roster_track *track, void *user) {
    struct count *count = user;
    assert(track->owner == track);
    count->tracks--;
}

static void check_people(const struct sfu_message *message) {
    assert(message->people_count <= SFU_PEOPLE_MAX);
    for (size_t i = 0; i < message->people_count; i++) {
        const struct sfu_person *person = &message->people[i];
        touch(person->sid);
        touch(person->metadata);
        assert(person->track_count <= SFU_TRACKS_MAX);
        for (size_t j = 0; j < person->track_count; j++)
            touch(person->tracks[j].sid);
    }
}

static void check(const struct sfu_message *message) {
    check_people(message);
    touch(message->offer.sdp);
    touch(message->candidate);
    touch(message->join.alternative_url);
    touch(message->room.metadata);
    assert(message->leave.region_count <= SFU_REGIONS_MAX);
    for (size_t i = 0; i < message->leave.region_count; i++)
        touch(message->leave.regions[i]);
    assert(sfu_reason_name(message->leave.reason)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct roster_handlers handlers = {on_person, on_person_gone, on_track,
                                                    on_track_gone};
    struct count count = {0};
    struct roster roster;
    roster_init(&roster, 1, &handlers, &count);
    /* The message twice, the second time cut in half, as a change of the first. */
    for (int i = 0; i < 2; i++) {
        struct sfu_message *message = sfu_read(slice_of(data, i ? size / 2 : size));
        if (!message)
            continue;
        check(message);
        roster_take(&roster, message->people, message->people_count, message->kind == SFU_JOIN);
        assert((long)roster.tracks.len == count.tracks && roster.keepers <= roster.people.len);
        sfu_free(message);
    }
    roster_free(&roster);
    return 0;
}
