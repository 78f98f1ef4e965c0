#include "outside/disk/encode.h"

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/disk/codec.h"
#include "outside/disk/disk_part.h"
#include "outside/disk/disk_private.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    NICE = 10,
    THREADS_MAX = 16,
    SILENCE_FRAMES = 4096,
    RETRY_MS = 2000,
    BATCH_BYTES_MAX = 6 * BLOCK_BYTES
};

struct bench { /* one thread at work */
    struct encode *encode;
    struct station *station;
    struct disk_port *port; /* where encoded bytes leave */
    struct list encodings;
};

struct encode {
    struct disk *disk;
    struct encode_config config;
    struct bench benches[THREADS_MAX];
    atomic_uint tracks;
    atomic_uint next; /* bench to be given the next track */
};

struct encoding {
    struct list node; /* on its bench */
    struct bench *bench;
    const struct codec_type *type;
    struct recording_info info; /* owns its texts */
    struct codec *codec;        /* NULL: none since the disk lost bytes of the last one */
    struct disk_file *file;
    struct block *first, *last; /* encoded, not yet handed over */
    size_t bytes;
    uint64_t encoded_bytes; /* given to the file so far */
    uint64_t frames;        /* in this file */
    uint64_t past_frames;   /* in files before, or lost between them */
    int64_t paused_ms;
    int64_t paused_from_ms; /* 0: not paused */
    uint64_t
        retry_frames; /* lost since the last failure; a new file is tried after a while of them */
    bool is_broken;   /* bytes of this file were lost */
};

static uint64_t frame_bytes(const struct encoding *encoding) {
    return encoding->info.channels * sizeof(int16_t);
}

static void hand_over(struct encoding *encoding) {
    if (!encoding->first)
        return;
    if (queue_try_enter(encoding->bench->port, encoding->bytes)) {
        disk_file_send_blocks(encoding->file, encoding->first);
    } else {
        if (!encoding->is_broken)
            log_warn("encode",
                     "the disk is too slow: its queue is full and a recording breaks off");
        disk_count(&disk_stats(encoding->bench->encode->disk)->gap_bytes, encoding->bytes);
        block_give(encoding->first);
        encoding->is_broken = true;
    }
    encoding->first = encoding->last = NULL;
    encoding->bytes = 0;
}

static void add_block(struct encoding *encoding) {
    struct block *block = block_take(encoding->bench->port);
    if (encoding->last)
        encoding->last->next = block;
    else
        encoding->first = block;
    encoding->last = block;
}

static void append(struct encoding *encoding, const uint8_t *from, size_t len) {
    while (len > 0) {
        if (!encoding->last || encoding->last->len == BLOCK_BYTES)
            add_block(encoding);
        struct block *block = encoding->last;
        size_t room = BLOCK_BYTES - block->len, n = len < room ? len : room;
        memcpy(block->data + block->len, from, n);
        block->len += (uint32_t)n;
        encoding->bytes += n;
        from += n;
        len -= n;
        if (encoding->bytes >= BATCH_BYTES_MAX)
            hand_over(encoding);
    }
}

static void on_encoded(void *arg, uint64_t offset, const void *bytes, size_t len) {
    struct encoding *encoding = arg;
    if (encoding->is_broken)
        return;
    if (offset < encoding->encoded_bytes) { /* a header that is completed at the end */
        hand_over(encoding);
        disk_file_send_note(encoding->file,
                            note_new(NULL, NOTE_PATCH, 0, (int64_t)offset, slice_of(bytes, len)));
        return;
    }
    append(encoding, bytes, len);
    encoding->encoded_bytes += len;
}

static void send_note(struct encoding *encoding, enum note_kind kind, int64_t at_ms,
                      int64_t value) {
    disk_file_send_note(encoding->file, note_new(NULL, kind, at_ms, value, SLICE_NONE));
}

static void tell_frames(struct encoding *encoding) {
    if (encoding->codec)
        send_note(encoding, NOTE_FRAMES, 0, (int64_t)encoding->frames);
}

/* A file that lost bytes is closed where it broke; the stream goes on in a new one after a while. */
static void end_file(struct encoding *encoding, enum recorder_end end, int64_t at_ms) {
    if (!encoding->codec)
        return;
    encoding->type->close(encoding->codec);
    encoding->codec = NULL;
    hand_over(encoding);
    send_note(encoding, NOTE_FRAMES, 0, (int64_t)encoding->frames);
    send_note(encoding, NOTE_CLOSE, at_ms, end);
    encoding->file = NULL;
    encoding->past_frames += encoding->frames;
}

static int64_t elapsed_ms(const struct encoding *encoding) {
    return (int64_t)(encoding->past_frames * 1000 / encoding->info.rate_hz) + encoding->paused_ms;
}

static void begin_file(struct encoding *encoding) {
    const struct encode_config *config = &encoding->bench->encode->config;
    struct recording_info next = encoding->info;
    next.started_ms += elapsed_ms(encoding);
    encoding->file = disk_file_new(encoding->bench->encode->disk, &next);
    encoding->is_broken = false;
    encoding->frames = 0;
    encoding->encoded_bytes = 0;
    encoding->retry_frames = 0;
    int err = encoding->type->open(&encoding->codec, next.rate_hz, next.channels, config->opus_bps,
                                   on_encoded, encoding);
    if (err) {
        log_error("encode", "a recording cannot be encoded", log_errno(err));
        send_note(encoding, NOTE_CLOSE, 0, RECORDER_LOST);
        encoding->file = NULL;
    }
}

static bool is_ready(struct encoding *encoding) {
    if (encoding->codec && (encoding->is_broken || disk_file_is_broken(encoding->file))) {
        encoding->is_broken = true;
        end_file(encoding, RECORDER_LOST, 0);
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
        send_note(encoding, NOTE_GAP, 0, (int64_t)frames);
    }
    while (frames > 0) {
        size_t n = frames < SILENCE_FRAMES ? (size_t)frames : SILENCE_FRAMES;
        feed(encoding, zeros, n);
        frames -= n;
    }
}

/* The first mail makes the encoding known to its thread. */
static void adopt(struct encoding *encoding) {
    if (list_is_empty(&encoding->node))
        list_add(&encoding->bench->encodings, &encoding->node);
}

static void deliver_blocks(struct mail *mail, void *owner) {
    struct block *chain = CONTAINER_OF(mail, struct block, mail);
    struct encoding *encoding = chain->target;
    struct disk_port *port = chain->port;
    adopt(encoding);
    uint64_t before = chain->lost_bytes + chain->silent_bytes;
    feed_silence(encoding, before / frame_bytes(encoding));
    size_t bytes = 0;
    for (const struct block *block = chain; block; block = block->next) {
        feed(encoding, (const int16_t *)(const void *)block->data,
             block->len / frame_bytes(encoding));
        bytes += block->len;
    }
    hand_over(encoding);
    tell_frames(encoding);
    queue_leave(port, bytes);
    block_give(chain);
}

static void free_encoding(struct encoding *encoding) {
    recording_info_free(&encoding->info);
    atomic_fetch_sub(&encoding->bench->encode->tracks, 1);
    list_remove(&encoding->node);
    mem_free(encoding);
}

static void track_pause(struct encoding *encoding, const struct note *note) {
    if (note->kind == NOTE_PAUSE) {
        encoding->paused_from_ms = note->at_ms;
    } else if (note->kind == NOTE_RESUME && encoding->paused_from_ms) {
        encoding->paused_ms += note->at_ms - encoding->paused_from_ms;
        encoding->paused_from_ms = 0;
    }
}

static void deliver_note(struct mail *mail, void *owner) {
    struct note *note = CONTAINER_OF(mail, struct note, mail);
    struct encoding *encoding = note->target;
    adopt(encoding);
    if (note->kind == NOTE_CLOSE) {
        end_file(encoding, (enum recorder_end)note->value, note->at_ms);
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
    tell_frames(encoding);
    if (encoding->file)
        disk_file_send_note(encoding->file, note);
    else
        mem_free(note);
}

struct encoding *encode_try_start(struct encode *encode, const struct recording_info *info) {
    if (atomic_fetch_add(&encode->tracks, 1) >= encode->config.max_tracks) {
        atomic_fetch_sub(&encode->tracks, 1);
        return NULL;
    }
    struct encoding *encoding = mem_alloc(sizeof *encoding);
    list_init(&encoding->node);
    encoding->bench = &encode->benches[atomic_fetch_add(&encode->next, 1) % encode->config.threads];
    encoding->type = format_find(info->format)->id == RECORD_FLAC ? &codec_flac : &codec_opus;
    encoding->info = *info;
    recording_info_own(&encoding->info);
    encoding->retry_frames = UINT64_MAX / 2; /* the first file is due at once */
    return encoding;
}

void encoding_send_blocks(struct encoding *encoding, struct block *chain) {
    chain->target = encoding;
    chain->mail.deliver = deliver_blocks;
    station_send(encoding->bench->station, &chain->mail);
}

void encoding_send_note(struct encoding *encoding, struct note *note) {
    note->target = encoding;
    note->mail.deliver = deliver_note;
    station_send(encoding->bench->station, &note->mail);
}

static int open_bench(struct bench *bench, struct encode *encode, unsigned number) {
    char name[24];
    snprintf(name, sizeof name, "encode%u", number);
    bench->encode = encode;
    list_init(&bench->encodings);
    bench->port = disk_port_open(encode->disk);
    int err = station_open(&bench->station, bench);
    return err ? err : station_start(bench->station, name, NICE);
}

int encode_open(struct encode **out, struct disk *disk, const struct encode_config *config) {
    struct encode *encode = mem_alloc(sizeof *encode);
    encode->disk = disk;
    encode->config = *config;
    if (encode->config.threads > THREADS_MAX)
        encode->config.threads = THREADS_MAX;
    int err = 0;
    for (unsigned i = 0; i < encode->config.threads && !err; i++)
        err = open_bench(&encode->benches[i], encode, i);
    if (err) {
        encode_close(encode);
        encode_free(encode);
        return err;
    }
    *out = encode;
    return 0;
}

void encode_close(struct encode *encode) {
    if (!encode)
        return;
    for (unsigned i = 0; i < encode->config.threads; i++) {
        struct bench *bench = &encode->benches[i];
        station_end(bench->station);
        /* The thread is gone: what nobody closed is ours to end. */
        while (bench->port && !list_is_empty(&bench->encodings)) {
            struct encoding *encoding = CONTAINER_OF(bench->encodings.next, struct encoding, node);
            end_file(encoding, RECORDER_SHUTDOWN, 0);
            free_encoding(encoding);
        }
    }
}

void encode_free(struct encode *encode) {
    if (!encode)
        return;
    for (unsigned i = 0; i < encode->config.threads; i++) {
        station_close(encode->benches[i].station);
        disk_port_close(encode->benches[i].port);
    }
    mem_free(encode);
}
