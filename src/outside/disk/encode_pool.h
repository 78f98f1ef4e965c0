/*
 * Recordings that are compressed: threads of low priority between a recorder and the disk thread.
 * PCM comes in as blocks and notes, FLAC or Ogg Opus leaves as blocks and notes of the same kinds.
 */
#ifndef OUTSIDE_ENCODE_POOL_H
#define OUTSIDE_ENCODE_POOL_H

#include "outside/disk/disk_file.h"
#include "outside/files/recording_info.h"

struct encode_pool;
struct encoding;

/* As many threads and tracks as the disk thread's settings say. */
int encode_pool_open(struct encode_pool **out, struct disk_thread *thread,
                     struct disk_files *files);

/*
 * Ends what is still being encoded. Before the disk thread ends, and encode_pool_free() after it.
 * NULL is fine.
 */
void encode_pool_close(struct encode_pool *pool);
void encode_pool_free(struct encode_pool *pool);

/* Any thread. NULL: as many tracks as allowed are being encoded already; record a WAV. */
struct encoding *encode_pool_try_start(struct encode_pool *pool, const struct recording_info *info);

/* Any thread, from one producer. NOTE_CLOSE ends the encoding. */
void encoding_send_blocks(struct encoding *encoding, struct disk_block *chain);
void encoding_send_note(struct encoding *encoding, struct note *note);

#endif
