/*
 * What is deleted after a time is not deleted on the word of one clock. The newest time that was
 * known at the start (files that were written last) and what has passed since then are a second
 * one: a wall clock that is far ahead of it has jumped, or the server was away for long. Which of
 * them, a signed event of LiveKit's tells. Any thread reads; one sets.
 */
#ifndef OUTSIDE_SECOND_CLOCK_H
#define OUTSIDE_SECOND_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct second_clock {
    /* Unix time that is known, and the steady clock then; 0: nothing is known. */
    int64_t known_ms, mono_ms;
    atomic_bool is_confirmed;
};

/* From the times at which these folders and what lies in them were written last. Waits for the
 * disk; before anything else is written there. */
void second_clock_init(struct second_clock *clock, const char *const folders[], size_t count,
                       int64_t mono_ms);

/* Whether the wall clock is so far ahead that nothing may be deleted on its word. NULL never
 * doubts. */
bool second_clock_doubts(const struct second_clock *clock, int64_t wall_ms, int64_t mono_ms);

/* Somebody else's clock, by a signed word of now. True: that ended a doubt for good. */
bool second_clock_hear(struct second_clock *clock, int64_t told_ms, int64_t wall_ms);

#endif
