/* Ogg pages (RFC 3533): written one by one, and read as far as is needed to repair a stream that was
 * cut off: its last whole page is found and marked as the end. */
#ifndef WIRE_OGG_H
#define WIRE_OGG_H

#include "base/buf.h"

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

/* Parses the page that begins at bytes[0]. OGG_MORE: more bytes may complete it. OGG_BAD: it is no
 * page, or its checksum is wrong. */
enum ogg_result ogg_parse(const uint8_t *bytes, size_t len, struct ogg_page *page);

/* Appends a page of flags, granule, serial and sequence with `count` (at most 255) lacing values,
 * whose sum is the length of the body. */
void ogg_write_page(struct buf *out, const struct ogg_page *page, const uint8_t *lacing,
                    unsigned count, struct slice body);

/* Sets the flags of a whole page, and its checksum anew. */
void ogg_set_flags(uint8_t *page, size_t len, uint8_t flags);

#endif
