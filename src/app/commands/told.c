#include "app/commands/told.h"

#include "base/mem.h"
#include "meeting/feedback.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char told_wrong[] = "wrong", told_on[] = "told on";

void told_add(struct told *told, int64_t at_ms, struct slice id, struct slice type,
              struct slice severity, struct slice who) {
    size_t i = told->count++;
    told->events = mem_resize(told->events, told->count * sizeof *told->events);
    for (; i > 0 && told->events[i - 1].at_ms > at_ms; i--)
        told->events[i] = told->events[i - 1];
    told->events[i] = (struct told_event){.at_ms = at_ms,
                                          .type = slice_copy_text(type),
                                          .severity = slice_copy_text(severity),
                                          .who = slice_copy_text(who),
                                          .id = slice_copy_text(id)};
}

void told_judge(struct told *told, const char *host, int64_t said_at_ms, struct slice id,
                struct slice type, struct slice who) {
    for (size_t i = told->count; i-- > 0;) {
        struct told_event *event = &told->events[i];
        bool is_it = id.len > 0 ? slice_is_equal(slice_from(event->id), id)
                                : event->at_ms <= said_at_ms &&
                                      slice_is_equal(slice_from(event->type), type) &&
                                      slice_is_equal(slice_from(event->who), who);
        if (is_it) {
            event->host = host;
            return;
        }
    }
}

void told_free(struct told *told) {
    for (size_t i = 0; i < told->count; i++) {
        mem_free(told->events[i].type);
        mem_free(told->events[i].severity);
        mem_free(told->events[i].who);
        mem_free(told->events[i].id);
    }
    mem_free(told->events);
    *told = (struct told){0};
}

static bool is_same(const struct told_event *a, const struct told_event *b) {
    return llabs(a->at_ms - b->at_ms) <= TOLD_NEAR_MS && strcmp(a->type, b->type) == 0 &&
           strcmp(a->who, b->who) == 0;
}

/* The nearest in time that is still free. */
static size_t partner_of(const struct told_event *event, const struct told *after) {
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < after->count; i++)
        if (!after->events[i].is_matched && is_same(event, &after->events[i]) &&
            (best == SIZE_MAX || llabs(after->events[i].at_ms - event->at_ms) <
                                     llabs(after->events[best].at_ms - event->at_ms)))
            best = i;
    return best;
}

void told_match(struct told *before, struct told *after, size_t partners[]) {
    for (size_t i = 0; i < after->count; i++)
        after->events[i].is_matched = false;
    for (size_t i = 0; i < before->count; i++) {
        partners[i] = partner_of(&before->events[i], after);
        before->events[i].is_matched = partners[i] != SIZE_MAX;
        if (partners[i] != SIZE_MAX)
            after->events[partners[i]].is_matched = true;
    }
}

/* type NULL: all. */
static size_t count_of(const struct told *told, const char *type) {
    size_t count = 0;
    for (size_t i = 0; i < told->count; i++)
        count += !type || strcmp(told->events[i].type, type) == 0;
    return count;
}

static void counts_print(const char *name, const char *type, const struct told *stored,
                         const struct told *present, const struct told *other) {
    size_t counts[3] = {stored ? count_of(stored, type) : 0, count_of(present, type),
                        other ? count_of(other, type) : 0};
    if (type && counts[0] + counts[1] + counts[2] == 0)
        return;
    printf("%-30s", name);
    if (stored)
        printf(" %8zu", counts[0]);
    printf(" %8zu", counts[1]);
    if (other)
        printf(" %8zu", counts[2]);
    putchar('\n');
}

void told_print_counts(const struct told *stored, const struct told *present,
                       const struct told *other) {
    printf("%-30s%s%9s%s\n", "told", stored ? "   stored" : "", "present",
           other ? "    other" : "");
    for (int type = 0; type < FEEDBACK_TYPES; type++) {
        const char *name = feedback_type_name((enum feedback_type)type);
        counts_print(name, name, stored, present, other);
    }
    counts_print("all", NULL, stored, present, other);
}

static void event_print(char mark, const struct told_event *event, const char *more) {
    int64_t tenths = event->at_ms > 0 ? event->at_ms / 100 : 0;
    const char *sign = event->host ? "  host: " : "", *host = event->host ? event->host : "";
    printf("%c %02" PRId64 ":%02" PRId64 ".%" PRId64 "  %-8s  %-28s  %s%s%s%s\n", mark,
           tenths / 600, tenths / 10 % 60, tenths % 10, event->severity, event->type, event->who,
           more, sign, host);
}

static void pair_print(const struct told_event *before, const struct told_event *after) {
    char more[64] = "";
    bool is_same_severity = strcmp(before->severity, after->severity) == 0;
    if (!is_same_severity)
        snprintf(more, sizeof more, "  (was %.40s)", before->severity);
    struct told_event shown = *after;
    shown.host = before->host;
    event_print(is_same_severity ? '=' : '~', &shown, more);
}

static void hosts_print(const struct told *before) {
    const char *said[] = {told_wrong, told_on};
    size_t count[2] = {0}, kept[2] = {0};
    for (size_t i = 0; i < before->count; i++)
        for (int k = 0; k < 2; k++) {
            count[k] += before->events[i].host == said[k];
            kept[k] += before->events[i].host == said[k] && before->events[i].is_matched;
        }
    if (count[0] + count[1] == 0)
        return;
    printf("\n%-30s %8s %11s\n", "hosts said", "events", "still told");
    for (int k = 0; k < 2; k++)
        printf("%-30s %8zu %11zu\n", said[k], count[k], kept[k]);
}

void told_print_changes(struct told *before, struct told *after) {
    size_t *partners = mem_alloc_array(before->count, sizeof *partners);
    told_match(before, after, partners);
    printf("\n= told by both  ~ with another severity  - no longer told  + new\n");
    for (size_t i = 0, k = 0; i < before->count || k < after->count;) {
        bool is_before = k == after->count ||
                         (i < before->count && before->events[i].at_ms <= after->events[k].at_ms);
        if (is_before && partners[i] == SIZE_MAX)
            event_print('-', &before->events[i], "");
        else if (is_before)
            pair_print(&before->events[i], &after->events[partners[i]]);
        else if (!after->events[k].is_matched)
            event_print('+', &after->events[k], "");
        i += is_before;
        k += !is_before;
    }
    hosts_print(before);
    mem_free(partners);
}
