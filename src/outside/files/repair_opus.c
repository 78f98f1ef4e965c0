#include "outside/files/repair_media.h"

#include "base/little.h"
#include "base/mem.h"
#include "outside/files/file.h"
#include "wire/media/ogg.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { OPUS_RATE_HZ = 48000, HEAD_BYTES = 19, PRE_SKIP_AT = 10, CHANNELS_AT = 9, RATE_AT = 12 };

struct opus_walk {
    uint8_t *bytes;       /* room for one page */
    uint64_t offset;      /* of the page looked at */
    uint64_t last;        /* offset of the last whole page */
    struct ogg_page page; /* that one */
    uint64_t pages;
    int64_t granule; /* the last that was said */
    uint32_t pre_skip, rate_hz, channels;
};

static bool take_head(struct opus_walk *walk, const struct ogg_page *page) {
    const uint8_t *head = walk->bytes + page->body;
    if (page->len - page->body < HEAD_BYTES || memcmp(head, "OpusHead", 8) != 0)
        return false;
    walk->channels = head[CHANNELS_AT];
    walk->pre_skip = little_u16(head + PRE_SKIP_AT);
    walk->rate_hz = little_u32(head + RATE_AT);
    return true;
}

/* Walks over whole pages in sequence. */
static int walk_pages(int fd, struct opus_walk *walk) {
    for (;;) {
        size_t got;
        int err = file_read_at(fd, walk->bytes, OGG_PAGE_MAX, walk->offset, &got);
        if (err)
            return err;
        struct ogg_page page;
        if (ogg_parse(walk->bytes, got, &page) != OGG_PAGE || page.sequence != walk->pages ||
            (walk->pages > 0 && page.serial != walk->page.serial))
            return 0;
        if (walk->pages == 0 && !take_head(walk, &page))
            return 0;
        if (page.granule >= 0)
            walk->granule = page.granule;
        walk->pages++;
        walk->page = page;
        walk->last = walk->offset;
        walk->offset += page.len;
    }
}

static int end_stream(int fd, const struct opus_walk *walk) {
    size_t got;
    int err = file_read_at(fd, walk->bytes, walk->page.len, walk->last, &got);
    if (err || got < walk->page.len)
        return err ? err : EIO;
    ogg_set_flags(walk->bytes, walk->page.len, walk->page.flags | OGG_LAST);
    return file_write_at(fd, walk->bytes, walk->page.len, walk->last);
}

int repair_opus(int fd, uint64_t file_bytes, bool dry, struct media *media) {
    *media = (struct media){.is_empty = file_bytes == 0};
    if (media->is_empty)
        return 0;
    struct opus_walk walk = {.bytes = mem_alloc_raw(OGG_PAGE_MAX)};
    int err = walk_pages(fd, &walk);
    if (!err && walk.pages == 0)
        err = EINVAL;
    if (!err && walk.granule <= 0) /* only header pages: no player opens such a file */
        media->is_empty = true;
    bool is_cut = walk.offset < file_bytes, is_endless = !(walk.page.flags & OGG_LAST);
    if (!err && !media->is_empty && (is_cut || is_endless)) {
        media->is_changed = true;
        if (!dry && is_cut && ftruncate(fd, (off_t)walk.offset))
            err = errno;
        if (!dry && !err && is_endless)
            err = end_stream(fd, &walk);
    }
    mem_free(walk.bytes);
    media->bytes = walk.offset;
    media->rate_hz = walk.rate_hz;
    media->channels = walk.channels;
    if (walk.granule > walk.pre_skip)
        media->frames = ((uint64_t)walk.granule - walk.pre_skip) * walk.rate_hz / OPUS_RATE_HZ;
    return err;
}
