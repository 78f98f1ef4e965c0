/* A payload that splits without a bad packet joins again to itself. */
#include "wire/web/eio.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice rest = slice_of(size ? (const char *)data : "", size);
    struct eio_packet packet;
    struct buf joined = {0};
    enum eio_next next;

    while ((next = eio_next_packet(&rest, &packet)) == EIO_NEXT_PACKET) {
        if (joined.len > 0)
            buf_add_byte(&joined, EIO_SEPARATOR);
        buf_add_byte(&joined, packet.is_base64 ? 'b' : (char)('0' + (int)packet.type));
        buf_add_slice(&joined, packet.data);
        if (memchr(packet.data.ptr, EIO_SEPARATOR, packet.data.len))
            abort();
    }
    if (next == EIO_NEXT_END && (joined.len != size || memcmp(joined.data, data, size) != 0))
        abort();
    if (joined.len > size)
        abort();
    buf_free(&joined);
    return 0;
}
