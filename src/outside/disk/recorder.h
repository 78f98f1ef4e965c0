/*
 * One track's recording as its producer sees it. Everything here returns at once and cannot fail:
 * what goes wrong goes wrong on the disk thread, where it is counted, logged once and retried, and
 * the missing time is filled with silence.
 *
 * The recorder does what it is told about time; the track's audio clock decides where silence
 * belongs. A recording's time is true when every call is made in the order in which things
 * happened.
 */
#ifndef OUTSIDE_RECORDER_H
#define OUTSIDE_RECORDER_H

#include "outside/files/format.h"
#include "outside/files/recording_info.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_port;
struct recorder;

enum recorder_end { RECORDER_CLOSED, RECORDER_LOST, RECORDER_TIMEOUT, RECORDER_SHUTDOWN };

/*
 * Of the info: the names, format, rate_hz and channels of s16le audio, and started_ms, the time of
 * the first sample, which names the file. Texts are copied. Nothing is created on disk before the
 * first byte.
 */
struct recorder *recorder_open(struct disk_port *port, const struct recording_info *info);

/* Audio: whole sample frames. Video: any bytes. Copies. */
void recorder_append(struct recorder *recorder, const void *bytes, size_t len);

/* A gap of `frames` sample frames, noted in the sidecar. */
void recorder_silence(struct recorder *recorder, uint64_t frames);

/* WAV only: what follows has so many channels. The recording goes on in a part of its own. */
void recorder_set_channels(struct recorder *recorder, uint16_t channels);

/* The recording's time stands still between the two (muted); noted in the sidecar. */
void recorder_pause(struct recorder *recorder, int64_t at_ms);
void recorder_resume(struct recorder *recorder, int64_t at_ms);

/*
 * How far the sender's clock has fallen behind ours (negative: run ahead), for the sidecar. Before
 * recorder_close suffices.
 */
void recorder_drift(struct recorder *recorder, int64_t drift_ms);

/*
 * Overwrites bytes of a video file, for example a frame count in its header. At most 32 bytes,
 * appended before.
 */
void recorder_patch(struct recorder *recorder, uint64_t offset, const void *bytes, size_t len);

/*
 * The session arrived: the sidecar and the reports say this meeting from now on; the folder stays.
 */
void recorder_rename(struct recorder *recorder, struct slice meeting, struct slice name);

/* At least twice a second: hands over what is a second old. */
void recorder_tick(struct recorder *recorder, int64_t mono_ms);

/*
 * Hands over the rest and frees the recorder; the disk thread finishes the file. NULL is allowed.
 */
void recorder_close(struct recorder *recorder, enum recorder_end end, int64_t at_ms);

/*
 * Video: the disk lost bytes, and a stream with a hole helps nobody. Nothing more is written; close
 * this recorder and open another where the stream can be picked up (a key frame). Audio never
 * breaks.
 */
bool recorder_is_broken(const struct recorder *recorder);

#endif
