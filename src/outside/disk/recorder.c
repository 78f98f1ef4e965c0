#include "outside/disk/recorder.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/disk/chain.h"
#include "outside/disk/disk_file.h"
#include "outside/disk/disk_thread.h"
#include "outside/disk/encode_pool.h"

#include <assert.h>

enum {
    FLUSH_MS = 1000,
    BATCH_BYTES_MAX = 2 * DISK_BLOCK_BYTES,
    PAGE_BYTES = 4096,
    ZEROS_MIN_BYTES = DISK_BLOCK_BYTES, /* shorter runs of zeros are copied */
    ZEROS_DEPTH_MAX = 8192,             /* jobs; more of them mean that the disk has stalled */
};

struct recorder {
    struct disk_thread *thread;
    struct disk_port *port;
    struct disk_file *file;    /* where blocks and notes go, or */
    struct encoding *encoding; /* ... here, and this is not NULL */
    struct chain chain;        /* not yet handed over */
    uint64_t zero_bytes;       /* or, instead, digital silence, which is only counted */
    size_t batch_bytes;        /* the size of a batch: half a second or less */
    size_t next_batch_bytes;   /* of this batch: less, when it begins between two boundaries */
    size_t phase_bytes;        /* offset of the boundaries, so that tracks take turns */
    uint64_t file_bytes;       /* in the file before the chain, header included */
    int64_t since_ms;          /* the first tick after the first of these bytes; 0: none yet */
    uint64_t lost_bytes;       /* did not fit into the queue; sent along with the next batch */
    uint64_t silent_bytes;     /* go before the next batch */
    uint64_t total_bytes;
    uint64_t owed_frames; /* of gaps that could not be taken back; less is put in the next time */
    uint16_t frame_bytes; /* 1 for video */
    bool counts_zeros;    /* true for WAV, whose file may have holes */
    bool is_stream;       /* encoded audio: a hole ends it, */
    bool is_cut;          /* ... as it has */
    bool is_full;         /* the queue was full, and that was logged */
};

/*
 * Half a second, but at most 32 KiB a track. Twice that would save the disk thread a tenth of its
 * work and cost every track 16 KiB.
 */
static size_t batch_size(const struct recording_info *info) {
    size_t half_second = (size_t)info->rate_hz * info->channels;
    bool is_small = half_second <= DISK_BLOCK_BYTES && !format_is_video(info->format);
    return is_small ? DISK_BLOCK_BYTES : BATCH_BYTES_MAX;
}

static uint64_t head_bytes(const struct recorder *recorder) {
    return recorder->counts_zeros ? wav_header_bytes(recorder->thread->settings.wav_layout) : 0;
}

/*
 * The encoders for a compressed format. When they have enough tracks, or for other formats, a file.
 */
static void choose_target(struct recorder *recorder, const struct recording_info *info) {
    struct disk_thread *thread = recorder->thread;
    struct recording_info plain = *info;
    enum record_format format = format_find(info->format)->id;
    if (format == RECORD_FLAC || format == RECORD_OPUS) {
        if (thread->encode_pool)
            recorder->encoding = encode_pool_try_start(thread->encode_pool, info);
        if (recorder->encoding)
            return;
        log_limited(LOG_WARN, 1, NULL, "recorder",
                    "too many tracks are being encoded; this one is recorded as WAV",
                    log_slice("format", info->format));
        format = RECORD_WAV;
        plain.format = format_name(format);
    }
    recorder->file = disk_file_new(thread, &plain);
    recorder->counts_zeros = format == RECORD_WAV;
}

/*
 * Batches end at multiples of their size, shifted by a phase of whole pages. So no page is written
 * in two pieces, and tracks that began together do not all hand over in the same tick.
 */
static void begin_batch(struct recorder *recorder) {
    recorder->since_ms = 0;
    recorder->next_batch_bytes =
        recorder->batch_bytes -
        (recorder->file_bytes + recorder->phase_bytes) % recorder->batch_bytes;
    assert(recorder->next_batch_bytes % recorder->frame_bytes == 0);
}

static struct recorder *recorder_new(struct disk_port *port) {
    struct recorder *recorder = mem_alloc(sizeof *recorder);
    recorder->thread = disk_port_thread(port);
    recorder->port = recorder->chain.port = port;
    return recorder;
}

static void batches_begin(struct recorder *recorder, const struct recording_info *info) {
    recorder->batch_bytes = batch_size(info);
    recorder->file_bytes = head_bytes(recorder);
    recorder->phase_bytes =
        disk_port_next_number(recorder->port) * PAGE_BYTES % recorder->batch_bytes;
    begin_batch(recorder);
}

struct recorder *recorder_open(struct disk_port *port, const struct recording_info *info) {
    struct recorder *recorder = recorder_new(port);
    choose_target(recorder, info);
    recorder->frame_bytes =
        format_is_video(info->format) ? 1 : (uint16_t)(info->channels * sizeof(int16_t));
    batches_begin(recorder, info);
    return recorder;
}

struct recorder *recorder_open_stream(struct disk_port *port, const struct recording_info *info) {
    struct recorder *recorder = recorder_new(port);
    recorder->file = disk_file_new(recorder->thread, info);
    recorder->frame_bytes = 1;
    recorder->is_stream = true;
    batches_begin(recorder, info);
    return recorder;
}

/* The file ends behind the last page that got through. */
static void cut_stream(struct recorder *recorder) {
    if (!recorder->is_cut)
        disk_file_send_note(recorder->file, note_new(NOTE_BROKEN, 0, 0, SLICE_NONE));
    recorder->is_cut = true;
    disk_port_give(chain_take(&recorder->chain));
}

static void drop_batch(struct recorder *recorder) {
    struct disk_stats *stats = &recorder->thread->stats;
    if (!recorder->is_full)
        log_warn("recorder", "disk too slow: its queue is full and audio becomes a gap",
                 log_int("queueBytes", (int64_t)atomic_load(&stats->queued_bytes)));
    recorder->is_full = true;
    disk_count(&stats->gap_bytes, recorder->chain.bytes);
    if (recorder->is_stream) {
        cut_stream(recorder);
        return;
    }
    recorder->lost_bytes += recorder->silent_bytes + recorder->chain.bytes;
    recorder->silent_bytes = 0;
    disk_port_give(chain_take(&recorder->chain));
}

static void send_batch(struct recorder *recorder) {
    struct disk_block *first = chain_take(&recorder->chain);
    first->lost_bytes = recorder->lost_bytes;
    first->silent_bytes = recorder->silent_bytes;
    recorder->lost_bytes = 0;
    recorder->silent_bytes = 0;
    recorder->is_full = false;
    if (recorder->encoding)
        encoding_send_blocks(recorder->encoding, first);
    else
        disk_file_send_blocks(recorder->file, first);
}

static void hand_over(struct recorder *recorder) {
    recorder->file_bytes += recorder->chain.bytes;
    if (!recorder->is_cut && disk_port_try_enter(recorder->port, recorder->chain.bytes))
        send_batch(recorder);
    else
        drop_batch(recorder);
    begin_batch(recorder);
}

/* Sends silence and losses that wait for a batch, in an empty one if need be. */
static void catch_up(struct recorder *recorder) {
    if (recorder->silent_bytes > 0 || recorder->lost_bytes > 0)
        chain_begin(&recorder->chain);
    if (recorder->chain.first)
        hand_over(recorder);
}

static void send_bare_note(struct recorder *recorder, enum note_kind kind, int64_t at_ms,
                           int64_t value, struct slice text) {
    struct note *note = note_new(kind, at_ms, value, text);
    if (recorder->encoding)
        encoding_send_note(recorder->encoding, note);
    else
        disk_file_send_note(recorder->file, note);
}

/* A note about zeros takes memory, counting them takes none: no notes for a stalled disk. */
static bool may_tell_zeros(const struct recorder *recorder) {
    return station_depth(recorder->thread->station) < ZEROS_DEPTH_MAX;
}

static void hand_over_zeros(struct recorder *recorder) {
    if (may_tell_zeros(recorder)) {
        catch_up(recorder);
        send_bare_note(recorder, NOTE_ZEROS, 0, (int64_t)recorder->zero_bytes, SLICE_NONE);
    } else { /* a gap is filled with zeros as well */
        recorder->lost_bytes += recorder->silent_bytes + recorder->zero_bytes;
        recorder->silent_bytes = 0;
    }
    recorder->file_bytes += recorder->zero_bytes;
    recorder->zero_bytes = 0;
    begin_batch(recorder);
}

static void flush(struct recorder *recorder) {
    if (recorder->zero_bytes > 0)
        hand_over_zeros(recorder);
    else if (recorder->chain.first)
        hand_over(recorder);
}

/* `from` NULL: zeros. */
static void copy(struct recorder *recorder, const uint8_t *from, size_t len) {
    while (len > 0) {
        size_t left = recorder->next_batch_bytes - recorder->chain.bytes;
        size_t n = len < left ? len : left;
        chain_append(&recorder->chain, from, n);
        from = from ? from + n : NULL;
        len -= n;
        if (recorder->chain.bytes == recorder->next_batch_bytes)
            hand_over(recorder);
    }
}

/* Sound ends a run of zeros. */
static void end_zeros(struct recorder *recorder) {
    uint64_t zeros = recorder->zero_bytes;
    if (zeros >= ZEROS_MIN_BYTES) {
        hand_over_zeros(recorder);
    } else {
        recorder->zero_bytes = 0;
        copy(recorder, NULL, (size_t)zeros);
    }
}

void recorder_append(struct recorder *recorder, const void *bytes, size_t len) {
    assert(len % recorder->frame_bytes == 0);
    recorder->total_bytes += len;
    if (recorder->counts_zeros && !recorder->chain.first && slice_is_zero(slice_of(bytes, len))) {
        recorder->zero_bytes += len;
        return;
    }
    if (recorder->zero_bytes > 0)
        end_zeros(recorder);
    copy(recorder, bytes, len);
}

void recorder_silence(struct recorder *recorder, uint64_t frames) {
    flush(recorder);
    recorder->silent_bytes += frames * recorder->frame_bytes;
    recorder->file_bytes += frames * recorder->frame_bytes;
    begin_batch(recorder);
}

/* For a stream that cannot be changed any more. */
static void shift_encoded(struct recorder *recorder, int64_t frames) {
    if (frames < 0) {
        recorder->owed_frames += (uint64_t)-frames;
        return;
    }
    uint64_t gap = (uint64_t)frames;
    uint64_t paid = gap < recorder->owed_frames ? gap : recorder->owed_frames;
    recorder->owed_frames -= paid;
    if (gap > paid)
        recorder_silence(recorder, gap - paid);
}

void recorder_shift(struct recorder *recorder, uint64_t tail_frames, int64_t frames) {
    if (recorder->encoding) {
        shift_encoded(recorder, frames);
        return;
    }
    flush(recorder);
    catch_up(recorder);
    int64_t bytes = frames * recorder->frame_bytes;
    uint64_t tail = tail_frames * recorder->frame_bytes;
    recorder->file_bytes += (uint64_t)bytes;
    begin_batch(recorder);
    /* With a full queue, lost bytes are still here, behind everything that the disk thread has. */
    int64_t lost = (int64_t)recorder->lost_bytes;
    if (lost > 0) {
        int64_t here = bytes > -lost ? bytes : -lost;
        recorder->lost_bytes = (uint64_t)(lost + here);
        bytes -= here;
        tail = 0;
    }
    if (bytes != 0)
        send_bare_note(recorder, NOTE_SHIFT, 0, bytes, slice_of(&tail, sizeof tail));
}

/* Sends what came before, so that the note keeps its place among the bytes. */
static void send_note(struct recorder *recorder, enum note_kind kind, int64_t at_ms, int64_t value,
                      struct slice text) {
    flush(recorder);
    catch_up(recorder);
    send_bare_note(recorder, kind, at_ms, value, text);
}

void recorder_pause(struct recorder *recorder, int64_t at_ms) {
    send_note(recorder, NOTE_PAUSE, at_ms, 0, SLICE_NONE);
}

void recorder_resume(struct recorder *recorder, int64_t at_ms) {
    send_note(recorder, NOTE_RESUME, at_ms, 0, SLICE_NONE);
}

void recorder_place(struct recorder *recorder, int64_t by_ms) {
    send_note(recorder, NOTE_PLACE, 0, by_ms, SLICE_NONE);
}

void recorder_doubt(struct recorder *recorder, enum doubt doubt) {
    send_note(recorder, NOTE_DOUBT, 0, doubt_bit(doubt), SLICE_NONE);
}

void recorder_delay(struct recorder *recorder, unsigned delay_ms) {
    send_note(recorder, NOTE_DELAY, 0, delay_ms, SLICE_NONE);
}

void recorder_drift(struct recorder *recorder, int64_t drift_ms) {
    send_note(recorder, NOTE_DRIFT, 0, drift_ms, SLICE_NONE);
}

void recorder_frames(struct recorder *recorder, uint64_t frames) {
    send_note(recorder, NOTE_FRAMES, 0, (int64_t)frames, SLICE_NONE);
}

void recorder_gap(struct recorder *recorder, uint64_t frames) {
    send_note(recorder, NOTE_GAP, 0, (int64_t)frames, SLICE_NONE);
}

void recorder_patch(struct recorder *recorder, uint64_t offset, const void *bytes, size_t len) {
    uint64_t flushed = recorder->total_bytes - recorder->chain.bytes;
    if (offset < flushed || !recorder->chain.first)
        send_note(recorder, NOTE_PATCH, 0, (int64_t)offset, slice_of(bytes, len));
    else /* still in our hands */
        chain_patch(&recorder->chain, offset - flushed, bytes, len);
}

void recorder_rename(struct recorder *recorder, struct slice meeting, struct slice name) {
    struct buf both = {0};
    buf_add_slice(&both, meeting);
    buf_add_slice(&both, name);
    send_note(recorder, NOTE_RENAME, 0, (int64_t)meeting.len, buf_slice(&both));
    buf_free(&both);
}

void recorder_tick(struct recorder *recorder, int64_t mono_ms) {
    if (!recorder->chain.first && recorder->zero_bytes == 0)
        return;
    if (recorder->since_ms == 0)
        recorder->since_ms = mono_ms;
    else if (mono_ms - recorder->since_ms >= FLUSH_MS &&
             (recorder->zero_bytes == 0 || may_tell_zeros(recorder)))
        flush(recorder);
}

void recorder_close(struct recorder *recorder, enum recorder_end end, int64_t at_ms) {
    if (!recorder)
        return;
    static const char *const ends[] = {
        [RECORDER_CLOSED] = "closed",
        [RECORDER_LOST] = "lost",
        [RECORDER_TIMEOUT] = "timeout",
        [RECORDER_SHUTDOWN] = "shutdown",
    };
    send_note(recorder, NOTE_CLOSE, at_ms, 0, slice_from(ends[end]));
    mem_free(recorder);
}

bool recorder_is_broken(const struct recorder *recorder) {
    return recorder->is_cut || (recorder->file && disk_file_is_broken(recorder->file));
}
