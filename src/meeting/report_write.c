#include "meeting/report_private.h"

#include "wire/web/json_write.h"

#include <math.h>

enum { MEASURE_SECONDS = 10, MINUTE_SECONDS = 3, FLAG_CLIPPED = 32 };

static void add_seconds(struct buf *out, const char *name, int64_t ms) {
    json_add_real(out, name, (double)ms / 1000, 1);
}

static void add_time_or_null(struct buf *out, const char *name, int64_t ms, bool is_known) {
    if (is_known)
        json_add_int(out, name, ms);
    else
        json_add_null(out, name);
}

static void add_share(struct buf *out, const char *name, int64_t part_ms, int64_t whole_ms) {
    if (whole_ms <= 0)
        json_add_null(out, name);
    else
        json_add_real(out, name, fmin(1, (double)part_ms / (double)whole_ms), 3);
}

/* ---- Means ---- */

static void add_mean(struct buf *out, const char *name, const struct report_mean *mean,
                     bool is_enough, int digits) {
    if (is_enough && mean->count > 0)
        json_add_real(out, name, (double)mean->sum / mean->count, digits);
    else
        json_add_null(out, name);
}

/* One measure: as a whole, and minute by minute. `at`: where it lies in a minute. */
static void add_measure(struct buf *out, const char *name, const char *unit,
                        const struct report_person *person, size_t at, int digits) {
    const char *whole = (const char *)&person->whole + at;
    json_open(out, name);
    add_mean(out, unit, (const struct report_mean *)whole, person->whole.seconds >= MEASURE_SECONDS,
             digits);
    json_open_array(out, "minutes");
    for (size_t i = 0; i < person->minute_count; i++) {
        const struct report_minute *minute = &person->minutes[i];
        add_mean(out, NULL, (const struct report_mean *)((const char *)minute + at),
                 minute->seconds >= MINUTE_SECONDS, digits);
    }
    json_close_array(out);
    json_close(out);
}

static void add_gaps(struct buf *out, const struct report_gaps *gaps) {
    json_open(out, "responseGaps");
    json_add_uint(out, "count", gaps->count);
    if (gaps->count == 0) {
        json_add_null(out, "meanSeconds");
        json_add_null(out, "medianSeconds");
    } else {
        uint64_t below = 0, all = 0;
        unsigned bin = 0;
        for (unsigned i = 0; i < REPORT_GAPS; i++)
            all += gaps->bins[i];
        while (bin + 1 < REPORT_GAPS && (below += gaps->bins[bin]) * 2 < all)
            bin++;
        json_add_real(out, "meanSeconds", (double)gaps->sum_ms / 1000 / gaps->count, 2);
        json_add_real(out, "medianSeconds", bin * REPORT_GAP_STEP_MS / 1000.0, 1);
    }
    json_close(out);
}

/* ---- A person ---- */

static int64_t stay_end_ms(const struct report_stay *stay, int64_t now_ms) {
    return stay->to_ms ? stay->to_ms : now_ms > stay->from_ms ? now_ms : stay->from_ms;
}

static int64_t present_ms(const struct report_person *person, int64_t now_ms) {
    int64_t ms = 0;
    for (unsigned i = 0; i < person->stay_count; i++)
        ms += stay_end_ms(&person->stays[i], now_ms) - person->stays[i].from_ms;
    return ms;
}

static void add_attendance(struct buf *out, const struct report_person *person, int64_t now_ms) {
    unsigned count = person->stay_count;
    bool has_left = count > 0 && person->stays[count - 1].to_ms != 0;
    json_open(out, "attendance");
    add_time_or_null(out, "joinedAt", count ? person->stays[0].from_ms : 0, count > 0);
    add_time_or_null(out, "leftAt", has_left ? person->stays[count - 1].to_ms : 0, has_left);
    add_seconds(out, "presentSeconds", present_ms(person, now_ms));
    json_add_uint(out, "reconnects", count > 0 ? count - 1 : 0);
    json_open_array(out, "intervals");
    for (unsigned i = 0; i < count; i++) {
        json_open_array(out, NULL);
        json_add_int(out, NULL, person->stays[i].from_ms);
        json_add_int(out, NULL, stay_end_ms(&person->stays[i], now_ms));
        json_close_array(out);
    }
    json_close_array(out);
    json_close(out);
}

static void add_interruptions(struct buf *out, const struct report_person *person) {
    json_open(out, "interruptions");
    json_add_uint(out, "tookFloor", person->took_floor);
    json_add_uint(out, "spokeAlong", person->spoke_along);
    json_add_uint(out, "lostFloor", person->lost_floor);
    json_add_uint(out, "joinedBy", person->joined_by);
    json_close(out);
}

static void add_ribbon(struct buf *out, const char *name, const struct report_person *person,
                       int64_t from, int64_t to) {
    struct buf runs = {0};
    ribbon_write(&runs, &person->ribbon, from, to);
    json_add_text(out, name, buf_slice(&runs));
    buf_free(&runs);
}

static void add_person(struct buf *out, const struct report *report,
                       const struct report_person *person, int64_t now_ms) {
    json_open(out, NULL);
    json_add_text(out, "participantId", slice_from(person->identity));
    if (person->name[0])
        json_add_text(out, "name", slice_from(person->name));
    json_add_bool(out, "isHost", person->is_host);
    add_attendance(out, person, now_ms);
    add_seconds(out, "talkSeconds", person->speech_ms);
    add_share(out, "talkShare", person->speech_ms, report->speech_ms);
    add_share(out, "presenceShare", person->speech_ms, present_ms(person, now_ms));
    json_add_uint(out, "turns", person->turns);
    add_seconds(out, "longestTurnSeconds", person->longest_ms);
    add_time_or_null(out, "longestTurnAt", person->longest_at_ms, person->turns > 0);
    add_interruptions(out, person);
    add_seconds(out, "overlapSeconds", person->overlap_ms);
    add_seconds(out, "mutedSeconds", person->muted_ms);
    add_seconds(out, "gapSeconds", person->gap_ms);
    add_gaps(out, &person->answers);
    add_measure(out, "pace", "syllablesPerSecond", person, offsetof(struct report_minute, pace), 1);
    add_measure(out, "melody", "semitones", person, offsetof(struct report_minute, melody), 1);
    add_measure(out, "loudness", "dbfs", person, offsetof(struct report_minute, level), 1);
    add_ribbon(out, "ribbon", person, 0, INT64_MAX);
    json_close(out);
}

/* ---- The group ---- */

static void add_group(struct buf *out, const struct report *report, int64_t overlap_ms) {
    bool has_silence = report->silence.longest_ms > 0;
    json_open(out, "group");
    add_seconds(out, "speechSeconds", report->speech_ms);
    add_seconds(out, "spokenSeconds", report->spoken_ms);
    add_seconds(out, "overlapSeconds", report->overlap_ms + overlap_ms);
    add_seconds(out, "silenceSeconds", report->silence_ms);
    json_add_uint(out, "turns", report->turns);
    json_add_uint(out, "tookFloor", report->took_floor);
    json_add_uint(out, "spokeAlong", report->spoke_along);
    json_open(out, "silences");
    json_add_uint(out, "count", report->silence.count);
    add_seconds(out, "longestSeconds", report->silence.longest_ms);
    add_time_or_null(out, "longestAt", report->silence.longest_from_ms, has_silence);
    json_close(out);
    add_gaps(out, &report->answers);
    json_close(out);
}

static void add_pair(struct buf *out, unsigned by, const struct report_pair *pair) {
    json_open(out, NULL);
    json_add_uint(out, "by", by);
    json_add_uint(out, "of", pair->of);
    json_add_uint(out, "tookFloor", pair->took_floor);
    json_add_uint(out, "spokeAlong", pair->spoke_along);
    json_open_array(out, "moments");
    for (unsigned i = 0; i < pair->moment_count; i++) {
        json_open(out, NULL);
        json_add_int(out, "at", pair->moments[i].at_ms);
        json_add_bool(out, "tookFloor", pair->moments[i].took_floor);
        json_close(out);
    }
    json_close_array(out);
    json_close(out);
}

static void add_matrix(struct buf *out, const struct report *report) {
    json_open_array(out, "matrix");
    for (unsigned i = 0; i < report->count; i++)
        for (unsigned k = 0; k < report->people[i]->pair_count; k++)
            add_pair(out, i, &report->people[i]->pairs[k]);
    json_close_array(out);
}

static void add_event_counts(struct buf *out, const struct report *report) {
    json_open(out, "eventCounts");
    for (int type = 0; type < FEEDBACK_TYPES; type++)
        if (report->event_counts[type])
            json_add_uint(out, feedback_type_name((enum feedback_type)type),
                          report->event_counts[type]);
    json_close(out);
}

void report_write(struct buf *out, const struct report *report, int64_t now_ms,
                  int64_t overlap_ms) {
    bool is_staying = false;
    for (unsigned i = 0; i < report->count && !is_staying; i++) {
        const struct report_person *person = report->people[i];
        is_staying = person->stay_count > 0 && !person->stays[person->stay_count - 1].to_ms;
    }
    int64_t until_ms = is_staying && now_ms > report->until_ms ? now_ms : report->until_ms;
    json_add_int(out, "startedAt", report->start_ms);
    json_add_int(out, "until", until_ms);
    add_seconds(out, "lengthSeconds", until_ms - report->start_ms);
    add_seconds(out, "analysedSeconds", report->analysed_ms);
    json_add_bool(out, "isComplete", !report->is_torn);
    add_group(out, report, overlap_ms);
    json_open_array(out, "people");
    for (unsigned i = 0; i < report->count; i++)
        add_person(out, report, report->people[i], until_ms);
    json_close_array(out);
    add_matrix(out, report);
    json_open(out, "ribbon");
    json_add_int(out, "from", report->start_ms);
    json_add_int(out, "cellMs", REPORT_CELL_MS);
    json_close(out);
    add_event_counts(out, report);
    moments_write(out, report);
}

/* ---- The live view ---- */

void report_write_people(struct buf *out, const struct report *report) {
    json_open_array(out, "participants");
    for (unsigned i = 0; i < report->count; i++) {
        const struct report_person *person = report->people[i];
        unsigned stays = person->stay_count;
        json_open(out, NULL);
        json_add_text(out, "participantId", slice_from(person->identity));
        if (person->name[0])
            json_add_text(out, "name", slice_from(person->name));
        json_add_bool(out, "isHost", person->is_host);
        json_add_bool(out, "isPresent",
                      person->is_said ? person->is_present : person->is_connected);
        json_add_bool(out, "isConnected", person->is_connected);
        json_add_bool(out, "isMuted", person->is_connected && person->is_muted);
        if (stays > 0)
            json_add_int(out, "joinedAt", person->stays[0].from_ms);
        if (stays > 0 && person->stays[stays - 1].to_ms)
            json_add_int(out, "leftAt", person->stays[stays - 1].to_ms);
        json_close(out);
    }
    json_close_array(out);
}

void report_write_ribbon(struct buf *out, const struct report *report, unsigned cells) {
    int64_t to = (report->until_ms - report->start_ms + REPORT_CELL_MS - 1) / REPORT_CELL_MS;
    int64_t from = to > cells ? to - cells : 0;
    json_open(out, "ribbon");
    json_add_int(out, "from", report->start_ms + from * REPORT_CELL_MS);
    json_add_int(out, "cellMs", REPORT_CELL_MS);
    json_open_array(out, "cells");
    for (unsigned i = 0; i < report->count; i++)
        add_ribbon(out, NULL, report->people[i], from, to);
    json_close_array(out);
    json_close(out);
}

void report_write_levels(struct buf *out, struct report *report) {
    json_add_uint(out, "revision", report->revision);
    json_open_array(out, "dbfs");
    for (unsigned i = 0; i < report->count; i++) {
        struct report_person *person = report->people[i];
        if (person->is_heard)
            json_add_int(out, NULL, lrintf(person->peak_dbfs));
        else
            json_add_null(out, NULL);
    }
    json_close_array(out);
    json_open_array(out, "flags");
    for (unsigned i = 0; i < report->count; i++) {
        struct report_person *person = report->people[i];
        json_add_uint(out, NULL, person->flags | (person->is_clipped ? FLAG_CLIPPED : 0));
        person->is_heard = person->is_clipped = false;
    }
    json_close_array(out);
}
