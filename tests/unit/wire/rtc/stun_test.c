#include "unit.h"
#include "wire/rtc/stun.h"

/* The sample request of RFC 5769, 2.1: made by another implementation, with the password below. */
static const uint8_t sample[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
/* Its answer, 2.2: 192.0.2.1, port 32853. */
static const uint8_t sample_answer[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};

#define PASSWORD SLICE("VOkJxbRl1RmTxUk/WvJxBt")

static void a_foreign_request_is_read(void **state) {
    struct stun_message m;
    assert_true(stun_parse(sample, sizeof sample, &m));
    assert_int_equal(m.class, STUN_REQUEST);
    assert_slice_equal(m.username, "evtj:h6vY");
    assert_int_equal(m.priority, 0x6e0001ff);
    assert_int_equal(m.role, STUN_CONTROLLED);
    assert_true(m.tie_breaker == UINT64_C(0x932ff9b151263b36));
    assert_int_equal(m.unknown_type, 0);
    assert_true(stun_is_authentic(sample, &m, PASSWORD));
    assert_false(stun_is_authentic(sample, &m, SLICE("VOkJxbRl1RmTxUk/WvJxBT")));
}

static void a_foreign_answer_is_read(void **state) {
    struct stun_message m;
    assert_true(stun_parse(sample_answer, sizeof sample_answer, &m));
    assert_int_equal(m.class, STUN_SUCCESS);
    assert_int_equal(m.mapped.family, 4);
    assert_int_equal(m.mapped.port, 32853);
    assert_memory_equal(m.mapped.ip, "\xc0\0\2\1", 4);
    assert_true(stun_is_authentic(sample_answer, &m, PASSWORD));
}

static void a_changed_byte_is_noticed(void **state) {
    for (size_t i = 0; i < sizeof sample; i++) {
        uint8_t bytes[sizeof sample];
        memcpy(bytes, sample, sizeof bytes);
        bytes[i] ^= 4;
        struct stun_message m;
        assert_false(stun_parse(bytes, sizeof bytes, &m));
    }
    struct stun_message m;
    for (size_t len = 0; len < sizeof sample; len++)
        assert_false(stun_parse(sample, len, &m));
}

static const uint8_t id[STUN_ID_BYTES] = "an id for us";

/* Writes and reads again. */
static struct stun_message pass_on(const struct stun_message *m, uint8_t bytes[STUN_MAX_BYTES]) {
    size_t len = stun_write(bytes, m, SLICE("secret"));
    struct stun_message read;
    assert_true(stun_parse(bytes, len, &read));
    assert_true(stun_is_authentic(bytes, &read, SLICE("secret")));
    assert_int_equal(read.class, m->class);
    assert_memory_equal(read.id, id, sizeof id);
    return read;
}

static void a_check_is_read_as_written(void **state) {
    const struct stun_message m = {.class = STUN_REQUEST,
                                   .id = id,
                                   .username = SLICE("them:us"),
                                   .has_priority = true,
                                   .priority = 1862270975,
                                   .use_candidate = true,
                                   .role = STUN_CONTROLLING,
                                   .tie_breaker = 42};
    uint8_t bytes[STUN_MAX_BYTES];
    struct stun_message read = pass_on(&m, bytes);
    assert_slice_equal(read.username, "them:us");
    assert_true(read.use_candidate);
    assert_int_equal(read.priority, 1862270975);
    assert_int_equal(read.role, STUN_CONTROLLING);
    assert_int_equal(read.tie_breaker, 42);
}

static void an_address_of_ipv6_is_read_as_written(void **state) {
    struct stun_message m = {
        .class = STUN_SUCCESS, .id = id, .mapped = {.family = 6, .port = 7882}};
    memcpy(m.mapped.ip, "\x20\x01\x0d\xb8 and twelve", 16);
    uint8_t bytes[STUN_MAX_BYTES];
    struct stun_message read = pass_on(&m, bytes);
    assert_memory_equal(&read.mapped, &m.mapped, sizeof m.mapped);
}

static void an_error_is_read_as_written(void **state) {
    const struct stun_message m = {.class = STUN_ERROR, .id = id, .error_code = STUN_ROLE_CONFLICT};
    uint8_t bytes[STUN_MAX_BYTES];
    assert_int_equal(pass_on(&m, bytes).error_code, STUN_ROLE_CONFLICT);
}

static void without_a_password_nothing_is_authentic(void **state) {
    const struct stun_message m = {.class = STUN_INDICATION, .id = id};
    uint8_t bytes[STUN_MAX_BYTES];
    struct stun_message read;
    assert_true(stun_parse(bytes, stun_write(bytes, &m, SLICE_NONE), &read));
    assert_int_equal(read.integrity_at, 0);
    assert_false(stun_is_authentic(bytes, &read, SLICE_NONE));
}

static void the_answer_names_an_unknown_attribute(void **state) {
    const struct stun_message m = {.class = STUN_ERROR,
                                   .id = id,
                                   .error_code = STUN_UNKNOWN_ATTRIBUTE,
                                   .unknown_type = 0x0077};
    uint8_t bytes[STUN_MAX_BYTES];
    assert_int_equal(pass_on(&m, bytes).unknown_type, 0x0077);
}

/* A request with an attribute of type 0x000b, which no RFC gives a meaning. */
static void an_unknown_attribute_is_noticed(void **state) {
    uint8_t bytes[] = {0x00, 0x01, 0x00, 0x0c, 0x21, 0x12, 0xa4, 0x42, 'a', 'n',  ' ',
                       'i',  'd',  ' ',  'f',  'o',  'r',  ' ',  'u',  's', 0x00, 0x0b,
                       0x00, 0x00, 0x80, 0x28, 0x00, 0x04, 0,    0,    0,   0};
    struct stun_message m;
    assert_false(stun_parse(bytes, sizeof bytes, &m));
    memcpy(bytes + 28, "\x73\xf2\x1f\xb4", 4);
    assert_true(stun_parse(bytes, sizeof bytes, &m));
    assert_int_equal(m.unknown_type, 0x000b);
}

static void the_longest_message_fits(void **state) {
    char name[STUN_USERNAME_MAX];
    memset(name, 'u', sizeof name);
    const struct stun_message m = {.class = STUN_REQUEST,
                                   .id = id,
                                   .username = slice_of(name, sizeof name),
                                   .has_priority = true,
                                   .role = STUN_CONTROLLED,
                                   .mapped = {.family = 6},
                                   .error_code = STUN_UNKNOWN_ATTRIBUTE};
    uint8_t bytes[STUN_MAX_BYTES];
    assert_int_equal(pass_on(&m, bytes).username.len, sizeof name);
}

RUN_TESTS(TEST(a_foreign_request_is_read), TEST(a_foreign_answer_is_read),
          TEST(a_changed_byte_is_noticed), TEST(a_check_is_read_as_written),
          TEST(an_address_of_ipv6_is_read_as_written), TEST(an_error_is_read_as_written),
          TEST(without_a_password_nothing_is_authentic),
          TEST(the_answer_names_an_unknown_attribute), TEST(an_unknown_attribute_is_noticed),
          TEST(the_longest_message_fits))
