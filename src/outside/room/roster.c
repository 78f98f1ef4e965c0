#include "outside/room/roster.h"

#include "base/mem.h"
#include "base/text.h"

void roster_init(struct roster *roster, uint64_t seed, const struct roster_handlers *handlers,
                 void *user) {
    *roster = (struct roster){.handlers = *handlers, .user = user};
    map_init(&roster->people, seed);
    map_init(&roster->by_identity, seed);
    map_init(&roster->tracks, seed);
}

/* ---- Tracks ---- */

static void track_free(struct roster_track *track) {
    mem_free(track->sid);
    mem_free(track->name);
    mem_free(track->mime);
    mem_free(track);
}

static void track_remove(struct roster *roster, struct roster_track *track) {
    map_remove(&roster->tracks, slice_from(track->sid));
    map_remove(&track->person->tracks, slice_from(track->sid));
    roster->handlers.on_track_gone(track, roster->user);
    track_free(track);
}

/* True when it is another text now. */
static bool set_text(char **text, struct slice value) {
    if (*text && slice_is_equal(slice_from(*text), value))
        return false;
    slice_replace_text(text, value);
    return true;
}

static bool set_flag(bool *flag, bool value) {
    bool is_new = *flag != value;
    *flag = value;
    return is_new;
}

static bool set_number(int32_t *number, int32_t value) {
    bool is_new = *number != value;
    *number = value;
    return is_new;
}

static bool is_sid(struct slice sid) {
    return text_is_identity(sid, ROSTER_NAME_MAX);
}

/* Names may hold anything; what cannot be a name is none. */
static struct slice name_of(struct slice name) {
    return text_is_identity(name, ROSTER_NAME_MAX) ? name : SLICE_NONE;
}

static void track_take(struct roster *roster, struct roster_person *person,
                       const struct sfu_track *from) {
    if (!is_sid(from->sid))
        return;
    struct roster_track *track = roster_find_track(roster, from->sid);
    if (track && track->person != person)
        return; /* a sid is one participant's */
    bool is_new = !track;
    if (is_new) {
        track = mem_alloc(sizeof *track);
        track->person = person;
        track->sid = slice_copy_text(from->sid);
        map_set(&roster->tracks, from->sid, track);
        map_set(&person->tracks, from->sid, track);
    }
    is_new |= set_text(&track->name, name_of(from->name));
    is_new |= set_text(&track->mime, name_of(from->mime));
    is_new |= set_number(&track->kind, from->kind);
    is_new |= set_number(&track->source, from->source);
    is_new |= set_flag(&track->is_muted, from->is_muted);
    is_new |= set_flag(&track->is_encrypted, from->is_encrypted);
    is_new |= set_flag(&track->is_stereo, from->is_stereo);
    is_new |= set_flag(&track->has_no_dtx, from->has_no_dtx);
    track->is_listed = true;
    if (is_new)
        roster->handlers.on_track(track, roster->user);
}

/* ---- People ---- */

static void person_free(struct roster_person *person) {
    map_free(&person->tracks);
    mem_free(person->sid);
    mem_free(person->identity);
    mem_free(person->name);
    mem_free(person->metadata);
    mem_free(person);
}

static uint64_t hash_of(const struct roster *roster, struct slice sid) {
    return map_hash(roster->people.seed, sid);
}

static void person_remove(struct roster *roster, struct roster_person *person) {
    MAP_EACH(&person->tracks, at)
        track_remove(roster, at.value);
    roster->gone[roster->gone_next++ % ROSTER_GONE_MAX] = hash_of(roster, slice_from(person->sid));
    map_remove(&roster->people, slice_from(person->sid));
    if (map_find(&roster->by_identity, slice_from(person->identity)) == person)
        map_remove(&roster->by_identity, slice_from(person->identity));
    roster->keepers -= person->keeps_room;
    roster->handlers.on_person_gone(person, roster->user);
    person_free(person);
}

static bool has_gone(const struct roster *roster, struct slice sid) {
    uint64_t hash = hash_of(roster, sid);
    for (unsigned i = 0; i < ROSTER_GONE_MAX; i++)
        if (roster->gone[i] == hash)
            return true;
    return false;
}

static bool is_recorder(const struct sfu_person *from) {
    return from->kind == SFU_EGRESS || from->is_recorder;
}

/* NULL: it has no place. Who comes back under the same identity takes the place of the connection
 * before, whose end may be told later. */
static struct roster_person *person_add(struct roster *roster, const struct sfu_person *from) {
    struct roster_person *before = map_find(&roster->by_identity, from->identity);
    if (before)
        person_remove(roster, before);
    if (roster->people.len >= ROSTER_PEOPLE_MAX)
        return NULL;
    struct roster_person *person = mem_alloc(sizeof *person);
    person->sid = slice_copy_text(from->sid);
    person->identity = slice_copy_text(from->identity);
    map_init(&person->tracks, roster->people.seed);
    map_set(&roster->people, from->sid, person);
    map_set(&roster->by_identity, from->identity, person);
    return person;
}

static void tracks_take(struct roster *roster, struct roster_person *person,
                        const struct sfu_person *from) {
    MAP_EACH(&person->tracks, at) {
        struct roster_track *track = at.value;
        track->is_listed = false;
    }
    for (size_t i = 0; i < from->track_count; i++)
        track_take(roster, person, &from->tracks[i]);
    MAP_EACH(&person->tracks, at) {
        struct roster_track *track = at.value;
        if (!track->is_listed)
            track_remove(roster, track);
    }
}

static void person_take(struct roster *roster, const struct sfu_person *from) {
    struct roster_person *person = map_find(&roster->people, from->sid);
    if (!is_sid(from->sid) || !is_sid(from->identity) || is_recorder(from))
        return;
    if (from->state == SFU_GONE) {
        if (person)
            person_remove(roster, person);
        return;
    }
    if (person ? from->version < person->version : has_gone(roster, from->sid))
        return;
    bool is_new = !person;
    if (is_new)
        person = person_add(roster, from);
    if (!person)
        return;
    bool is_standard = (from->kind == SFU_STANDARD || from->kind == SFU_SIP) && !from->is_hidden;
    bool keeps_room = from->kind != SFU_AGENT && !from->is_hidden;
    roster->keepers += (size_t)keeps_room - (size_t)person->keeps_room;
    person->keeps_room = keeps_room;
    person->version = from->version;
    person->is_listed = true;
    is_new |= set_text(&person->name, name_of(from->name));
    is_new |= set_text(&person->metadata, from->metadata);
    is_new |= set_number(&person->kind, from->kind);
    is_new |= set_flag(&person->may_edit_metadata, from->may_edit_metadata);
    is_new |= set_flag(&person->is_standard, is_standard);
    if (is_new)
        roster->handlers.on_person(person, roster->user);
    tracks_take(roster, person, from);
}

void roster_take(struct roster *roster, const struct sfu_person *people, size_t count,
                 bool is_whole) {
    MAP_EACH(&roster->people, at) {
        struct roster_person *person = at.value;
        person->is_listed = false;
    }
    if (is_whole) {
        /* A server that was started again counts versions anew. */
        MAP_EACH(&roster->people, at) {
            struct roster_person *person = at.value;
            person->version = 0;
        }
    }
    for (size_t i = 0; i < count; i++)
        person_take(roster, &people[i]);
    if (!is_whole)
        return;
    MAP_EACH(&roster->people, at) {
        struct roster_person *person = at.value;
        if (!person->is_listed)
            person_remove(roster, person);
    }
}

struct roster_track *roster_find_track(const struct roster *roster, struct slice sid) {
    return map_find(&roster->tracks, sid);
}

void roster_free(struct roster *roster) {
    MAP_EACH(&roster->tracks, at)
        track_free(at.value);
    MAP_EACH(&roster->people, at)
        person_free(at.value);
    map_free(&roster->tracks);
    map_free(&roster->people);
    map_free(&roster->by_identity);
}
