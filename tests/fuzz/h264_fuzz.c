/* H.264 with lengths, and its record: what is converted keeps every byte of its units, and what is
 * refused leaves nothing behind. */
#include "wire/media/h264.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t start_code[] = {0, 0, 0, 1};

static void check_units(const uint8_t *bytes, size_t len, unsigned length_bytes) {
    struct buf units = {0};
    if (!h264_add_units(&units, bytes, len, length_bytes)) {
        assert(units.len == 0);
        return;
    }
    size_t from = 0, to = 0;
    while (from < len) {
        size_t unit = 0;
        for (unsigned i = 0; i < length_bytes; i++)
            unit = unit << 8 | bytes[from++];
        assert(memcmp(units.data + to, start_code, sizeof start_code) == 0);
        to += sizeof start_code;
        assert(memcmp(units.data + to, bytes + from, unit) == 0);
        from += unit;
        to += unit;
    }
    assert(from == len && to == units.len);
    buf_free(&units);
}

static void check_record(const uint8_t *bytes, size_t len) {
    struct h264_record record, again;
    struct buf units = {0}, once_more = {0};
    if (!h264_read_record(&record, bytes, len, &units)) {
        assert(units.len == 0);
        return;
    }
    assert(record.used >= 7 && record.used <= len);
    assert(record.length_bytes == 1 || record.length_bytes == 2 || record.length_bytes == 4);
    assert(h264_read_record(&again, bytes, record.used, &once_more));
    assert(again.used == record.used && slice_is_equal(buf_slice(&units), buf_slice(&once_more)));
    assert(units.len == 0 || h264_has_start_code((const uint8_t *)units.data, units.len));
    buf_free(&units);
    buf_free(&once_more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* A copy without anything behind it, so that reading on is noticed. */
    uint8_t *copy = malloc(size + !size);
    if (size > 0)
        memcpy(copy, data, size);
    check_units(copy, size, 1);
    check_units(copy, size, 2);
    check_units(copy, size, 4);
    check_record(copy, size);
    (void)h264_is_key(copy, size);
    free(copy);
    return 0;
}
