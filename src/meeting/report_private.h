/* The state of a report, shared by its files:
 *
 *   report.c         people, their stays, the sums
 *   report_ribbon.c  a letter a second
 *   report_moments.c what is worth hearing
 *   report_write.c   JSON
 *   report_step.c    what the engine tells of a step; knows the engine, not this */
#ifndef MEETING_REPORT_PRIVATE_H
#define MEETING_REPORT_PRIVATE_H

#include "base/map.h"
#include "meeting/report.h"

enum {
    REPORT_PEOPLE = 4096,
    REPORT_STAYS = 64,      /* of a person; later ones lengthen the last */
    REPORT_PAIRS = 4096,    /* of the matrix */
    REPORT_MOMENTS = 8,     /* of a pair that can be heard */
    REPORT_MINUTES = 2880,  /* two days */
    REPORT_CELL_MS = 1000,  /* of a ribbon */
    REPORT_GAP_STEP_MS = 100,
    REPORT_GAPS = 51, /* answers up to 5 s */
    REPORT_SLOT_MS = 20,
    REPORT_RECENT = 64, /* turns of the last half minute */
};

struct report_stay {
    int64_t from_ms, to_ms; /* to_ms 0: still there */
};

/* Means of a measure. */
struct report_mean {
    float sum;
    uint32_t count;
};

struct report_minute {
    uint32_t seconds; /* of speech */
    struct report_mean pace, melody, level;
};

struct report_gaps {
    uint32_t count;
    int64_t sum_ms;
    uint16_t bins[REPORT_GAPS];
};

struct report_pair {
    unsigned of;
    unsigned took_floor, spoke_along;
    unsigned moment_count;
    struct {
        int64_t at_ms;
        bool took_floor;
    } moments[REPORT_MOMENTS];
};

struct report_run {
    uint16_t count;
    char letter;
};

struct report_ribbon {
    struct report_run *runs;
    size_t count, cap;
    int64_t cells; /* written so far */
    /* Slots of the cell that is open. */
    int64_t open_cell;
    bool is_open;
    unsigned slots, speech, together, muted, gap;
};

struct report_person {
    unsigned number;
    char *identity, *name;
    bool is_host;
    bool is_said; /* the room's server has spoken of them */
    bool is_present, is_connected, is_muted;
    struct report_stay *stays;
    unsigned stay_count;

    int64_t speech_ms, overlap_ms, muted_ms, gap_ms;
    unsigned turns;
    int64_t longest_ms, longest_at_ms;
    unsigned took_floor, spoke_along, lost_floor, joined_by;
    struct report_gaps answers;
    struct report_pair *pairs;
    unsigned pair_count;

    struct report_minute *minutes;
    size_t minute_count;
    struct report_minute whole;
    struct report_ribbon ribbon;

    /* Since the last report_write_levels. */
    bool is_heard, is_clipped;
    float peak_dbfs;
    unsigned flags;
};

/* Somebody's turn, or a span worth hearing. */
struct report_span {
    int64_t from_ms, to_ms;
    unsigned person;
};

struct report {
    struct report_person **people;
    unsigned count, cap;
    struct map by_identity;
    bool has_begun, is_torn;
    int64_t start_ms, until_ms;
    unsigned revision;
    unsigned pairs;

    int64_t speech_ms, spoken_ms, overlap_ms, silence_ms, analysed_ms;
    unsigned turns, took_floor, spoke_along;
    struct report_gaps answers;
    struct {
        int64_t from_ms, ms; /* that lasts; ms 0: none */
        unsigned count;      /* of those that were long */
        int64_t longest_ms, longest_from_ms;
    } silence;

    uint32_t event_counts[FEEDBACK_TYPES];
    struct {
        bool is_known;
        enum feedback_type type;
        enum severity severity;
        int64_t from_ms, to_ms;
        int person; /* -1: the group */
    } gravest;
    struct {
        struct report_span recent[REPORT_RECENT];
        unsigned count;
        unsigned best_turns;
        int64_t best_from_ms;
        unsigned people[REPORT_RECENT];
        unsigned people_count;
    } exchange;
    struct report_span longest_turn;
};

/* ---- report_ribbon.c ---- */

void ribbon_hear(struct report_ribbon *, const struct report_heard *, int64_t cell);
/* Cells from..to as runs; '-' where nothing was heard. */
void ribbon_write(struct buf *out, const struct report_ribbon *, int64_t from, int64_t to);
void ribbon_free(struct report_ribbon *);

/* ---- report_moments.c ---- */

void moments_turn(struct report *, const struct report_span *);
void moments_write(struct buf *out, const struct report *);

#endif
