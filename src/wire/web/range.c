#include "wire/web/range.h"

enum range_result range_parse(struct slice header, uint64_t size, uint64_t *first, uint64_t *last) {
    struct slice spec = slice_trim(header), from;
    if (!slice_has_prefix_nocase(spec, SLICE("bytes=")))
        return RANGE_WHOLE;
    spec = slice_trim(slice_skip(spec, SLICE("bytes=").len));
    if (slice_find_byte(spec, ',') != spec.len || !slice_cut(&spec, '-', &from))
        return RANGE_WHOLE;

    uint64_t a = 0, b = size ? size - 1 : 0;
    if (from.len == 0) { /* "-500": the last bytes */
        uint64_t count;
        if (!slice_to_uint(spec, UINT64_MAX, &count))
            return RANGE_WHOLE;
        if (count == 0 || size == 0)
            return RANGE_NONE;
        a = count < size ? size - count : 0;
    } else {
        if (!slice_to_uint(from, UINT64_MAX, &a))
            return RANGE_WHOLE;
        uint64_t end = UINT64_MAX;
        if (spec.len > 0 && (!slice_to_uint(spec, UINT64_MAX, &end) || end < a))
            return RANGE_WHOLE;
        if (a >= size)
            return RANGE_NONE;
        if (end < b)
            b = end;
    }
    *first = a;
    *last = b;
    return RANGE_PART;
}
