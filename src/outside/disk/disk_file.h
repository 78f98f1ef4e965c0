/*
 * One recording on the disk thread: a stream of blocks and notes that becomes one file, or several
 * parts when it grows too long or a file is deleted. Producers (recorder, encoders) use the pointer
 * only to send and to ask whether it is broken.
 */
#ifndef OUTSIDE_DISK_FILE_H
#define OUTSIDE_DISK_FILE_H

#include "base/slice.h"
#include "outside/disk/disk_port.h"

#include <stdbool.h>

struct disk_file;
struct disk_sync;
struct disk_thread;
struct recording_info;

enum note_kind {
    NOTE_PAUSE,  /* at_ms */
    NOTE_RESUME, /* at_ms */
    NOTE_PLACE,  /* value: ms by which what came since the beginning, or the last NOTE_RESUME, lies
                    later than was said */
    NOTE_ZEROS,  /* value: bytes of digital silence at this place */
    NOTE_SHIFT,  /* value: bytes of a gap, negative: taken back; text: a uint64_t, the bytes behind
                    it */
    NOTE_FRAMES, /* value: sample frames in the encoded bytes so far */
    NOTE_GAP,    /* value: sample frames of silence added by an encoder */
    NOTE_DRIFT,  /* value: ms, signed */
    NOTE_RENAME, /* text: meeting; text beyond value: display name */
    NOTE_PATCH,  /* value: offset; text: bytes to put there */
    NOTE_DOUBT,  /* value: one more bit of outside/files/doubt.h */
    NOTE_DELAY,  /* value: ms, as measured */
    NOTE_BROKEN, /* a stream lost what would come next */
    NOTE_CLOSE   /* at_ms; text: why it ended */
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

struct note *note_new(enum note_kind kind, int64_t at_ms, int64_t value, struct slice text);

/*
 * Any thread. From the first send on the file belongs to the disk thread, which frees it after
 * NOTE_CLOSE.
 */
struct disk_file *disk_file_new(struct disk_thread *thread, const struct recording_info *info);
void disk_file_send_blocks(struct disk_file *file, struct disk_block *chain);
void disk_file_send_note(struct disk_file *file, struct note *note);

/*
 * Any thread: whether a stream that cannot have holes (video, encoded) has lost bytes. Nothing more
 * is written to it.
 */
bool disk_file_is_broken(const struct disk_file *file);

/* ---- All recordings, on the disk thread ---- */

/* Writes the headers and sidecars that are due. */
void disk_files_beat(struct disk_thread *thread, int64_t now_ms);

/* Adds the files that were written since the last round. */
void disk_files_sync(struct disk_thread *thread, struct disk_sync *sync);

/* Ends every recording; its last part is sent to the finisher. */
void disk_files_end(struct disk_thread *thread, const char *end, int64_t at_ms);

#endif
