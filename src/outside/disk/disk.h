/*
 * The disk thread: every byte of a recording and every pipeline-log line goes through it, in order
 * per file, from a queue that is bounded in bytes. Nobody waits for it. When it stands still, log
 * lines are given up from half the queue on, audio when it is full: as a gap in its recording. Both
 * are counted and logged.
 *
 *   shard ── blocks ──> disk ── fsync ──> sync thread
 *     └──── blocks ──> encode threads ── blocks ──> disk
 *
 * Producers reach it through a port, one for each thread; used blocks come back to their port
 * without waking it.
 */
#ifndef OUTSIDE_DISK_H
#define OUTSIDE_DISK_H

#include "base/slice.h"
#include "wire/media/wav.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter_table;
struct storage;
struct disk;
struct disk_port;

enum disk_fsync { DISK_FSYNC_NONE, DISK_FSYNC_CLOSE, DISK_FSYNC_INTERVAL };

/* How much room is left, worst of the folders. */
enum disk_space { DISK_SPACE_OK, DISK_SPACE_WARN, DISK_SPACE_FULL };

/* What became of one file; slices and texts live for the call only. */
struct disk_report {
    enum { DISK_FILE_OPENED, DISK_FILE_CLOSED } what;
    struct slice recording; /* an id made at recorder_open; the same for all parts */
    struct slice meeting;   /* as it is called now, unreduced */
    struct slice room, participant, name, track;
    const char *folder; /* the audio or video folder, as configured */
    const char *path;   /* below it: "<meeting's folder>/<file>" */
    bool is_video;
    const char *format; /* "wav", "flac", "opus", "h264", "ivf" */
    unsigned part;      /* 1, 2, ... */
    uint32_t rate_hz, channels;
    int64_t started_ms, ended_ms; /* Unix time; ended_ms 0 while it is open */
    uint64_t bytes;               /* of audio or video, without a WAV header */
    uint64_t duration_ms;
    const char *sha256; /* empty while it is open, or when there was no time */
    const char *end;    /* why it ended; NULL while it is open */
};

/* Runs on the disk thread: copy what is needed into a mail and be quick. */
typedef void disk_report_fn(const struct disk_report *report, void *arg);

struct disk_config {
    struct storage *storage; /* borrowed */
    size_t queue_bytes;      /* DISK_QUEUE_BYTES */
    unsigned header_ms;      /* AUDIO_HEADER_SECONDS */
    enum disk_fsync fsync;   /* AUDIO_FSYNC */
    unsigned fsync_ms;
    enum wav_layout wav_layout; /* AUDIO_WAV_LAYOUT */
    uint64_t part_bytes; /* roll over before a file's data is longer; 0: what the layout allows */
    uint64_t min_free_bytes;   /* DISK_MIN_FREE: below it nothing is recorded; 0: not watched */
    uint64_t warn_free_bytes;  /* DISK_WARN_FREE */
    unsigned retry_ms;         /* after a failed write: the next attempt not before */
    unsigned encode_threads;   /* 0: nothing is encoded; two where there are cores for them */
    unsigned encode_max;       /* AUDIO_ENCODE_MAX */
    unsigned opus_bps;         /* AUDIO_OPUS_BITRATE */
    disk_report_fn *on_report; /* may be NULL */
    void *arg;
};

/* The values of DESIGN's tables, storage left to the caller. */
void disk_config_init(struct disk_config *config);

int disk_open(struct disk **out, const struct disk_config *config);

/* After every recorder is closed: writes what is queued, finishes every file, ends the threads.
 * NULL is allowed. */
void disk_close(struct disk *disk);

/* A producer's way in, used by one thread at a time. Closed after the disk is: its blocks may still
 * be under way before. */
struct disk_port *disk_port_open(struct disk *disk);
void disk_port_close(struct disk_port *port);

/* Gives memory that has not been needed since the last call back to the system, little by little. Every other second or so: more
 * often costs other threads time. */
void disk_port_trim(struct disk_port *port);

/* Appends `line` and a newline to the meeting's pipeline log, unless the queue is half full. Control
 * characters in it become spaces. */
void disk_log(struct disk_port *port, struct slice meeting, struct slice line);

/* Written by the disk thread and the ports, readable by any. */
struct disk_stats {
    atomic_uint_fast64_t queued_bytes; /* handed over, not yet written */
    atomic_uint_fast64_t written_bytes;
    atomic_uint_fast64_t writes;
    atomic_uint_fast64_t errors;    /* failed system calls on recordings and logs */
    atomic_uint_fast64_t gap_bytes; /* lost because the queue was full or the disk refused */
    atomic_uint_fast64_t open_files;
    atomic_uint_fast64_t failing_files; /* open recordings whose last write failed */
    atomic_uint_fast64_t log_lines;
    atomic_uint_fast64_t lost_lines; /* the queue was half full */
    atomic_uint_fast64_t free_bytes; /* of the fullest folder */
    atomic_uint space;               /* enum disk_space */
};

/* How the metrics show it. */
extern const struct counter_table disk_counters;
struct disk_stats *disk_stats(struct disk *disk);

/* Any thread: jobs that wait, and tracks that are being encoded. */
size_t disk_depth(struct disk *disk);
unsigned disk_encoded_tracks(struct disk *disk);

#endif
