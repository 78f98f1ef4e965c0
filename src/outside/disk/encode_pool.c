#include "outside/disk/encode_pool.h"

#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/disk/chain.h"
#include "outside/disk/codec.h"
#include "outside/disk/disk_thread.h"
#include "outside/files/format.h"

#include <stdatomic.h>
#include <stdio.h>

enum {
    NICE = 10,
    THREADS_MAX = 16,
    SILENCE_FRAMES = 4096,
    RETRY_MS = 2000,
    BATCH_BYTES_MAX = 6 * DISK_BLOCK_BYTES
};

/* One thread at work. */
struct encoder {
    struct encode_pool *pool;
    struct station *station;
    struct disk_port *port; /* where encoded bytes leave */
    struct list encodings;
};

struct encode_pool {
    struct disk_thread *thread;
    struct encoder encoders[THREADS_MAX];
    unsigned encoder_count;
    atomic_uint tracks;
    atomic_uint next; /* encoder to be given the next track */
};

struct encoding {
    struct list node; /* of its encoder */
    struct encoder *encoder;
    const struct codec_type *type;
    struct recording_info info; /* owns its texts */
    struct codec *codec;        /* NULL: no file is open, or the last one broke */
    struct disk_file *file;
    struct chain chain;     /* encoded, not yet handed over */
    uint64_t encoded_bytes; /* given to the file so far */
    uint64_t frames;        /* in this file */
    uint64_t past_frames;   /* in earlier files, or lost between them */
    int64_t paused_ms;
    int64_t paused_from_ms; /* 0: not paused */
    bool has_resumed;
    /* Lost since the last failure. After RETRY_MS of them a new file is opened. */
    uint64_t retry_frames;
    bool is_broken; /* bytes of this file were lost */
};

static uint64_t frame_bytes(const struct encoding *encoding) {
    return encoding->info.channels * sizeof(int16_t);
}

static void hand_over(struct encoding *encoding) {
    size_t bytes = encoding->chain.bytes;
    struct disk_block *first = chain_take(&encoding->chain);
    if (!first)
        return;
    if (disk_port_try_enter(encoding->encoder->port, bytes)) {
        disk_file_send_blocks(encoding->file, first);
        return;
    }
    if (!encoding->is_broken)
        log_warn("encode", "disk too slow: its queue is full and a recording breaks off");
    disk_count(&encoding->encoder->pool->thread->stats.gap_bytes, bytes);
    disk_port_give(first);
    encoding->is_broken = true;
}

static void append(struct encoding *encoding, const uint8_t *from, size_t len) {
    while (len > 0) {
        size_t room = BATCH_BYTES_MAX - encoding->chain.bytes, n = len < room ? len : room;
        chain_append(&encoding->chain, from, n);
        from += n;
        len -= n;
        if (encoding->chain.bytes == BATCH_BYTES_MAX)
            hand_over(encoding);
    }
}

static void on_encoded(uint64_t offset, const void *bytes, size_t len, void *user) {
    struct encoding *encoding = user;
    if (encoding->is_broken)
        return;
    if (offset < encoding->encoded_bytes) { /* a header that is completed at the end */
        hand_over(encoding);
        disk_file_send_note(encoding->file,
                            note_new(NOTE_PATCH, 0, (int64_t)offset, slice_of(bytes, len)));
        return;
    }
    append(encoding, bytes, len);
    encoding->encoded_bytes += len;
}

static void send_note(struct encoding *encoding, enum note_kind kind, uint64_t value) {
    disk_file_send_note(encoding->file, note_new(kind, 0, (int64_t)value, SLICE_NONE));
}

static void close_file(struct encoding *encoding, struct slice end, int64_t at_ms) {
    disk_file_send_note(encoding->file, note_new(NOTE_CLOSE, at_ms, 0, end));
    encoding->file = NULL;
}

static void tell_frames(struct encoding *encoding) {
    if (encoding->codec)
        send_note(encoding, NOTE_FRAMES, encoding->frames);
}

/* Closes the file. A stream that lost bytes continues in a new file later. */
static void end_file(struct encoding *encoding, struct slice end, int64_t at_ms) {
    if (!encoding->codec)
        return;
    encoding->type->close(encoding->codec);
    encoding->codec = NULL;
    hand_over(encoding);
    send_note(encoding, NOTE_FRAMES, encoding->frames);
    close_file(encoding, end, at_ms);
    encoding->past_frames += encoding->frames;
}

static int64_t elapsed_ms(const struct encoding *encoding) {
    return (int64_t)(encoding->past_frames * 1000 / encoding->info.rate_hz) + encoding->paused_ms;
}

static void begin_file(struct encoding *encoding) {
    struct encode_pool *pool = encoding->encoder->pool;
    struct recording_info next = encoding->info;
    next.started_ms += elapsed_ms(encoding);
    encoding->file = disk_file_new(pool->thread, &next);
    encoding->is_broken = false;
    encoding->frames = 0;
    encoding->encoded_bytes = 0;
    encoding->retry_frames = 0;
    int err = encoding->type->open(&encoding->codec, next.rate_hz, next.channels,
                                   pool->thread->settings.opus_bps, on_encoded, encoding);
    if (err) {
        log_error("encode", "cannot encode a recording", log_errno(err));
        close_file(encoding, SLICE("lost"), 0);
    }
}

static bool is_ready(struct encoding *encoding) {
    if (encoding->codec && (encoding->is_broken || disk_file_is_broken(encoding->file))) {
        encoding->is_broken = true;
        end_file(encoding, SLICE("lost"), 0);
    }
    if (!encoding->codec &&
        encoding->retry_frames >= (uint64_t)encoding->info.rate_hz * RETRY_MS / 1000)
        begin_file(encoding);
    return encoding->codec != NULL;
}

static void feed(struct encoding *encoding, const int16_t *pcm, size_t frames) {
    if (!is_ready(encoding)) {
        encoding->past_frames += frames;
        encoding->retry_frames += frames;
        return;
    }
    if (encoding->type->feed(encoding->codec, pcm, frames))
        encoding->is_broken = true;
    encoding->frames += frames;
}

static void feed_silence(struct encoding *encoding, uint64_t frames) {
    static const int16_t zeros[SILENCE_FRAMES * 2];
    if (frames > 0 && encoding->codec) {
        tell_frames(encoding);
        send_note(encoding, NOTE_GAP, frames);
    }
    while (frames > 0) {
        size_t n = frames < SILENCE_FRAMES ? (size_t)frames : SILENCE_FRAMES;
        feed(encoding, zeros, n);
        frames -= n;
    }
}

/* Lists the encoding on its thread, at its first mail. */
static void adopt(struct encoding *encoding) {
    if (list_is_empty(&encoding->node))
        list_add(&encoding->encoder->encodings, &encoding->node);
}

static void encoding_deliver_blocks(struct mail *mail, void *owner) {
    struct disk_block *chain = CONTAINER_OF(mail, struct disk_block, mail);
    struct encoding *encoding = chain->target;
    struct disk_port *port = chain->port;
    adopt(encoding);
    uint64_t before = chain->lost_bytes + chain->silent_bytes;
    feed_silence(encoding, before / frame_bytes(encoding));
    for (const struct disk_block *block = chain; block; block = block->next)
        feed(encoding, (const int16_t *)(const void *)block->data,
             block->len / frame_bytes(encoding));
    hand_over(encoding);
    tell_frames(encoding);
    disk_port_leave(port, chain_bytes(chain));
    disk_port_give(chain);
}

static void free_encoding(struct encoding *encoding) {
    recording_info_free(&encoding->info);
    atomic_fetch_sub(&encoding->encoder->pool->tracks, 1);
    list_remove(&encoding->node);
    mem_free(encoding);
}

static void track_pause(struct encoding *encoding, const struct note *note) {
    if (note->kind == NOTE_PAUSE) {
        encoding->paused_from_ms = note->at_ms;
    } else if (note->kind == NOTE_RESUME && encoding->paused_from_ms) {
        encoding->paused_ms += note->at_ms - encoding->paused_from_ms;
        encoding->paused_from_ms = 0;
        encoding->has_resumed = true;
    } else if (note->kind == NOTE_PLACE && encoding->has_resumed) {
        encoding->paused_ms += note->value;
    } else if (note->kind == NOTE_PLACE) {
        encoding->info.started_ms += note->value;
    }
}

static void encoding_deliver_note(struct mail *mail, void *owner) {
    struct note *note = CONTAINER_OF(mail, struct note, mail);
    struct encoding *encoding = note->target;
    adopt(encoding);
    if (note->kind == NOTE_CLOSE) {
        end_file(encoding, slice_of(note->text, note->len), note->at_ms);
        free_encoding(encoding);
        mem_free(note);
        return;
    }
    track_pause(encoding, note);
    if (note->kind == NOTE_RENAME) {
        struct slice text = slice_of(note->text, note->len);
        recording_info_rename(&encoding->info, slice_take(text, (size_t)note->value),
                              slice_skip(text, (size_t)note->value));
    }
    if (note->kind == NOTE_DOUBT)
        encoding->info.doubts |= (uint32_t)note->value;
    if (note->kind == NOTE_DELAY)
        recording_info_delay(&encoding->info, (unsigned)note->value);
    tell_frames(encoding);
    if (encoding->file)
        disk_file_send_note(encoding->file, note);
    else
        mem_free(note);
}

struct encoding *encode_pool_try_start(struct encode_pool *pool,
                                       const struct recording_info *info) {
    if (atomic_fetch_add(&pool->tracks, 1) >= pool->thread->settings.encode_max) {
        atomic_fetch_sub(&pool->tracks, 1);
        return NULL;
    }
    struct encoding *encoding = mem_alloc(sizeof *encoding);
    list_init(&encoding->node);
    encoding->encoder = &pool->encoders[atomic_fetch_add(&pool->next, 1) % pool->encoder_count];
    encoding->chain.port = encoding->encoder->port;
    encoding->type = format_find(info->format)->id == RECORD_FLAC ? &codec_flac : &codec_opus;
    encoding->info = *info;
    recording_info_own(&encoding->info);
    encoding->retry_frames = UINT64_MAX / 2; /* the first file is due at once */
    return encoding;
}

void encoding_send_blocks(struct encoding *encoding, struct disk_block *chain) {
    chain->target = encoding;
    chain->mail.deliver = encoding_deliver_blocks;
    station_send(encoding->encoder->station, &chain->mail);
}

void encoding_send_note(struct encoding *encoding, struct note *note) {
    note->target = encoding;
    note->mail.deliver = encoding_deliver_note;
    station_send(encoding->encoder->station, &note->mail);
}

static int open_encoder(struct encoder *encoder, struct encode_pool *pool, unsigned number) {
    char name[24];
    snprintf(name, sizeof name, "encode%u", number);
    encoder->pool = pool;
    list_init(&encoder->encodings);
    encoder->port = disk_port_new(pool->thread);
    int err = station_open(&encoder->station, encoder);
    return err ? err : station_start(encoder->station, name, NICE);
}

int encode_pool_open(struct encode_pool **out, struct disk_thread *thread) {
    struct encode_pool *pool = mem_alloc(sizeof *pool);
    unsigned count = thread->settings.encode_threads;
    pool->thread = thread;
    pool->encoder_count = count < THREADS_MAX ? count : THREADS_MAX;
    int err = 0;
    for (unsigned i = 0; i < pool->encoder_count && !err; i++)
        err = open_encoder(&pool->encoders[i], pool, i);
    if (err) {
        encode_pool_close(pool);
        encode_pool_free(pool);
        return err;
    }
    *out = pool;
    return 0;
}

void encode_pool_close(struct encode_pool *pool) {
    for (unsigned i = 0; pool && i < pool->encoder_count; i++) {
        struct encoder *encoder = &pool->encoders[i];
        station_end(encoder->station);
        /* The thread has ended, so encodings that were never closed are ended here. */
        while (encoder->port && !list_is_empty(&encoder->encodings)) {
            struct encoding *encoding =
                CONTAINER_OF(encoder->encodings.next, struct encoding, node);
            end_file(encoding, SLICE("shutdown"), 0);
            free_encoding(encoding);
        }
    }
}

void encode_pool_free(struct encode_pool *pool) {
    for (unsigned i = 0; pool && i < pool->encoder_count; i++) {
        station_close(pool->encoders[i].station);
        disk_port_free(pool->encoders[i].port);
    }
    mem_free(pool);
}
