/* Opus packets: what is taken for one is one to libopus, of the same length, and nothing else is. */
#include "wire/media/opus_packet.h"

#include <assert.h>
#include <opus.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct opus_packet packet;
    bool is_good = opus_packet_read(slice_of(data, size), &packet);
    if (size == 0) {
        assert(!is_good);
        return 0;
    }
    unsigned char toc;
    opus_int16 sizes[48];
    int frames = opus_packet_parse(data, (opus_int32)size, &toc, NULL, sizes, NULL);
    assert(is_good == (frames > 0));
    if (is_good)
        assert((int)packet.ticks ==
               opus_packet_get_nb_samples(data, (opus_int32)size, OPUS_RATE_HZ));
    return 0;
}
