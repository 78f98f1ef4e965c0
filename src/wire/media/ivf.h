/* IVF: VP8, VP9 and AV1 frames with their times; and the picture size in a key frame. */
#ifndef WIRE_IVF_H
#define WIRE_IVF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IVF_HEADER_BYTES = 32, IVF_FRAME_HEADER_BYTES = 12 };

/* Offsets of the header fields that are patched once their values are known. */
enum { IVF_SIZE_OFFSET = 12, IVF_LENGTH_OFFSET = 24 };

enum ivf_codec { IVF_VP8, IVF_VP9, IVF_AV1 };

struct ivf_header {
    enum ivf_codec codec;
    uint16_t width;
    uint16_t height;
    uint32_t rate; /* ticks per second = rate / scale */
    uint32_t scale;
    /* In ticks, as players read it; 0 while unknown. Some writers put the count of frames here. */
    uint32_t length;
};

void ivf_write_header(uint8_t out[IVF_HEADER_BYTES], const struct ivf_header *header);
void ivf_write_frame_header(uint8_t out[IVF_FRAME_HEADER_BYTES], uint32_t payload_bytes,
                            uint64_t pts);

/* The length in ticks of so many frames: the last one lasts as long as they do on average. */
uint32_t ivf_length(uint64_t frames, uint64_t first_pts, uint64_t last_pts);

/* Whether the stream begins with "DKIF", so is IVF itself; true also for the first bytes of it. */
bool ivf_is_magic(const uint8_t *bytes, size_t len);

enum ivf_result { IVF_MORE, IVF_HEADER, IVF_FRAME, IVF_BAD };

/* Zeroed is the start of a file. */
struct ivf_parser {
    struct ivf_header header; /* valid from IVF_HEADER on */
    uint64_t offset;          /* bytes of the file taken so far */
    uint64_t frames;          /* whole ones seen */
    uint64_t end;             /* file offset behind the last whole frame, or the header */
    uint64_t first_pts, pts;  /* of the first frame, and of the one just ended, in ticks */
    uint32_t frame_bytes;     /* its payload */
    /* private */
    uint32_t payload_left;
    uint8_t state;
    uint8_t have;
    uint8_t held[IVF_HEADER_BYTES];
};

/* Takes the file's bytes in order. Returns how many it used: up to and including the byte that ends
 * the header or a frame. *result says which, or that it needs more, or that the file is no IVF. */
size_t ivf_parse(struct ivf_parser *parser, const uint8_t *bytes, size_t len,
                 enum ivf_result *result);

/* For a reader that seeks instead of feeding payload: counts up to `count` bytes of it as read, and
 * returns how many. */
uint64_t ivf_skip(struct ivf_parser *parser, uint64_t count, enum ivf_result *result);

/* Whether a frame is a key frame, and its picture size; its first 30 bytes suffice (RFC 6386 9.1;
 * VP9 bitstream 6.2, 7.2). */
bool ivf_is_vp8_key(const uint8_t *frame, size_t len, uint16_t *width, uint16_t *height);
bool ivf_is_vp9_key(const uint8_t *frame, size_t len, uint16_t *width, uint16_t *height);

#endif
