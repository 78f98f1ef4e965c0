/*
 * Recordings that are compressed: threads of low priority between a recorder and the disk thread. PCM comes in as blocks and notes,
 * FLAC or Ogg Opus leaves as blocks and notes of the same kinds.
 */
#ifndef OUTSIDE_ENCODE_H
#define OUTSIDE_ENCODE_H

#include "outside/disk/disk_file.h"

struct encode;
struct encoding;

struct encode_config {
    unsigned threads;
    unsigned max_tracks; /* AUDIO_ENCODE_MAX */
    unsigned opus_bps;   /* AUDIO_OPUS_BITRATE */
};

int encode_open(struct encode **out, struct disk *disk, const struct encode_config *config);

/* Ends what is still being encoded. Before the disk thread ends; the ports are freed by encode_free after it. */
void encode_close(struct encode *encode);
void encode_free(struct encode *encode); /* NULL is fine */

/* Any thread. NULL: as many tracks as allowed are being encoded already; record a WAV. */
struct encoding *encode_try_start(struct encode *encode, const struct recording_info *info);

/* Any thread, from one producer. NOTE_CLOSE ends the encoding. */
void encoding_send_blocks(struct encoding *encoding, struct block *chain);
void encoding_send_note(struct encoding *encoding, struct note *note);

#endif
