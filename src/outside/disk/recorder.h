/*
 * One track's recording, as its producer sees it. Every call returns at once and cannot fail.
 * Errors show on the disk thread, where they are counted, logged once and retried; lost time
 * becomes silence.
 *
 * The recorder knows no clock: the track's audio clock decides where silence belongs. A recording's
 * time is true when the calls come in the order of what happened.
 */
#ifndef OUTSIDE_RECORDER_H
#define OUTSIDE_RECORDER_H

#include "outside/files/doubt.h"
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

/*
 * The same for audio that comes encoded: bytes of the file in the info's format, as they are. Calls
 * about samples are not for it; recorder_frames() and recorder_gap() tell of them.
 */
struct recorder *recorder_open_stream(struct disk_port *port, const struct recording_info *info);

/* Audio: whole sample frames. Video, and what is encoded: any bytes. Copies. */
void recorder_append(struct recorder *recorder, const void *bytes, size_t len);

/* A gap of `frames` sample frames, noted in the sidecar. */
void recorder_silence(struct recorder *recorder, uint64_t frames);

/*
 * Late knowledge about time. frames > 0: a gap of so many sample frames lies before the last
 * `tail_frames`, which move. frames < 0: the gap that was put in last ends there, and is too long
 * by so many. What is encoded stays: there a gap is put in behind all that came, and what cannot be
 * taken back makes the next gap shorter.
 */
void recorder_shift(struct recorder *recorder, uint64_t tail_frames, int64_t frames);

/*
 * Of a stream: the bytes so far hold so many sample frames; a gap of silence, so long, comes next.
 */
void recorder_frames(struct recorder *recorder, uint64_t frames);
void recorder_gap(struct recorder *recorder, uint64_t frames);

/* The sidecar names it from now on. */
void recorder_doubt(struct recorder *recorder, enum doubt doubt);

/* The sound's way here takes so long, as measured: the sidecar says so from now on. */
void recorder_delay(struct recorder *recorder, unsigned delay_ms);

/* The time between the two (muted) is not part of the recording; the sidecar notes it. */
void recorder_pause(struct recorder *recorder, int64_t at_ms);
void recorder_resume(struct recorder *recorder, int64_t at_ms);

/*
 * What came since the beginning, or since the last recorder_resume(), lies by_ms later than was
 * said: its first read was early, or (negative) late. Only the sidecar's times move; the file keeps
 * its name.
 */
void recorder_place(struct recorder *recorder, int64_t by_ms);

/*
 * For the sidecar: how far the sender's clock fell behind ours (negative: ran ahead). Once, before
 * recorder_close(), is enough.
 */
void recorder_drift(struct recorder *recorder, int64_t drift_ms);

/*
 * Overwrites bytes of a video file, for example a frame count in its header. At most 32 bytes,
 * appended before.
 */
void recorder_patch(struct recorder *recorder, uint64_t offset, const void *bytes, size_t len);

/*
 * The meeting has become known: sidecar and reports name it from now on. The folder keeps its name.
 */
void recorder_rename(struct recorder *recorder, struct slice meeting, struct slice name);

/* Call at least twice a second: hands over what is a second old. */
void recorder_tick(struct recorder *recorder, int64_t mono_ms);

/*
 * Hands over the rest and frees the recorder; the disk thread finishes the file. NULL is allowed.
 */
void recorder_close(struct recorder *recorder, enum recorder_end end, int64_t at_ms);

/*
 * Video, and what comes encoded: bytes were lost, and a stream with a hole cannot be played. Nothing
 * more is written; close this recorder and open another, for video at the next key frame. Samples
 * never break.
 */
bool recorder_is_broken(const struct recorder *recorder);

#endif
