/* How the disk thread works. */
#ifndef OUTSIDE_DISK_SETTINGS_H
#define OUTSIDE_DISK_SETTINGS_H

#include "wire/media/wav.h"

#include <stddef.h>
#include <stdint.h>

struct recording_info;
struct storage;

enum disk_fsync { DISK_FSYNC_NONE, DISK_FSYNC_CLOSE, DISK_FSYNC_INTERVAL };

/*
 * Called when a file is opened, gets another meeting or name, or is closed (`end` is not empty
 * then). Runs on the disk thread and must not wait: copy what is needed and send it as mail.
 */
typedef void disk_report_fn(const struct recording_info *info, void *user);

struct disk_settings {
    struct storage *storage; /* borrowed */
    /* DISK_QUEUE_BYTES */
    size_t queue_bytes;
    /* AUDIO_HEADER_SECONDS */
    unsigned header_ms;
    /* AUDIO_FSYNC */
    enum disk_fsync fsync;
    unsigned fsync_ms;
    /* AUDIO_WAV_LAYOUT */
    enum wav_layout wav_layout;
    /* The most data bytes of a part; 0: the layout's own limit. */
    uint64_t part_bytes;
    /* DISK_MIN_FREE: below it nothing is recorded; 0: not watched. */
    uint64_t min_free_bytes;
    /* DISK_WARN_FREE */
    uint64_t warn_free_bytes;
    /* How long to wait after a failed write before the next attempt. */
    unsigned retry_ms;
    /* 0: nothing is encoded; two where there are cores for them. */
    unsigned encode_threads;
    /* AUDIO_ENCODE_MAX */
    unsigned encode_max;
    /* AUDIO_OPUS_BITRATE */
    unsigned opus_bps;
    /* May be NULL. */
    disk_report_fn *on_report;
    void *user;
};

#endif
