/* Ogg pages (RFC 3533), as far as it takes to find where a stream that was cut off is whole, and to end it there. */
#ifndef WIRE_OGG_H
#define WIRE_OGG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OGG_PAGE_MAX = 27 + 255 + 255 * 255, OGG_FLAGS_AT = 5 };
enum { OGG_CONTINUED = 1, OGG_FIRST = 2, OGG_LAST = 4 };

struct ogg_page {
    size_t len; /* whole, with its header */
    uint8_t flags;
    int64_t granule; /* -1: no packet ends on it */
    uint32_t serial;
    uint32_t sequence;
    size_t body; /* offset of the payload */
};

enum ogg_result { OGG_MORE, OGG_PAGE, OGG_BAD };

/* The page that begins at bytes[0]. OGG_MORE: it may become one with more bytes. OGG_BAD: it is none, or its checksum is wrong. */
enum ogg_result ogg_parse(const uint8_t *bytes, size_t len, struct ogg_page *page);

/* Sets the flags of a whole page and the checksum that goes with them. */
void ogg_set_flags(uint8_t *page, size_t len, uint8_t flags);

#endif
