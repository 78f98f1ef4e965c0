/* An Ogg Opus stream that is written while it grows (RFC 7845): packets in, pages out, one a second.
 * The last packet is always kept back, so that the page that ends the stream has a packet on it.
 * Positions count samples at 48 kHz from the first packet on; a position is only ever the sum of
 * the packets before it, so gaps are filled with packets of silence. Pure: pages go into a buffer
 * of the caller's. */
#ifndef WIRE_OPUS_PAGES_H
#define WIRE_OPUS_PAGES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    OPUS_PAGE_TICKS = 48000, /* the most that a page is behind the stream */
    OPUS_PAGE_BYTES = 16384, /* ... and may grow to before that */
};

struct opus_pages {
    uint32_t serial, sequence;
    unsigned channels;
    uint64_t ticks;      /* of all packets */
    uint64_t page_ticks; /* of those before the last one, on the page that is being made */
    unsigned last_ticks; /* of the packet that is kept back */
    unsigned lacings;    /* of the page, with the last packet */
    uint8_t lacing[255];
    struct buf body; /* owned */
    size_t last_bytes;
    uint8_t last_lacings;
};

/* Writes both head pages to `out`. The pre-skip is the delay of libopus' encoder, so that a file's
 * first sample is the first that was spoken into the first packet. */
void opus_pages_open(struct opus_pages *pages, uint32_t serial, unsigned channels, struct buf *out);
/* A valid packet of so many ticks, of at most 16 KiB. Whole pages go to `out`. */
void opus_pages_add(struct opus_pages *pages, struct slice packet, unsigned ticks, struct buf *out);
/* Silence. Returns the ticks that were too few for a packet. */
unsigned opus_pages_add_silence(struct opus_pages *pages, uint64_t ticks, struct buf *out);
/* Writes what waits, but for the last packet. */
void opus_pages_flush(struct opus_pages *pages, struct buf *out);
/* Ends the stream and frees what it holds. */
void opus_pages_close(struct opus_pages *pages, struct buf *out);

#endif
