/* What remains of a meeting: who was there and how the talk flowed, summed up step by step while it
 * runs, so that the report of a meeting of any length costs nothing at its end. docs/report.md says
 * what each figure means.
 *
 * Pure. Times are those of the meeting (meeting.h). Memory grows with people and with minutes, by
 * some kilobytes an hour for each who speaks; people, stays, pairs and hours have limits, beyond
 * which only sums are kept. Numbers of people are places in the order of first appearance. */
#ifndef MEETING_REPORT_H
#define MEETING_REPORT_H

#include "base/buf.h"
#include "base/slice.h"
#include "meeting/feedback.h"

#include <stdbool.h>
#include <stdint.h>

struct report;
struct report_person;

/* One person in one step of the meeting. */
struct report_heard {
    unsigned slots;            /* of 20 ms in the step */
    unsigned speech, together; /* of these with speech, and with another's speech, too */
    bool is_muted, is_gap;     /* is_gap: open, but nothing arrives */
    bool is_heard;             /* something has arrived; then: */
    float peak_dbfs;           /* the loudest 20 ms */
    bool is_clipped;
    /* A second of speech was completed. Measures that cost much may be NAN. */
    bool is_second;
    float syllables_per_s, semitones, voice_dbfs;
};

/* Everybody in one step. */
struct report_group {
    unsigned spoken;      /* slots in which at least one spoke */
    unsigned overlapping; /* in which turns overlapped */
    unsigned present;     /* people in the room */
};

struct report *report_new(void);
void report_free(struct report *);

/* ---- People ---- */

/* Finds, or adds; NULL: not known, or too many. */
struct report_person *report_find(const struct report *, struct slice identity);
struct report_person *report_add(struct report *, struct slice identity, int64_t at_ms);
void report_describe(struct report *, struct report_person *, struct slice name, bool is_host);
/* The room's server says that they are in the room, or not any more. */
void report_set_present(struct report *, struct report_person *, bool is_present, int64_t at_ms);
/* Their first audio track opened, or the last one closed. */
void report_set_connected(struct report *, struct report_person *, bool is_connected,
                          int64_t at_ms);
/* Counts up with each change of what report_write_people writes. */
unsigned report_revision(const struct report *);

/* ---- Talk ---- */

/* All of one step, then report_close_step. */
void report_hear(struct report *, struct report_person *, const struct report_heard *,
                 int64_t end_ms);
void report_close_step(struct report *, const struct report_group *, int64_t from_ms,
                       int64_t end_ms);
/* A turn has ended; an answer began so long after another's speech; turns overlapped. */
void report_turn(struct report *, struct report_person *, int64_t from_ms, int64_t to_ms);
void report_answer(struct report *, struct report_person *, int64_t gap_ms);
void report_overlap(struct report_person *, int64_t ms);
/* `by` took the floor of `of`, or spoke along with them. */
void report_interrupt(struct report *, struct report_person *by, struct report_person *of,
                      bool took_floor, int64_t at_ms);
void report_event(struct report *, const struct feedback *);
/* The analysis rested: the figures are not of all the time. */
void report_tear(struct report *);

/* ---- JSON ---- */

/* The members of the report that are about the talk, without braces. overlap_ms: what is not
 * summed up yet. */
void report_write(struct buf *out, const struct report *, int64_t now_ms, int64_t overlap_ms);
/* The array `participants` of docs/live.md. */
void report_write_people(struct buf *out, const struct report *);
/* {"from","cellMs","cells":[...]}: the last cells of everybody. */
void report_write_ribbon(struct buf *out, const struct report *, unsigned cells);
/* The members `revision`, `dbfs` and `flags` of the event `levels`, since the call before. */
void report_write_levels(struct buf *out, struct report *);

#endif
