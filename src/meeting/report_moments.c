#include "meeting/report_private.h"

#include "wire/web/json_write.h"

enum {
    EXCHANGE_MS = 30 * 1000,
    EXCHANGE_LEAST = 4, /* changes of speaker */
    TURN_LEAST_MS = 20 * 1000,
    TURN_HEARD_MS = 20 * 1000, /* its beginning */
    APART_MS = 20 * 1000,
    ROUND_MS = 5 * 1000, /* before and after */
    MOMENTS = 3,
};

/* ---- Exchanges: half a minute with many changes of speaker ---- */

static void exchange_keep(struct report *report) {
    unsigned changes = 0;
    for (unsigned i = 1; i < report->exchange.count; i++)
        changes += report->exchange.recent[i].person != report->exchange.recent[i - 1].person;
    if (changes < EXCHANGE_LEAST || changes <= report->exchange.best_turns)
        return;
    report->exchange.best_turns = changes;
    report->exchange.best_from_ms = report->exchange.recent[0].from_ms;
    report->exchange.people_count = 0;
    for (unsigned i = 0; i < report->exchange.count; i++) {
        unsigned person = report->exchange.recent[i].person, at = 0;
        while (at < report->exchange.people_count && report->exchange.people[at] != person)
            at++;
        if (at == report->exchange.people_count)
            report->exchange.people[report->exchange.people_count++] = person;
    }
}

/* Turns come when they end; they are kept in the order in which they began. */
static void exchange_add(struct report *report, const struct report_span *turn) {
    struct report_span *recent = report->exchange.recent;
    unsigned count = report->exchange.count, old = 0;
    int64_t newest_ms = turn->from_ms;
    if (count > 0 && recent[count - 1].from_ms > newest_ms)
        newest_ms = recent[count - 1].from_ms;
    if (turn->from_ms < newest_ms - EXCHANGE_MS)
        return; /* it lasted so long that it is no part of an exchange */
    while (old < count &&
           (recent[old].from_ms < newest_ms - EXCHANGE_MS || count - old == REPORT_RECENT))
        old++;
    count -= old;
    for (unsigned i = 0; i < count; i++)
        recent[i] = recent[i + old];
    unsigned at = count;
    for (; at > 0 && recent[at - 1].from_ms > turn->from_ms; at--)
        recent[at] = recent[at - 1];
    recent[at] = *turn;
    report->exchange.count = count + 1;
    exchange_keep(report);
}

void moments_turn(struct report *report, const struct report_span *turn) {
    exchange_add(report, turn);
    if (turn->to_ms - turn->from_ms > report->longest_turn.to_ms - report->longest_turn.from_ms)
        report->longest_turn = *turn;
}

/* ---- The choice ---- */

enum moment_kind { MOMENT_EXCHANGE, MOMENT_EVENT, MOMENT_TURN, MOMENT_SILENCE };

struct moment_choice {
    enum moment_kind kind;
    int64_t from_ms, to_ms;
};

struct moment_choices {
    struct moment_choice moment[MOMENTS];
    unsigned count;
};

static void choose(struct moment_choices *choices, enum moment_kind kind, int64_t from_ms,
                   int64_t to_ms) {
    if (choices->count == MOMENTS)
        return;
    for (unsigned i = 0; i < choices->count; i++)
        if (from_ms < choices->moment[i].to_ms + APART_MS &&
            to_ms > choices->moment[i].from_ms - APART_MS)
            return;
    unsigned at = choices->count++;
    for (; at > 0 && choices->moment[at - 1].from_ms > from_ms; at--)
        choices->moment[at] = choices->moment[at - 1];
    choices->moment[at] = (struct moment_choice){kind, from_ms, to_ms};
}

static void choose_all(struct moment_choices *choices, const struct report *report) {
    const struct report_span *turn = &report->longest_turn;
    if (report->exchange.best_turns > 0)
        choose(choices, MOMENT_EXCHANGE, report->exchange.best_from_ms,
               report->exchange.best_from_ms + EXCHANGE_MS);
    if (report->gravest.is_known)
        choose(choices, MOMENT_EVENT, report->gravest.from_ms, report->gravest.to_ms);
    if (turn->to_ms - turn->from_ms >= TURN_LEAST_MS)
        choose(choices, MOMENT_TURN, turn->from_ms, turn->from_ms + TURN_HEARD_MS);
    if (report->silence.longest_ms > 0)
        choose(choices, MOMENT_SILENCE, report->silence.longest_from_ms - ROUND_MS,
               report->silence.longest_from_ms + report->silence.longest_ms + ROUND_MS);
}

/* ---- JSON ---- */

static void add_people(struct buf *out, const unsigned *people, unsigned count) {
    json_open_array(out, "people");
    for (unsigned i = 0; i < count; i++)
        json_add_uint(out, NULL, people[i]);
    json_close_array(out);
}

static void moment_write(struct buf *out, const struct report *report,
                         const struct moment_choice *moment) {
    static const char *const names[] = {"exchange", "event", "turn", "silence"};
    const struct report_span *turn = &report->longest_turn;
    unsigned who = (unsigned)report->gravest.person;
    json_open(out, NULL);
    json_add_text(out, "kind", slice_from(names[moment->kind]));
    json_add_int(out, "from", moment->from_ms);
    json_add_int(out, "to", moment->to_ms);
    switch (moment->kind) {
    case MOMENT_EXCHANGE:
        add_people(out, report->exchange.people, report->exchange.people_count);
        json_add_uint(out, "turns", report->exchange.best_turns);
        break;
    case MOMENT_EVENT:
        add_people(out, &who, report->gravest.person >= 0);
        json_add_text(out, "type", slice_from(feedback_type_name(report->gravest.type)));
        json_add_text(out, "severity", slice_from(severity_name(report->gravest.severity)));
        break;
    case MOMENT_TURN:
        add_people(out, &turn->person, 1);
        json_add_real(out, "seconds", (double)(turn->to_ms - turn->from_ms) / 1000, 1);
        break;
    case MOMENT_SILENCE:
        add_people(out, NULL, 0);
        json_add_real(out, "seconds", (double)report->silence.longest_ms / 1000, 1);
        break;
    }
    json_close(out);
}

void moments_write(struct buf *out, const struct report *report) {
    struct moment_choices choices = {.count = 0};
    choose_all(&choices, report);
    json_open_array(out, "moments");
    for (unsigned i = 0; i < choices.count; i++)
        moment_write(out, report, &choices.moment[i]);
    json_close_array(out);
}
