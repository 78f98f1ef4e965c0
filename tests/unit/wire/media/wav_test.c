#include "unit.h"
#include "wire/media/wav.h"

static const uint8_t canonical[] = {
    0x52, 0x49, 0x46, 0x46, 0x24, 0x4b, 0x00, 0x00, 0x57, 0x41, 0x56, 0x45, 0x66, 0x6d, 0x74,
    0x20, 0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x02, 0x00, 0x80, 0xbb, 0x00, 0x00, 0x00, 0xee,
    0x02, 0x00, 0x04, 0x00, 0x10, 0x00, 0x64, 0x61, 0x74, 0x61, 0x00, 0x4b, 0x00, 0x00};

/* The long form for the same 19200 bytes, as the format's description prints it. */
static const uint8_t rf64[] = {
    0x52, 0x46, 0x36, 0x34, 0xff, 0xff, 0xff, 0xff, 0x57, 0x41, 0x56, 0x45, 0x64, 0x73, 0x36, 0x34,
    0x1c, 0x00, 0x00, 0x00, 0x48, 0x4b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4b, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xc0, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x66, 0x6d, 0x74, 0x20, 0x10, 0x00, 0x00, 0x00, 0x01, 0x00, 0x02, 0x00, 0x80, 0xbb, 0x00, 0x00,
    0x00, 0xee, 0x02, 0x00, 0x04, 0x00, 0x10, 0x00, 0x64, 0x61, 0x74, 0x61, 0xff, 0xff, 0xff, 0xff};

static enum wav_result parse_whole(const uint8_t *bytes, size_t len, struct wav_parser *parser) {
    enum wav_result result;
    memset(parser, 0, sizeof *parser);
    wav_parse(parser, bytes, len, &result);
    return result;
}

static enum wav_result parse_bytewise(const uint8_t *bytes, size_t len, struct wav_parser *parser) {
    enum wav_result result = WAV_MORE;
    memset(parser, 0, sizeof *parser);
    for (size_t i = 0; i < len && result == WAV_MORE; i++)
        assert_int_equal(wav_parse(parser, bytes + i, 1, &result), 1);
    return result;
}

static struct wav_info info_of(const uint8_t *bytes, size_t len) {
    struct wav_parser whole, bytewise;
    assert_int_equal(parse_whole(bytes, len, &whole), WAV_DONE);
    assert_int_equal(parse_bytewise(bytes, len, &bytewise), WAV_DONE);
    assert_memory_equal(&whole.info, &bytewise.info, sizeof whole.info);
    return whole.info;
}

static void writes_the_canonical_header(void **state) {
    uint8_t out[WAV_HEADER_MAX];
    struct wav_format format = wav_format_s16(48000, 2);
    assert_int_equal(wav_write_header(out, WAV_CANONICAL, &format, 19200), sizeof canonical);
    assert_memory_equal(out, canonical, sizeof canonical);
}

static void reads_what_it_writes(void **state) {
    struct wav_info info = info_of(canonical, sizeof canonical);
    assert_int_equal(info.format.rate_hz, 48000);
    assert_int_equal(info.format.channels, 2);
    assert_int_equal(info.format.frame_bytes, 4);
    assert_int_equal(info.data_offset, 44);
    assert_int_equal(info.data_bytes, 19200);
    assert_false(info.is_rf64);
}

static void reads_rf64(void **state) {
    struct wav_info info = info_of(rf64, sizeof rf64);
    assert_true(info.is_rf64);
    assert_int_equal(info.data_offset, 80);
    assert_int_equal(info.data_bytes, 19200);
    assert_int_equal(info.riff_bytes, 19272);
}

static void switches_to_rf64_where_32_bits_end(void **state) {
    uint8_t out[WAV_HEADER_MAX];
    struct wav_format format = wav_format_s16(48000, 2);
    uint64_t last_short = UINT32_MAX - 1 - 72;
    assert_int_equal(wav_write_header(out, WAV_RF64, &format, last_short), 80);
    struct wav_info info = info_of(out, 80);
    assert_false(info.is_rf64);
    assert_true(info.has_ds64_slot);
    assert_int_equal(info.data_bytes, last_short);

    wav_write_header(out, WAV_RF64, &format, last_short + 1);
    info = info_of(out, 80);
    assert_true(info.is_rf64);
    assert_int_equal(info.data_bytes, last_short + 1);
    assert_int_equal(info.riff_bytes, last_short + 1 + 72);
}

static void walks_over_unknown_and_odd_chunks(void **state) {
    uint8_t file[128];
    memcpy(file, canonical, 12);
    size_t at = 12;
    memcpy(file + at, "LIST\x03\0\0\0abc\0", 12); /* odd, with its pad byte */
    at += 12;
    memcpy(file + at, canonical + 12, 32);
    at += 32;
    struct wav_info info = info_of(file, at);
    assert_int_equal(info.data_offset, at);
    assert_int_equal(info.data_bytes, 19200);
}

static void reads_the_extensible_format(void **state) {
    uint8_t file[128] = {0};
    memcpy(file, canonical, 12);
    memcpy(file + 12, "fmt \x28\0\0\0", 8);
    memcpy(file + 20, canonical + 20, 16);
    file[20] = 0xfe;
    file[21] = 0xff;
    file[44] = WAV_TAG_FLOAT;
    file[34] = 32; /* bits */
    file[32] = 8;  /* frame bytes */
    memcpy(file + 60, "data\x08\0\0\0", 8);
    struct wav_info info = info_of(file, 68);
    assert_int_equal(info.format.tag, WAV_TAG_FLOAT);
    assert_int_equal(info.format.bits, 32);
}

static void refuses_what_is_no_wav(void **state) {
    struct wav_parser parser;
    uint8_t file[44];
    memcpy(file, canonical, 44);
    file[8] = 'X';
    assert_int_equal(parse_whole(file, 44, &parser), WAV_BAD);
    memcpy(file, canonical, 44);
    file[22] = 0; /* no channels */
    assert_int_equal(parse_bytewise(file, 44, &parser), WAV_BAD);
    memcpy(file, canonical, 44);
    memcpy(file + 12, "data", 4); /* samples before their format */
    assert_int_equal(parse_whole(file, 44, &parser), WAV_BAD);
    assert_int_equal(parse_whole(canonical, 43, &parser), WAV_MORE);
}

static void leaves_a_whole_file_alone(void **state) {
    struct wav_info info = info_of(canonical, sizeof canonical);
    struct wav_repair repair;
    assert_false(wav_plan_repair(&info, 44 + 19200, &repair));
}

static void takes_in_what_was_written_after_the_last_header(void **state) {
    struct wav_info info = info_of(canonical, sizeof canonical);
    struct wav_repair repair;
    assert_true(wav_plan_repair(&info, 44 + 19200 + 403, &repair));
    assert_int_equal(repair.data_bytes, 19200 + 400);
    assert_int_equal(repair.file_bytes, 44 + 19200 + 400);
    assert_int_equal(repair.patch_count, 2);
    assert_int_equal(repair.patches[0].offset, 40); /* data size first */
    assert_int_equal(repair.patches[1].offset, 4);
}

static void cuts_a_size_beyond_the_end(void **state) {
    struct wav_info info = info_of(canonical, sizeof canonical);
    struct wav_repair repair;
    assert_true(wav_plan_repair(&info, 44 + 1000, &repair));
    assert_int_equal(repair.data_bytes, 1000);
    assert_int_equal(repair.file_bytes, 1044);
}

static void leaves_chunks_behind_the_samples(void **state) {
    uint8_t file[44];
    memcpy(file, canonical, 44);
    file[4] = 0x24 + 20; /* the RIFF size counts a LIST of 20 bytes */
    struct wav_info info = info_of(file, 44);
    struct wav_repair repair;
    assert_false(wav_plan_repair(&info, 44 + 19200 + 20, &repair));
}

/* The same file again after the plan was carried out, as far as its header goes. */
static struct wav_info apply(uint8_t *head, size_t len, const struct wav_repair *repair) {
    for (size_t i = 0; i < repair->patch_count; i++)
        memcpy(head + repair->patches[i].offset, repair->patches[i].bytes, repair->patches[i].len);
    return info_of(head, len);
}

static void repairs_past_4_gib_into_rf64(void **state) {
    uint8_t head[WAV_HEADER_MAX];
    struct wav_format format = wav_format_s16(48000, 2);
    wav_write_header(head, WAV_RF64, &format, 192000);
    struct wav_info info = info_of(head, 80);
    uint64_t file_bytes = UINT64_C(5368709120) + 80 + 3;
    struct wav_repair repair;
    assert_true(wav_plan_repair(&info, file_bytes, &repair));
    info = apply(head, 80, &repair);
    assert_true(info.is_rf64);
    assert_int_equal(info.data_bytes, UINT64_C(5368709120));
    assert_false(wav_plan_repair(&info, repair.file_bytes, &repair));

    uint8_t expected[WAV_HEADER_MAX];
    wav_write_header(expected, WAV_RF64, &format, UINT64_C(5368709120));
    assert_memory_equal(head, expected, 80);
}

static void says_what_it_can_where_there_is_no_room_for_long_sizes(void **state) {
    uint8_t head[WAV_HEADER_MAX];
    struct wav_format format = wav_format_s16(48000, 2);
    wav_write_header(head, WAV_CANONICAL, &format, 192000);
    struct wav_info info = info_of(head, 44);
    uint64_t file_bytes = UINT64_C(5368709120) + 44;
    struct wav_repair repair;
    assert_true(wav_plan_repair(&info, file_bytes, &repair));
    assert_int_equal(repair.file_bytes, file_bytes); /* nothing is cut off */
    info = apply(head, 44, &repair);
    assert_int_equal(info.data_bytes, WAV_CANONICAL_DATA_MAX - WAV_CANONICAL_DATA_MAX % 4);
    assert_false(wav_plan_repair(&info, file_bytes, &repair));
}

RUN_TESTS(TEST(writes_the_canonical_header), TEST(reads_what_it_writes), TEST(reads_rf64),
          TEST(switches_to_rf64_where_32_bits_end), TEST(walks_over_unknown_and_odd_chunks),
          TEST(reads_the_extensible_format), TEST(refuses_what_is_no_wav),
          TEST(leaves_a_whole_file_alone), TEST(takes_in_what_was_written_after_the_last_header),
          TEST(cuts_a_size_beyond_the_end), TEST(leaves_chunks_behind_the_samples),
          TEST(repairs_past_4_gib_into_rf64),
          TEST(says_what_it_can_where_there_is_no_room_for_long_sizes))
