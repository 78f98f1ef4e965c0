/*
 * One recording on the disk thread: a stream of blocks and notes that becomes one file, or several when it rolls over or the disk
 * took one away. The producer's side (recorder, encoders) holds the pointer only to send; nothing is read through it but is_broken.
 */
#ifndef OUTSIDE_DISK_FILE_H
#define OUTSIDE_DISK_FILE_H

#include "outside/disk/disk_port.h"
#include "outside/disk/recorder.h"

#include <stdbool.h>

struct disk;
struct disk_file;
struct disk_sync;
struct list;

enum note_kind {
    NOTE_PAUSE,    /* at_ms */
    NOTE_RESUME,   /* at_ms */
    NOTE_ZEROS,    /* value: bytes of digital silence that came here */
    NOTE_FRAMES,   /* value: sample frames that the encoded bytes so far stand for */
    NOTE_GAP,      /* value: sample frames of silence that an encoder put in */
    NOTE_DRIFT,    /* value: ms, signed */
    NOTE_RENAME,   /* text: meeting; text beyond value: display name */
    NOTE_PATCH,    /* value: offset; text: bytes to put there */
    NOTE_CHANNELS, /* value: the channels of what follows, in a part of its own */
    NOTE_CLOSE     /* at_ms; value: enum recorder_end */
};

struct note {
    struct mail mail;
    void *target; /* file or encoder */
    enum note_kind kind;
    int64_t at_ms;
    int64_t value;
    size_t len;
    char text[];
};

struct note *note_new(void *target, enum note_kind kind, int64_t at_ms, int64_t value,
                      struct slice text);

/* Any thread. Of the disk thread from the first send on, until NOTE_CLOSE has been dealt with. */
struct disk_file *disk_file_new(struct disk *disk, const struct recording_info *info);
void disk_file_send_blocks(struct disk_file *file, struct block *chain);
void disk_file_send_note(struct disk_file *file, struct note *note);

/* Any thread: a stream that cannot have holes (video, encoded) has lost bytes. Nothing more will be written. */
bool disk_file_is_broken(const struct disk_file *file);

/* On the disk thread. */

/* Header and sidecar, when their time has come; false: not yet. */
bool disk_file_on_due(struct disk_file *file, int64_t now_ms);

/* Into the round, if it was written since the last. */
void disk_file_sync(struct disk_file *file, struct disk_sync *sync);

/* Ends the recording and frees the file; its last part goes to the finisher. */
void disk_file_finish(struct disk_file *file, const char *end, int64_t at_ms);

/* From the links of disk->files and disk->due. */
struct disk_file *disk_file_of_all(struct list *node);
struct disk_file *disk_file_of_due(struct list *node);

#endif
