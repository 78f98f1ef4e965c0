/* A WAV for `prosa analyze`: no more samples come out than lie in the file, however it is read. */
#include "app/commands/wav_reader.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAMES = 512 };

/* FNV-1a over all samples. */
static uint64_t read_all(const char *path, size_t step, uint64_t *frames) {
    struct wav_reader reader;
    int16_t pcm[FRAMES * 2];
    uint64_t sum = 14695981039346656037u;
    *frames = 0;
    if (wav_reader_open(&reader, path))
        return 0;
    unsigned channels = reader.format.channels;
    assert(channels == 1 || channels == 2);
    for (size_t got; (got = wav_reader_read(&reader, pcm, step)) > 0; *frames += got) {
        assert(got <= step);
        for (size_t i = 0; i < got * channels; i++)
            sum = (sum ^ (uint16_t)pcm[i]) * 1099511628211u;
    }
    wav_reader_close(&reader);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    int fd = memfd_create("wav", 0); /* the reader opens paths */
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    uint64_t frames, slowly;
    uint64_t sum = read_all(path, FRAMES, &frames), again = read_all(path, 7, &slowly);
    assert(frames <= size && frames == slowly && sum == again);
    close(fd);
    return 0;
}
