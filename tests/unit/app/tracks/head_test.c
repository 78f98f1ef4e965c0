#include "app/tracks/head.h"
#include "unit.h"

/* Hears a stream in pieces; returns the verdict, and with how many bytes heard. */
static enum head_verdict hear(const uint8_t *bytes, size_t len, size_t piece, size_t *heard) {
    struct head head = {0};
    enum head_verdict verdict = HEAD_OPEN;
    for (size_t at = 0; at < len && verdict == HEAD_OPEN; at += piece) {
        size_t n = piece < len - at ? piece : len - at, used;
        verdict = head_hear(&head, bytes + at, n, &used);
        assert_int_equal(head.is_done, verdict != HEAD_OPEN);
        assert_int_equal(head.kept.len, verdict == HEAD_OPEN ? at + n : at);
        *heard = at + used;
    }
    buf_free(&head.kept);
    return verdict;
}

static void samples_are_no_header(void **state) {
    uint8_t samples[960] = {'R', 'I', 'F', 'F'};
    size_t heard;
    for (size_t piece = 1; piece <= sizeof samples; piece += 37)
        assert_int_equal(hear(samples, sizeof samples, piece, &heard), HEAD_NONE);
}

static void a_header_ends_where_the_samples_begin(void **state) {
    uint8_t stream[WAV_HEADER_MAX + 960] = {0};
    struct wav_format format = wav_format_s16(48000, 1);
    size_t header = wav_write_header(stream, WAV_CANONICAL, &format, 0), heard;
    for (size_t piece = 1; piece <= sizeof stream; piece += 7) {
        assert_int_equal(hear(stream, sizeof stream, piece, &heard), HEAD_WAV);
        assert_int_equal(heard, header);
    }
}

static void a_header_without_end_is_not_waited_for(void **state) {
    static uint8_t stream[2 * HEAD_MAX_BYTES];
    size_t heard;
    memcpy(stream, "RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\x7f", 20);
    assert_int_equal(hear(stream, sizeof stream, 100, &heard), HEAD_NONE);
}

RUN_TESTS(TEST(samples_are_no_header), TEST(a_header_ends_where_the_samples_begin),
          TEST(a_header_without_end_is_not_waited_for))
