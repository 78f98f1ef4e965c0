/*
 * A track's groups of AUDIO_PIPELINE_GROUP_SECONDS: each goes to the prosody service, where there is
 * one, and becomes a line in the meeting's pipeline log that says what became of it.
 */
#ifndef APP_PROSODY_H
#define APP_PROSODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feeling;
struct hume;
struct prosody;

struct prosody_owner {
    void (*on_feeling)(void *arg, const struct feeling *feeling, int64_t from_ms, int64_t to_ms);
    /* A line for the pipeline log, such as "size=64044 hume=sent", with the time of its flush. */
    void (*on_line)(void *arg, int64_t flushed_ms, const char *what);
};

/* hume NULL: this track's audio is not for the service; its lines say so. name appears in the log,
 * reduced. The owner's functions outlive it. */
struct prosody *prosody_open(struct hume *hume, const char *name, unsigned rate_hz,
                             unsigned channels, unsigned group_ms, int64_t now_ms,
                             const struct prosody_owner *owner, void *arg);

/* Before the first sample: there are more channels than the URL said. */
void prosody_set_channels(struct prosody *p, unsigned channels);

/* Interleaved s16 at any address; at_ms is the meeting time of the first sample frame. */
void prosody_hear(struct prosody *p, const uint8_t *bytes, size_t frames, int64_t at_ms);

/* Somebody speaks, as far as the track's own detector knows, at that meeting time. Without a word
 * from it (see prosody_trust_level) nothing counts as speech. */
void prosody_spoke(struct prosody *p, int64_t at_ms);

/* The detector does not listen now: every sound counts as speech. */
void prosody_trust_level(struct prosody *p, bool on);

bool prosody_has_open_group(const struct prosody *p);
int64_t prosody_flushed_ms(const struct prosody *p); /* meeting time of the last flush */
void prosody_flush(struct prosody *p, int64_t at_ms);

/* Flushes the tail. */
void prosody_close(struct prosody *p, int64_t at_ms);

#endif
