/* IVF frames, whole, byte by byte and by skipping; and key frames of any bytes. */
#include "wire/media/ivf.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const uint8_t *data, size_t size, size_t step, struct ivf_parser *parser) {
    enum ivf_result result = IVF_MORE;
    uint64_t frames = 0;
    for (size_t at = 0; at < size && result != IVF_BAD;) {
        size_t n = step < size - at ? step : size - at;
        size_t used = ivf_parse(parser, data + at, n, &result);
        assert(used <= n && (used == n || result != IVF_MORE));
        at += used;
        frames += result == IVF_FRAME;
        assert(parser->offset == at && parser->end <= at);
    }
    assert(frames == parser->frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ivf_parser whole = {0}, bytewise = {0};
    walk(data, size, size ? size : 1, &whole);
    walk(data, size, 1, &bytewise);
    assert(whole.frames == bytewise.frames && whole.end == bytewise.end &&
           whole.pts == bytewise.pts);
    if (whole.end >= IVF_HEADER_BYTES) { /* what was read writes as it was */
        uint8_t header[IVF_HEADER_BYTES];
        ivf_write_header(header, &whole.header);
        assert(memcmp(header, data, IVF_HEADER_BYTES - 4) == 0);
    }
    uint16_t width = 0, height = 0;
    ivf_is_vp8_key(data, size, &width, &height);
    if (ivf_is_vp9_key(data, size, &width, &height))
        assert(width > 0 && height > 0);
    return 0;
}
