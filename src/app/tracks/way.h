/*
 * How long sound takes from a microphone to here. LiveKit Egress does not say; it is measured. Its
 * connection opens at once and stays silent for as long as its buffers hold, so the first bytes
 * come after the way's delay. Where they come at once, as zeros, the delay is at most the time from
 * the moment when a microphone is opened (the connection, or an unmute, which overtakes its sound)
 * to the first sound, and the least of such times is the best guess. Until something is measured,
 * a setting stands in. Pure: time is an argument.
 */
#ifndef APP_WAY_H
#define APP_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WAY_MAX_MS = 6000,  /* later sound was spoken later */
    WAY_SILENT_MS = 500 /* later first bytes were held in buffers */
};

struct way {
    unsigned delay_ms;
    bool is_measured;
    /* When the connection opened, until its first bytes; when the microphone did, until its first
     * sound. 0: neither is awaited. */
    int64_t connected_ms, opened_ms;
};

/* The connection of a track has opened, with a microphone that is open. */
void way_init(struct way *, unsigned setting_ms, int64_t now_ms);

/* The track is unmuted, or muted. */
void way_open(struct way *, int64_t now_ms);
void way_close(struct way *);

/* Bytes of samples (s16, at any address). True: the delay has become known, or known better. */
bool way_hear(struct way *, const uint8_t *bytes, size_t len, int64_t now_ms);

#endif
