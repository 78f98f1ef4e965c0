/* Payloads of video: whatever they hold, no picture is longer than they are with their start codes. */
#include "wire/rtc/rtp_video.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the codec; then payloads, each behind a byte of flags and one of length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct rtp_video video = {.codec = (enum rtp_video_codec)(data[0] % 3)};
    size_t at = 1, room = 0;
    while (size - at >= 2) {
        uint8_t flags = data[at];
        size_t len = data[at + 1];
        at += 2;
        len = len < size - at ? len : size - at;
        struct slice picture;
        room += 3 * len + 8;
        if (flags & 4)
            rtp_video_lose(&video);
        if (rtp_video_take(&video, slice_of(data + at, len), flags >> 4, flags & 1, &picture))
            assert(picture.len > 0 && picture.len <= room);
        at += len;
    }
    rtp_video_free(&video);
    return 0;
}
