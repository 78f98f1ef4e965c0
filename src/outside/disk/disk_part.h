/*
 * One file of a recording: created exclusively, locked, written, and sent to the finisher at its
 * end. For the disk thread only.
 */
#ifndef OUTSIDE_DISK_PART_H
#define OUTSIDE_DISK_PART_H

#include "net/mailbox.h"
#include "outside/files/format.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"
#include "wire/media/wav.h"

struct disk_block;
struct disk_thread;

struct disk_part {
    /* On its way to the finisher and back. */
    struct mail mail;
    struct disk_thread *thread;
    struct sidecar sidecar;
    enum record_format format;
    enum storage_kind kind;
    struct wav_format wav;
    char folder[TEXT_NAME_SIZE];
    int fd;                /* locked */
    uint64_t head_bytes;   /* of the WAV header, else 0 */
    uint64_t bytes;        /* after the header; the file is as long as both */
    uint64_t said_bytes;   /* what the header claims */
    /* The gap that was put in last: only it can be taken back. */
    uint64_t gap_at, gap_end; /* bytes after the header */
    bool is_sidecar_stale; /* the sidecar lags behind */
    bool is_unsynced;      /* written since the last fsync */
    bool is_broken;        /* lost bytes of a stream: to be cut behind its last whole frame */
    bool is_header_stale;  /* the last attempt to write the header failed */
};

struct disk_part_settings {
    const struct recording_info *info; /* copied */
    const char *folder;
    /* The file is named after this time, or a millisecond later until the name is free. */
    int64_t named_ms;
    /* Unix time, 0: the recording is not paused. */
    int64_t paused_from_ms;
};

/*
 * Writes the sidecar as well, so that a repair after a crash knows whose file it is. If only that
 * fails, the part is opened all the same and the sidecar remains due.
 */
int disk_part_open(struct disk_part **out, struct disk_thread *thread,
                   const struct disk_part_settings *settings);

/*
 * Appends a chain's bytes. On failure *written says how many were written, in whole sample frames;
 * the rest is cut off.
 */
int disk_part_write(struct disk_part *part, const struct disk_block *chain, uint64_t *written);

/* Lengthens the file by zeros. */
int disk_part_extend(struct disk_part *part, uint64_t bytes);

/*
 * Puts `bytes` of zeros before the last `tail` bytes, or takes away so many of the bytes before
 * them. After a failure everything is as before, as far as the disk allows.
 */
int disk_part_insert(struct disk_part *part, uint64_t tail, uint64_t bytes);
int disk_part_remove(struct disk_part *part, uint64_t tail, uint64_t bytes);

int disk_part_patch(struct disk_part *part, uint64_t offset, const void *bytes, size_t len);

/* Writes the WAV header for the bytes so far. */
int disk_part_refresh(struct disk_part *part);

/* Writes the sidecar, with `sync` to the disk itself. After a failure it remains due. */
int disk_part_save_sidecar(struct disk_part *part, bool sync);

bool disk_part_is_vanished(const struct disk_part *part);

/* Sample frames written so far. */
uint64_t disk_part_frames(const struct disk_part *part);

/* Calls on_report with what is known now. */
void disk_part_report(const struct disk_part *part);

/* Closes the descriptor and frees. */
void disk_part_free(struct disk_part *part);

#endif
