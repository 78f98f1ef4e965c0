#include "app/media/live_meeting.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "meeting/report.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <string.h>

enum { PEOPLE_MAX = 4096 };

struct person {
    char *name;
    bool is_host;
    enum presence presence;
    /* In the room, and unknown to the engine: counted in live_meeting.guests. */
    bool is_guest;
};

struct live_meeting *live_meeting_new(struct shard_core *core, uint64_t key, struct slice id) {
    struct live_meeting *live = mem_alloc(sizeof *live);
    live->core = core;
    live->key = key;
    live->id = slice_copy_text(id);
    live->unix_offset_ms = clock_wall_ms() - clock_mono_ms();
    live->engine = meeting_new(core->settings->rules, live_meeting_time_ms(live, core->now_ms));
    map_init(&live->people, rand_u64());
    live->behind_ms = live->was_behind_ms = INT64_MAX;
    list_init(&live->in_shard);
    list_init(&live->tracks);
    core->stats.meetings++;
    return live;
}

void live_meeting_free(struct live_meeting *live) {
    assert(list_is_empty(&live->tracks) && !live->room);
    MAP_EACH(&live->people, at) {
        struct person *person = at.value;
        mem_free(person->name);
        mem_free(person);
    }
    map_free(&live->people);
    if (meeting_is_paused(live->engine))
        live->core->stats.paused_meetings--;
    meeting_free(live->engine);
    live->core->stats.meetings--;
    list_remove(&live->in_shard);
    mem_free(live->id);
    mem_free(live);
}

static void person_apply(const struct person *person, struct participant *participant) {
    if (person->name[0])
        meeting_set_name(participant, slice_from(person->name));
    meeting_set_host(participant, person->is_host);
    meeting_set_presence(participant, person->presence);
}

static void guest_set(struct live_meeting *live, struct person *person, bool is_guest) {
    live->guests += (unsigned)is_guest - (unsigned)person->is_guest;
    person->is_guest = is_guest;
    meeting_set_guests(live->engine, live->guests);
}

static struct person *person_get(struct live_meeting *live, struct slice identity) {
    struct person *person = map_find(&live->people, identity);
    if (person || live->people.len >= PEOPLE_MAX)
        return person;
    person = mem_alloc(sizeof *person);
    person->name = mem_copy_text("");
    map_set(&live->people, identity, person);
    return person;
}

/* The report remembers everybody who was in the room, with or without a microphone. */
static void report_hear_news(struct live_meeting *live, struct slice identity,
                             const struct person *person, int64_t joined_ms) {
    struct report *report = meeting_report(live->engine);
    int64_t now_ms = live_meeting_time_ms(live, live->core->now_ms);
    int64_t at_ms = joined_ms > 0 && joined_ms < now_ms ? joined_ms : now_ms;
    struct report_person *known = report_find(report, identity);
    bool is_here = person->presence == PRESENCE_HERE;
    if (!known && is_here)
        known = report_add(report, identity, at_ms);
    if (!known)
        return;
    report_describe(report, known, slice_from(person->name), person->is_host);
    if (person->presence != PRESENCE_UNSAID)
        report_set_present(report, known, is_here, is_here ? at_ms : now_ms);
}

void live_meeting_hear_news(struct live_meeting *live, const struct person_news *news) {
    struct person *person = person_get(live, news->identity);
    if (!person)
        return;
    if (news->name.len > 0)
        slice_replace_text(&person->name, news->name);
    if (news->has_role)
        person->is_host = news->is_host;
    if (news->presence != PRESENCE_UNSAID)
        person->presence = news->presence;
    report_hear_news(live, news->identity, person, news->joined_ms);
    struct participant *participant = meeting_find(live->engine, news->identity);
    if (participant)
        person_apply(person, participant);
    else
        guest_set(live, person, person->presence == PRESENCE_HERE);
}

struct meeting_track *live_meeting_connect(struct live_meeting *live, struct slice identity) {
    struct participant *participant = meeting_add(live->engine, identity);
    struct person *person = map_find(&live->people, identity);
    if (person) {
        guest_set(live, person, false);
        person_apply(person, participant);
    }
    return meeting_connect(live->engine, participant,
                           live_meeting_time_ms(live, live->core->now_ms));
}

struct slice live_meeting_name_of(const struct live_meeting *live, struct slice identity) {
    const struct person *person = map_find(&live->people, identity);
    return slice_from(person ? person->name : NULL);
}

void live_meeting_describe(const struct live_meeting *live, struct buf *out) {
    json_add_text(out, "meetingId", slice_from(live->id));
    json_add_name(out, "participants");
    meeting_write_stats(out, live->engine);
    if (meeting_is_paused(live->engine))
        json_add_bool(out, "analysisPaused", true);
}

enum { RIBBON_CELLS = 300 }; /* five minutes */

void live_meeting_write_view(const struct live_meeting *live, struct buf *out) {
    const struct report *report = meeting_report(live->engine);
    json_add_bool(out, "isPaused", meeting_is_paused(live->engine));
    json_add_uint(out, "revision", report_revision(report));
    report_write_people(out, report);
    report_write_ribbon(out, report, RIBBON_CELLS);
    json_add_name(out, "talk");
    meeting_write_stats(out, live->engine);
}

void live_meeting_write_report(const struct live_meeting *live, struct buf *out) {
    meeting_write_report(out, live->engine, live_meeting_time_ms(live, live->core->now_ms));
}
