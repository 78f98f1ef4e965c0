/*
 * A track's audio in groups of AUDIO_PIPELINE_GROUP_SECONDS. Each goes to the prosody service,
 * where there is one, and its outcome becomes a line in the meeting's pipeline log.
 */
#ifndef APP_PROSODY_H
#define APP_PROSODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feeling;
struct prosody;

struct prosody_settings {
    /* NULL: this track's audio is not for the service, and its lines say so. */
    struct hume *hume;
    /* The track's name as the log shows it. */
    const char *name;
    unsigned rate_hz, channels, group_ms;
    int64_t now_ms;
    void (*on_feeling)(const struct feeling *, int64_t from_ms, int64_t to_ms, void *user);
    /* A line for the pipeline log, such as "size=64044 hume=sent", with the time of its flush. */
    void (*on_line)(int64_t flushed_ms, const char *what, void *user);
    void *user;
};

struct prosody *prosody_new(const struct prosody_settings *);

/* Before the first sample: there are more channels than the URL said. */
void prosody_set_channels(struct prosody *p, unsigned channels);

/* Interleaved s16 at any address; at_ms is the meeting time of the first sample frame. */
void prosody_hear(struct prosody *p, const uint8_t *bytes, size_t frames, int64_t at_ms);

/* The track's own detector found speech at that meeting time. What it does not find does not count
 * as speech (but see prosody_trust_level). */
void prosody_spoke(struct prosody *p, int64_t at_ms);

/* On while the detector does not listen: every sound counts as speech. */
void prosody_trust_level(struct prosody *p, bool on);

/* Flushes a group that has begun when the last flush is longer ago than that, at meeting time. */
void prosody_flush_older(struct prosody *p, int64_t at_ms, int64_t age_ms);

/* Flushes the rest. NULL is fine. */
void prosody_close(struct prosody *p, int64_t at_ms);

#endif
