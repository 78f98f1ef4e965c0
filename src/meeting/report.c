#include "meeting/report_private.h"

#include "base/mem.h"

#include <math.h>

enum { LONG_SILENCE_MS = 10000, EVENT_BEFORE_MS = 2000, EVENT_LEAST_MS = 10000 };

struct report *report_new(void) {
    struct report *report = mem_alloc(sizeof *report);
    map_init(&report->by_identity, 1);
    return report;
}

static void person_free(struct report_person *person) {
    ribbon_free(&person->ribbon);
    mem_free(person->minutes);
    mem_free(person->pairs);
    mem_free(person->stays);
    mem_free(person->identity);
    mem_free(person->name);
    mem_free(person);
}

void report_free(struct report *report) {
    if (!report)
        return;
    for (unsigned i = 0; i < report->count; i++)
        person_free(report->people[i]);
    mem_free(report->people);
    map_free(&report->by_identity);
    mem_free(report);
}

/* Who is told of late may have come early: up to the first sound the beginning may move back. */
static void report_begin(struct report *report, int64_t at_ms) {
    if (!report->has_begun || (report->analysed_ms == 0 && at_ms < report->start_ms))
        report->start_ms = at_ms - at_ms % REPORT_CELL_MS;
    if (!report->has_begun)
        report->until_ms = report->start_ms;
    report->has_begun = true;
}

static void report_reach(struct report *report, int64_t at_ms) {
    if (at_ms > report->until_ms)
        report->until_ms = at_ms;
}

unsigned report_revision(const struct report *report) {
    return report->revision;
}

void report_tear(struct report *report) {
    report->is_torn = true;
}

/* ---- People ---- */

struct report_person *report_find(const struct report *report, struct slice identity) {
    return map_find(&report->by_identity, identity);
}

struct report_person *report_add(struct report *report, struct slice identity, int64_t at_ms) {
    struct report_person *person = report_find(report, identity);
    if (person || report->count == REPORT_PEOPLE)
        return person;
    report_begin(report, at_ms);
    person = mem_alloc(sizeof *person);
    person->number = report->count;
    person->identity = slice_copy_text(identity);
    person->name = mem_copy_text("");
    if (report->count == report->cap) {
        report->cap = report->cap ? report->cap * 2 : 8;
        report->people = mem_resize(report->people, report->cap * sizeof(struct report_person *));
    }
    report->people[report->count++] = person;
    map_set(&report->by_identity, identity, person);
    report->revision++;
    return person;
}

void report_describe(struct report *report, struct report_person *person, struct slice name,
                     bool is_host) {
    if (person->is_host != is_host || !slice_is_equal(slice_from(person->name), name))
        report->revision++;
    slice_replace_text(&person->name, name);
    person->is_host = is_host;
}

static void stay_begin(struct report *report, struct report_person *person, int64_t at_ms) {
    unsigned count = person->stay_count;
    if (count > 0 && at_ms < person->stays[count - 1].to_ms)
        at_ms = person->stays[count - 1].to_ms; /* the room's server counts in seconds */
    report_begin(report, at_ms);
    if (person->stay_count == REPORT_STAYS) {
        person->stays[REPORT_STAYS - 1].to_ms = 0;
        return;
    }
    person->stays = mem_resize(person->stays, (person->stay_count + 1) * sizeof person->stays[0]);
    person->stays[person->stay_count++] = (struct report_stay){.from_ms = at_ms};
}

static void stay_end(struct report_person *person, int64_t at_ms) {
    struct report_stay *last = &person->stays[person->stay_count - 1];
    last->to_ms = at_ms > last->from_ms ? at_ms : last->from_ms + 1;
}

static bool is_staying(const struct report_person *person) {
    return person->stay_count > 0 && person->stays[person->stay_count - 1].to_ms == 0;
}

void report_set_present(struct report *report, struct report_person *person, bool is_present,
                        int64_t at_ms) {
    bool was_present = person->is_said ? person->is_present : is_staying(person);
    person->is_said = true;
    person->is_present = is_present;
    report_reach(report, at_ms);
    if (is_present == was_present)
        return;
    report->revision++;
    if (is_present)
        stay_begin(report, person, at_ms);
    else
        stay_end(person, at_ms);
}

/* A track that comes back is no person who comes back: without the room's server there is one stay,
 * from the first track to the last. */
void report_set_connected(struct report *report, struct report_person *person, bool is_connected,
                          int64_t at_ms) {
    report->revision += person->is_connected != is_connected;
    person->is_connected = is_connected;
    if (!is_connected)
        person->flags = 0;
    report_reach(report, at_ms);
    if (person->is_said)
        return;
    if (is_connected && person->stay_count > 0)
        person->stays[person->stay_count - 1].to_ms = 0;
    else if (is_connected)
        stay_begin(report, person, at_ms);
    else if (is_staying(person))
        stay_end(person, at_ms);
}

/* ---- Talk ---- */

static void mean_add(struct report_mean *mean, float value) {
    if (isnan(value))
        return;
    mean->sum += value;
    mean->count++;
}

static void minute_add(struct report_minute *minute, const struct report_heard *heard) {
    minute->seconds++;
    mean_add(&minute->pace, heard->syllables_per_s);
    mean_add(&minute->melody, heard->semitones);
    mean_add(&minute->level, heard->voice_dbfs);
}

static void second_add(const struct report *report, struct report_person *person,
                       const struct report_heard *heard, int64_t end_ms) {
    size_t index = (size_t)((end_ms - 1 - report->start_ms) / 60000);
    minute_add(&person->whole, heard);
    if (index >= REPORT_MINUTES)
        return;
    if (index >= person->minute_count) {
        person->minutes = mem_resize(person->minutes, (index + 1) * sizeof person->minutes[0]);
        for (size_t i = person->minute_count; i <= index; i++)
            person->minutes[i] = (struct report_minute){0};
        person->minute_count = index + 1;
    }
    minute_add(&person->minutes[index], heard);
}

enum { FLAG_CONNECTED = 1, FLAG_SPEAKS = 2, FLAG_TOGETHER = 4, FLAG_MUTED = 8, FLAG_GAP = 16 };

static void level_follow(struct report_person *person, const struct report_heard *heard) {
    person->flags = FLAG_CONNECTED | (heard->speech > 0 ? FLAG_SPEAKS : 0) |
                    (heard->together > 0 ? FLAG_TOGETHER : 0) | (heard->is_muted ? FLAG_MUTED : 0) |
                    (heard->is_gap ? FLAG_GAP : 0);
    person->is_clipped |= heard->is_clipped;
    if (heard->is_heard && (!person->is_heard || heard->peak_dbfs > person->peak_dbfs))
        person->peak_dbfs = heard->peak_dbfs;
    person->is_heard |= heard->is_heard;
}

void report_hear(struct report *report, struct report_person *person,
                 const struct report_heard *heard, int64_t end_ms) {
    int64_t step_ms = (int64_t)heard->slots * REPORT_SLOT_MS;
    int64_t speech_ms = (int64_t)heard->speech * REPORT_SLOT_MS;
    if (end_ms <= report->start_ms)
        return;
    person->speech_ms += speech_ms;
    report->speech_ms += speech_ms;
    person->muted_ms += heard->is_muted ? step_ms : 0;
    person->gap_ms += heard->is_gap ? step_ms : 0;
    report->revision += person->is_muted != heard->is_muted;
    person->is_muted = heard->is_muted;
    ribbon_hear(&person->ribbon, heard, (end_ms - 1 - report->start_ms) / REPORT_CELL_MS);
    level_follow(person, heard);
    if (heard->is_second)
        second_add(report, person, heard, end_ms);
}

static void silence_end(struct report *report) {
    int64_t ms = report->silence.ms;
    report->silence.ms = 0;
    if (ms < LONG_SILENCE_MS)
        return;
    report->silence.count++;
    if (ms > report->silence.longest_ms) {
        report->silence.longest_ms = ms;
        report->silence.longest_from_ms = report->silence.from_ms;
    }
}

void report_close_step(struct report *report, const struct report_group *group, int64_t from_ms,
                       int64_t end_ms) {
    if (!report->has_begun)
        return;
    report_reach(report, end_ms);
    report->analysed_ms += end_ms - from_ms;
    report->spoken_ms += (int64_t)group->spoken * REPORT_SLOT_MS;
    report->overlap_ms += (int64_t)group->overlapping * REPORT_SLOT_MS;
    if (group->present < 2 || group->spoken > 0) {
        silence_end(report);
        return;
    }
    if (report->silence.ms == 0)
        report->silence.from_ms = from_ms;
    report->silence.ms += end_ms - from_ms;
    report->silence_ms += end_ms - from_ms;
}

void report_turn(struct report *report, struct report_person *person, int64_t from_ms,
                 int64_t to_ms) {
    const struct report_span turn = {from_ms, to_ms, person->number};
    person->turns++;
    report->turns++;
    if (to_ms - from_ms > person->longest_ms) {
        person->longest_ms = to_ms - from_ms;
        person->longest_at_ms = from_ms;
    }
    moments_turn(report, &turn);
}

static void gaps_add(struct report_gaps *gaps, int64_t gap_ms) {
    int64_t bin = gap_ms / REPORT_GAP_STEP_MS;
    gaps->count++;
    gaps->sum_ms += gap_ms;
    uint16_t *at = &gaps->bins[bin < REPORT_GAPS ? bin : REPORT_GAPS - 1];
    *at = (uint16_t)(*at + (*at < UINT16_MAX));
}

void report_answer(struct report *report, struct report_person *person, int64_t gap_ms) {
    gaps_add(&person->answers, gap_ms);
    gaps_add(&report->answers, gap_ms);
}

void report_overlap(struct report_person *person, int64_t ms) {
    person->overlap_ms += ms;
}

static struct report_pair *pair_get(struct report *report, struct report_person *by, unsigned of) {
    for (unsigned i = 0; i < by->pair_count; i++)
        if (by->pairs[i].of == of)
            return &by->pairs[i];
    if (report->pairs == REPORT_PAIRS)
        return NULL;
    report->pairs++;
    by->pairs = mem_resize(by->pairs, (by->pair_count + 1) * sizeof by->pairs[0]);
    by->pairs[by->pair_count] = (struct report_pair){.of = of};
    return &by->pairs[by->pair_count++];
}

void report_interrupt(struct report *report, struct report_person *by, struct report_person *of,
                      bool took_floor, int64_t at_ms) {
    struct report_pair *pair = pair_get(report, by, of->number);
    *(took_floor ? &report->took_floor : &report->spoke_along) += 1;
    *(took_floor ? &by->took_floor : &by->spoke_along) += 1;
    *(took_floor ? &of->lost_floor : &of->joined_by) += 1;
    if (!pair)
        return;
    *(took_floor ? &pair->took_floor : &pair->spoke_along) += 1;
    if (pair->moment_count < REPORT_MOMENTS) {
        pair->moments[pair->moment_count].at_ms = at_ms;
        pair->moments[pair->moment_count++].took_floor = took_floor;
    }
}

void report_event(struct report *report, const struct feedback *feedback) {
    const struct report_person *person =
        feedback->is_group ? NULL : report_find(report, slice_from(feedback->participant));
    report->event_counts[feedback->type]++;
    if (report->gravest.is_known && feedback->severity <= report->gravest.severity)
        return;
    int64_t from_ms = feedback->window_start_ms - EVENT_BEFORE_MS;
    if (from_ms > feedback->ts_ms - EVENT_LEAST_MS)
        from_ms = feedback->ts_ms - EVENT_LEAST_MS;
    report->gravest.is_known = true;
    report->gravest.type = feedback->type;
    report->gravest.severity = feedback->severity;
    report->gravest.from_ms = from_ms;
    report->gravest.to_ms = feedback->ts_ms + EVENT_BEFORE_MS;
    report->gravest.person = person ? (int)person->number : -1;
}
