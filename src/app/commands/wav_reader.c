#include "app/commands/wav_reader.h"

#include "base/little.h"
#include "sound/voice.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 4096 };

static bool is_readable(const struct wav_format *format) {
    bool is_integer = format->tag == WAV_TAG_PCM && format->bits >= 8 && format->bits <= 32 &&
                      format->bits % 8 == 0;
    bool is_float = format->tag == WAV_TAG_FLOAT && format->bits == 32;
    return (is_integer || is_float) && format->channels >= 1 &&
           format->channels <= VOICE_CHANNELS_MAX && format->rate_hz >= VOICE_RATE_MIN_HZ &&
           format->rate_hz <= VOICE_RATE_MAX_HZ &&
           format->frame_bytes == format->channels * format->bits / 8;
}

/* What there is of samples. Writers that died, or could not seek, leave sizes of 0, or others that
 * do not fit the file. */
static uint64_t data_bytes_find(FILE *file, struct wav_info info) {
    struct stat stat;
    if (fstat(fileno(file), &stat) || (uint64_t)stat.st_size < info.data_offset)
        return info.data_bytes;
    uint8_t tail[WAV_TAG_BYTES] = {0};
    uint64_t file_bytes = (uint64_t)stat.st_size;
    if (info.data_bytes > 0 && info.data_bytes < file_bytes - info.data_offset &&
        pread(fileno(file), tail, sizeof tail, (off_t)(info.data_offset + info.data_bytes)) > 0 &&
        wav_is_tag(tail))
        return info.data_bytes;
    struct wav_repair plan;
    info.has_ds64_slot = true; /* nothing is written */
    return wav_plan_repair(&info, file_bytes, &plan) ? plan.data_bytes : info.data_bytes;
}

static bool header_read(struct wav_reader *reader) {
    struct wav_parser parser = {0};
    uint8_t bytes[CHUNK_BYTES];
    enum wav_result result = WAV_MORE;
    while (result == WAV_MORE) {
        size_t have = fread(bytes, 1, sizeof bytes, reader->file);
        if (have == 0)
            return false;
        wav_parse(&parser, bytes, have, &result);
    }
    if (result != WAV_DONE || !is_readable(&parser.info.format) ||
        fseeko(reader->file, (off_t)parser.info.data_offset, SEEK_SET) != 0)
        return false;
    reader->format = parser.info.format;
    reader->bytes_left = data_bytes_find(reader->file, parser.info);
    return true;
}

int wav_reader_open(struct wav_reader *reader, const char *path) {
    reader->file = fopen(path, "rb");
    if (!reader->file)
        return errno;
    if (header_read(reader))
        return 0;
    wav_reader_close(reader);
    return EINVAL;
}

const char *wav_reader_why(int err) {
    return err == EINVAL ? "not a WAV of 1 or 2 channels at 8 to 192 kHz" : strerror(err);
}

void wav_reader_close(struct wav_reader *reader) {
    if (reader->file)
        fclose(reader->file);
    reader->file = NULL;
}

static int16_t sample_of(const struct wav_format *format, const uint8_t *bytes) {
    switch (format->bits) {
    case 8:
        return (int16_t)((bytes[0] - 128) * 256);
    case 16:
        return (int16_t)little_u16(bytes);
    case 24:
        return (int16_t)little_u16(bytes + 1);
    default:
        break;
    }
    if (format->tag == WAV_TAG_PCM)
        return (int16_t)little_u16(bytes + 2);
    uint32_t bits = little_u32(bytes);
    float value;
    memcpy(&value, &bits, sizeof value);
    if (!(value > -1.0f)) /* NaN too */
        return value <= -1.0f ? INT16_MIN : 0;
    return value >= 1.0f ? INT16_MAX : (int16_t)lrintf(value * 32767.0f);
}

size_t wav_reader_read(struct wav_reader *reader, int16_t *out, size_t frames) {
    uint8_t bytes[CHUNK_BYTES];
    size_t frame_bytes = reader->format.frame_bytes, done = 0;
    while (done < frames) {
        size_t want = (frames - done) * frame_bytes;
        if (want > sizeof bytes)
            want = sizeof bytes / frame_bytes * frame_bytes;
        if (want > reader->bytes_left)
            want = (size_t)reader->bytes_left / frame_bytes * frame_bytes;
        size_t got = want > 0 ? fread(bytes, frame_bytes, want / frame_bytes, reader->file) : 0;
        if (got == 0)
            break;
        reader->bytes_left -= got * frame_bytes;
        size_t samples = got * reader->format.channels, width = reader->format.bits / 8;
        for (size_t i = 0; i < samples; i++)
            out[done * reader->format.channels + i] = sample_of(&reader->format, bytes + i * width);
        done += got;
    }
    return done;
}
