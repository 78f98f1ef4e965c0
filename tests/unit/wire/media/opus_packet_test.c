/* What is said about packets agrees with what libopus finds in them. */
#include "unit.h"
#include "wire/media/opus_packet.h"

#include <opus.h>
#include <stdlib.h>

static int ticks_by_library(const uint8_t *bytes, size_t len) {
    unsigned char toc;
    opus_int16 sizes[48];
    if (opus_packet_parse(bytes, (opus_int32)len, &toc, NULL, sizes, NULL) < 0)
        return -1;
    return opus_packet_get_nb_samples(bytes, (opus_int32)len, OPUS_RATE_HZ);
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void random_packets_are_read_as_by_libopus(void **state) {
    uint32_t seed = 7;
    unsigned good = 0, bad = 0;
    for (unsigned round = 0; round < 400000; round++) {
        size_t len = 1 + next(&seed) % (round % 10 ? 12 : 1500);
        uint8_t *bytes = malloc(len);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(next(&seed) % 4 ? next(&seed) : next(&seed) % 8);
        if (round % 2)
            bytes[0] |= 3;
        struct opus_packet packet;
        bool is_good = opus_packet_read(slice_of(bytes, len), &packet);
        int ticks = ticks_by_library(bytes, len);
        assert_int_equal(is_good, ticks > 0);
        if (is_good) {
            assert_int_equal(packet.ticks, ticks);
            assert_int_equal(packet.frame_ticks,
                             opus_packet_get_samples_per_frame(bytes, OPUS_RATE_HZ));
            assert_int_equal(packet.channels, opus_packet_get_nb_channels(bytes));
        }
        good += is_good;
        bad += !is_good;
        free(bytes);
    }
    assert_true(good > 10000 && bad > 10000);
}

static void every_first_byte_and_count_has_its_length(void **state) {
    for (unsigned toc = 0; toc < 256; toc++)
        for (unsigned head = 0; head < 256; head++) {
            const uint8_t bytes[] = {(uint8_t)toc, (uint8_t)head, 0, 0, 0, 0};
            struct opus_packet packet;
            bool is_good = opus_packet_read(slice_of(bytes, sizeof bytes), &packet);
            int ticks = ticks_by_library(bytes, sizeof bytes);
            assert_int_equal(is_good ? (int)packet.ticks : -1, ticks);
        }
}

static void nothing_is_no_packet(void **state) {
    struct opus_packet packet;
    assert_false(opus_packet_read(SLICE_NONE, &packet));
}

static void silence_is_known_and_decodes_to_zeros(void **state) {
    OpusDecoder *decoder = opus_decoder_create(OPUS_RATE_HZ, 2, NULL);
    static float pcm[OPUS_TICKS_MAX * 2];
    for (unsigned channels = 1; channels <= 2; channels++)
        for (unsigned ticks = 0; ticks <= OPUS_TICKS_MAX + 1000; ticks += 7) {
            uint8_t bytes[OPUS_SILENCE_MAX];
            unsigned written = 0, len = opus_packet_silence(bytes, channels, ticks, &written);
            assert_int_equal(len > 0, ticks >= OPUS_TICKS_MIN);
            if (len == 0)
                continue;
            assert_true(written <= ticks && (written >= ticks / 2 || written == OPUS_TICKS_MAX));
            assert_int_equal(ticks_by_library(bytes, len), written);
            assert_int_equal(opus_packet_get_nb_channels(bytes), channels);
            opus_decoder_ctl(decoder, OPUS_RESET_STATE);
            int got = opus_decode_float(decoder, bytes, (opus_int32)len, pcm, OPUS_TICKS_MAX, 0);
            assert_int_equal(got, written);
            for (int i = 0; i < got * 2; i++)
                assert_true(pcm[i] > -1e-6f && pcm[i] < 1e-6f);
        }
    opus_decoder_destroy(decoder);
}

static void what_stands_for_silence_is_told_from_sound(void **state) {
    struct opus_packet packet;
    uint8_t muted[80] = {0xf8, 0xff, 0xfe};
    assert_true(opus_packet_read(slice_of(muted, sizeof muted), &packet) && packet.is_silent);
    assert_true(opus_packet_read(slice_of(muted, 3), &packet) && packet.is_silent);
    muted[79] = 1;
    assert_true(opus_packet_read(slice_of(muted, sizeof muted), &packet) && !packet.is_silent);
    assert_true(opus_packet_read(slice_of("\x78", 1), &packet) && packet.is_silent);
    assert_true(opus_packet_read(slice_of("\x78\x07\xc9", 3), &packet) && !packet.is_silent);
}

static void a_lost_packet_is_asked_to_be_concealed(void **state) {
    for (unsigned toc = 0; toc < 256; toc++) {
        unsigned ticks;
        uint8_t byte = opus_packet_lost((uint8_t)toc, &ticks);
        assert_int_equal(ticks_by_library(&byte, 1), ticks);
        assert_int_equal(byte >> 3, toc >> 3);
    }
}

RUN_TESTS(TEST(random_packets_are_read_as_by_libopus),
          TEST(every_first_byte_and_count_has_its_length), TEST(nothing_is_no_packet),
          TEST(silence_is_known_and_decodes_to_zeros),
          TEST(what_stands_for_silence_is_told_from_sound),
          TEST(a_lost_packet_is_asked_to_be_concealed))
