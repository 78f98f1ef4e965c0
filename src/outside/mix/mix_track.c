#include "outside/mix/mix_track.h"

#include "base/buf.h"
#include "base/mem.h"
#include "outside/files/file.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"
#include "outside/mix/mix_file.h"
#include "sound/sinc.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STRETCHES_MAX = SIDECAR_LIST_MAX + 1, SIDECAR_BYTES_MAX = 4 << 20 };

struct mix_track {
    struct mix_file *file;
    struct sinc sinc;
    float *input;
    size_t input_cap;
    size_t count;
    struct mix_stretch stretches[STRETCHES_MAX];
};

/* A sidecar counts in samples as they came; the file may have another rate. */
static uint64_t frame_of(const struct sidecar *sidecar, uint64_t frame, uint32_t rate_hz) {
    uint32_t came_hz = sidecar->info.rate_hz;
    return came_hz == 0 || came_hz == rate_hz
               ? frame
               : (uint64_t)llround((double)frame * rate_hz / came_hz);
}

size_t mix_stretches(const struct sidecar *sidecar, int64_t started_ms, uint64_t frames,
                     uint32_t rate_hz, struct mix_stretch *out, size_t cap) {
    size_t count = 0;
    uint64_t first = 0;
    int64_t at_ms = started_ms;
    for (size_t i = 0; sidecar && i < sidecar->pause_count && count + 1 < cap; i++) {
        const struct sidecar_pause *pause = &sidecar->pauses[i];
        uint64_t at = frame_of(sidecar, pause->at, rate_hz);
        if (at < first || at > frames || pause->to_ms <= pause->from_ms)
            continue;
        if (at > first)
            out[count++] = (struct mix_stretch){at_ms, first, at - first};
        first = at;
        at_ms = pause->to_ms;
    }
    if (frames > first && count < cap)
        out[count++] = (struct mix_stretch){at_ms, first, frames - first};
    return count;
}

/* The sidecar beside the file; false: none yet, or not readable. */
static bool read_sidecar(const struct storage *storage, struct slice path, struct sidecar *out) {
    char folder[STORAGE_FILE_SIZE], file[STORAGE_FILE_SIZE], name[STORAGE_FILE_SIZE];
    struct buf place = {0}, text = {0};
    struct stat stat;
    int fd = -1;
    if (!storage_split_path(path, folder, file))
        return false;
    sidecar_file_name(name, file);
    buf_printf(&place, "%s/%s", folder, name);
    bool is_good = storage_open_file(storage, STORAGE_AUDIO, buf_slice(&place), &fd) == 0 &&
                   fstat(fd, &stat) == 0 && stat.st_size > 0 && stat.st_size < SIDECAR_BYTES_MAX;
    if (is_good) {
        size_t size = (size_t)stat.st_size;
        ssize_t got = pread(fd, buf_reserve(&text, size), size, 0);
        text.len = got > 0 ? (size_t)got : 0;
        is_good = sidecar_parse_json(buf_slice(&text), out) == 0;
    }
    if (fd >= 0)
        close(fd);
    buf_free(&place);
    buf_free(&text);
    return is_good;
}

int mix_track_open(struct mix_track **out, const struct storage *storage, struct slice path,
                   int64_t started_ms) {
    struct sidecar sidecar = {0};
    struct mix_file *file;
    int fd;
    int err = storage_open_file(storage, STORAGE_AUDIO, path, &fd);
    if (!err)
        err = mix_file_open(&file, fd);
    if (err)
        return err;
    bool has_sidecar = read_sidecar(storage, path, &sidecar);
    if (has_sidecar && sidecar.info.started_ms)
        started_ms = sidecar.info.started_ms; /* the row may still be on its way */
    struct mix_track *track = mem_alloc(sizeof *track);
    track->file = file;
    sinc_init(&track->sinc, mix_file_rate_hz(file), MIX_RATE_HZ);
    track->count = mix_stretches(has_sidecar ? &sidecar : NULL, started_ms, mix_file_frames(file),
                                 mix_file_rate_hz(file), track->stretches, STRETCHES_MAX);
    sidecar_free(&sidecar);
    *out = track;
    return 0;
}

void mix_track_close(struct mix_track *track) {
    if (!track)
        return;
    mix_file_close(track->file);
    mem_free(track->input);
    mem_free(track);
}

static int64_t stretch_end_ms(const struct mix_track *track, const struct mix_stretch *stretch) {
    return stretch->at_ms + (int64_t)(stretch->frames * 1000 / mix_file_rate_hz(track->file));
}

int64_t mix_track_until_ms(const struct mix_track *track) {
    return track->count ? stretch_end_ms(track, &track->stretches[track->count - 1]) : 0;
}

/* `start`: the first output as a place in the stretch, in samples of the file. */
static void stretch_add(struct mix_track *track, const struct mix_stretch *stretch, double start,
                        double step, size_t count, float *out) {
    unsigned reach = sinc_reach(&track->sinc);
    int64_t low = (int64_t)floor(start) - (int64_t)reach + 1;
    size_t span = (size_t)ceil((double)count * step) + 2 * reach + 2;
    if (span > track->input_cap) {
        track->input = mem_resize(track->input, span * sizeof *track->input);
        track->input_cap = span;
    }
    mix_file_read(track->file, (int64_t)stretch->first + low, span, track->input);
    /* What lies beyond the stretch in the file is of another time. */
    for (size_t i = 0; i < span; i++)
        if (low + (int64_t)i < 0 || low + (int64_t)i >= (int64_t)stretch->frames)
            track->input[i] = 0;
    for (size_t i = 0; i < count; i++) {
        double place = start + (double)i * step;
        int64_t whole = (int64_t)floor(place);
        out[i] += sinc_at(&track->sinc, track->input + (whole - (int64_t)reach + 1 - low),
                          place - (double)whole);
    }
}

void mix_track_add(struct mix_track *track, int64_t origin_ms, int64_t first, size_t count,
                   float *out) {
    double step = (double)mix_file_rate_hz(track->file) / MIX_RATE_HZ;
    for (size_t i = 0; i < track->count; i++) {
        const struct mix_stretch *stretch = &track->stretches[i];
        int64_t begin = (stretch->at_ms - origin_ms) * (MIX_RATE_HZ / 1000);
        int64_t end = begin + (int64_t)((double)stretch->frames / step);
        int64_t from = begin > first ? begin : first;
        int64_t to = end < first + (int64_t)count ? end : first + (int64_t)count;
        if (from < to)
            stretch_add(track, stretch, (double)(from - begin) * step, step, (size_t)(to - from),
                        out + (from - first));
    }
}
