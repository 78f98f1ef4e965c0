/*
 * Threads of low priority between recorders and the disk thread. PCM comes in as blocks and notes;
 * FLAC or Ogg Opus leaves as blocks and notes of the same kinds.
 */
#ifndef OUTSIDE_ENCODE_POOL_H
#define OUTSIDE_ENCODE_POOL_H

#include "outside/disk/disk_file.h"
#include "outside/files/recording_info.h"

struct encode_pool;
struct encoding;

/* Threads and tracks as in the disk thread's settings. */
int encode_pool_open(struct encode_pool **out, struct disk_thread *thread);

/*
 * Ends what is still being encoded. Call encode_pool_close() before the disk thread ends and
 * encode_pool_free() after it. NULL is fine.
 */
void encode_pool_close(struct encode_pool *pool);
void encode_pool_free(struct encode_pool *pool);

/* Any thread. NULL: encode_max tracks are being encoded already; record a WAV. */
struct encoding *encode_pool_try_start(struct encode_pool *pool, const struct recording_info *info);

/* Any thread, from one producer. NOTE_CLOSE ends the encoding. */
void encoding_send_blocks(struct encoding *encoding, struct disk_block *chain);
void encoding_send_note(struct encoding *encoding, struct note *note);

#endif
