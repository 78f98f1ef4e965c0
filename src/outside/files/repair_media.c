#include "outside/files/repair_media.h"

#include "base/little.h"
#include "base/mem.h"
#include "outside/files/file.h"
#include "wire/media/ivf.h"
#include "wire/media/wav.h"

#include <errno.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, HEADER_SEARCH_BYTES = 64 * 1024 };

/* Parses up to the samples, past other chunks. */
static int find_samples(int fd, struct wav_parser *parser, enum wav_result *result) {
    uint8_t bytes[512];
    *result = WAV_MORE;
    for (size_t total = 0; *result == WAV_MORE && total < HEADER_SEARCH_BYTES;) {
        parser->offset += parser->skip; /* seek instead of reading */
        parser->skip = 0;
        size_t got;
        int err = file_read_at(fd, bytes, sizeof bytes, parser->offset, &got);
        if (err)
            return err;
        if (got == 0)
            break;
        total += wav_parse(parser, bytes, got, result);
    }
    return 0;
}

/* A finished file, and behind it what some program has added. */
static bool has_tag(int fd, const struct wav_info *info, uint64_t file_bytes) {
    uint8_t tail[WAV_TAG_BYTES] = {0};
    size_t got;
    bool is_shorter = info->data_bytes > 0 && info->data_bytes < file_bytes - info->data_offset;
    return is_shorter &&
           !file_read_at(fd, tail, sizeof tail, info->data_offset + info->data_bytes, &got) &&
           wav_is_tag(tail);
}

static int carry_out(int fd, const struct wav_repair *plan, uint64_t file_bytes) {
    if (plan->file_bytes < file_bytes && ftruncate(fd, (off_t)plan->file_bytes))
        return errno;
    int err = 0;
    for (size_t i = 0; i < plan->patch_count && !err; i++)
        err = file_write_at(fd, plan->patches[i].bytes, plan->patches[i].len,
                            plan->patches[i].offset);
    return err;
}

int repair_wav(int fd, uint64_t file_bytes, bool dry, struct media *media) {
    struct wav_parser parser = {0};
    enum wav_result result;
    int err = find_samples(fd, &parser, &result);
    if (err)
        return err;
    *media = (struct media){0};
    if (result == WAV_MORE && file_bytes < WAV_CANONICAL_BYTES) {
        media->is_empty = true;
        return 0;
    }
    if (result != WAV_DONE)
        return EINVAL;

    const struct wav_info *info = &parser.info;
    struct wav_repair plan;
    media->is_changed = !has_tag(fd, info, file_bytes) && wav_plan_repair(info, file_bytes, &plan);
    if (media->is_changed && !dry)
        err = carry_out(fd, &plan, file_bytes);
    media->offset = info->data_offset;
    media->bytes = media->is_changed ? plan.data_bytes : info->data_bytes;
    media->frames = media->bytes / info->format.frame_bytes;
    media->rate_hz = info->format.rate_hz;
    media->channels = info->format.channels;
    return err;
}

struct ivf_walk {
    struct ivf_parser parser;
    uint64_t whole_pts; /* of the last frame before the first empty one */
    uint64_t whole_end; /* behind the last frame before the first empty one */
    uint64_t whole_frames;
    bool has_empty;
};

static void ivf_walk_on_frame(struct ivf_walk *walk) {
    walk->has_empty |= walk->parser.frame_bytes == 0;
    if (walk->has_empty)
        return;
    walk->whole_end = walk->parser.end;
    walk->whole_frames = walk->parser.frames;
    walk->whole_pts = walk->parser.pts;
}

/* Senders' containers may hold the count of frames, or a length that is rounded otherwise. */
static bool is_length(const struct ivf_parser *parser, uint32_t length, uint64_t frames) {
    uint32_t said = parser->header.length;
    uint32_t off = said > length ? said - length : length - said;
    return said == frames || off <= length / frames;
}

static int walk_ivf(int fd, uint64_t file_bytes, struct ivf_walk *walk) {
    uint8_t *bytes = mem_alloc_raw(READ_BYTES);
    enum ivf_result result = IVF_MORE;
    int err = 0;
    while (!err && result != IVF_BAD && walk->parser.offset < file_bytes) {
        ivf_skip(&walk->parser, file_bytes - walk->parser.offset, &result);
        if (result == IVF_FRAME)
            ivf_walk_on_frame(walk);
        size_t got = 0;
        err = file_read_at(fd, bytes, READ_BYTES, walk->parser.offset, &got);
        if (got == 0)
            break;
        for (size_t used = 0; used < got && result != IVF_BAD;) {
            used += ivf_parse(&walk->parser, bytes + used, got - used, &result);
            if (result == IVF_HEADER)
                walk->whole_end = walk->parser.end;
            else if (result == IVF_FRAME)
                ivf_walk_on_frame(walk);
        }
    }
    mem_free(bytes);
    return err;
}

/*
 * Our writer sets a frame's length when the frame is complete. So an empty frame was cut off while
 * being written, unless all frames fit the file exactly.
 */
int repair_ivf(int fd, uint64_t file_bytes, bool dry, struct media *media) {
    *media = (struct media){.is_empty = file_bytes < IVF_HEADER_BYTES};
    if (media->is_empty)
        return 0;
    struct ivf_walk walk = {0};
    int err = walk_ivf(fd, file_bytes, &walk);
    if (err)
        return err;
    if (walk.parser.end == 0)
        return EINVAL;
    bool fits = walk.parser.end == file_bytes;
    uint64_t end = fits ? file_bytes : walk.whole_end;
    uint64_t frames = fits ? walk.parser.frames : walk.whole_frames;
    bool is_cut = end < file_bytes;
    uint64_t last_pts = fits ? walk.parser.pts : walk.whole_pts;
    uint32_t length = ivf_length(frames, walk.parser.first_pts, last_pts);
    media->bytes = end;
    media->is_changed = is_cut || (frames > 0 && !is_length(&walk.parser, length, frames));
    if (dry || !media->is_changed)
        return 0;
    if (is_cut && ftruncate(fd, (off_t)end))
        return errno;
    uint8_t bytes[4];
    little_put_u32(bytes, length);
    return file_write_at(fd, bytes, sizeof bytes, IVF_LENGTH_OFFSET);
}

/* H.264 needs no header, and decoders cope with a cut end. */
int repair_h264(int fd, uint64_t file_bytes, bool dry, struct media *media) {
    *media = (struct media){.bytes = file_bytes, .is_empty = file_bytes == 0};
    return 0;
}
