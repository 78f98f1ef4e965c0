/* ICE without a socket: messages of any kind from any end, most of them signed as the server would,
 * time that passes, candidates, and restarts. Only what proves the password is answered, and only a
 * path that has answered is ever used. */
#include "net/rtc/rtc_checks.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UFRAG    SLICE("theirs")
#define PASSWORD SLICE("a password of theirs")

struct input {
    const uint8_t *at, *end;
};

static uint8_t take(struct input *in) {
    return in->at < in->end ? *in->at++ : 0;
}

static struct rtc_end end_of(uint8_t byte) {
    return (struct rtc_end){.tcp = byte & 1,
                            .address = {.family = byte & 2 ? 4 : 6,
                                        .port = (uint16_t)(byte >> 2),
                                        .ip = {192, 0, 2, (uint8_t)(byte >> 4)}}};
}

/* A message as a server could make it; `id` is of our last check. */
static size_t make(struct input *in, const struct rtc_checks *checks, const uint8_t *id,
                   uint8_t *out, bool *is_signed) {
    char username[64];
    uint8_t bits = take(in), kind = take(in);
    size_t len = strlen(checks->ufrag);
    memcpy(username, checks->ufrag, len);
    memcpy(username + len, ":theirs", 7);
    struct stun_message message = {.class = (enum stun_class)(kind & 3),
                                   .id = id,
                                   .username = slice_of(username, len + (bits & 1 ? 7 : 3)),
                                   .has_priority = bits & 2,
                                   .priority = take(in),
                                   .use_candidate = bits & 4,
                                   .role = (enum stun_role)((kind >> 2) % 3),
                                   .tie_breaker = bits & 8 ? UINT64_MAX : take(in),
                                   .error_code = bits & 16 ? STUN_ROLE_CONFLICT : 400};
    if (message.class == STUN_SUCCESS)
        message.mapped = (struct stun_address){.family = 4, .port = 1, .ip = {1}};
    if (message.class == STUN_REQUEST || message.class == STUN_INDICATION)
        message.error_code = 0;
    *is_signed = bits & 32;
    struct slice right = message.class == STUN_REQUEST
                             ? slice_of(checks->password, strlen(checks->password))
                             : PASSWORD;
    return stun_write(out, &message, *is_signed ? right : SLICE("wrong"));
}

static void hear(struct input *in, struct rtc_checks *checks, const uint8_t *id, int64_t now_ms) {
    uint8_t bytes[STUN_MAX_BYTES], answer[STUN_MAX_BYTES];
    size_t answer_len = 0;
    bool is_signed = false;
    struct rtc_end from = end_of(take(in));
    size_t len = make(in, checks, id, bytes, &is_signed);
    if (take(in) % 4 == 0)
        bytes[take(in) % len] ^= take(in);
    enum rtc_heard heard = rtc_checks_hear(checks, bytes, len, &from, now_ms, answer, &answer_len);
    assert(answer_len == 0 || (heard == RTC_HEARD && is_signed));
    struct stun_message read;
    if (answer_len > 0) {
        assert(answer_len <= len + 32); /* nothing is amplified */
        assert(stun_parse(answer, answer_len, &read));
        assert(
            stun_is_authentic(answer, &read, slice_of(checks->password, strlen(checks->password))));
    }
}

static void check_state(const struct rtc_checks *checks) {
    assert(checks->path_count <= RTC_PATHS_MAX);
    if (checks->is_settled) {
        assert(checks->has_selected && checks->selected_path < checks->path_count);
        const struct rtc_path *path = &checks->paths[checks->selected_path];
        assert(path->is_valid && rtc_end_is_equal(&path->end, &checks->selected));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input in = {data, data + size};
    static struct rtc_checks checks;
    memset(&checks, 0, sizeof checks);
    uint8_t out[STUN_MAX_BYTES], id[STUN_ID_BYTES] = {0};
    struct rtc_end to;
    int64_t now_ms = 0;
    rtc_checks_begin(&checks, UFRAG, PASSWORD, take(&in) & 1, now_ms);
    while (in.at < in.end) {
        uint8_t what = take(&in);
        if (what % 8 == 0) {
            struct rtc_end end = end_of(take(&in));
            rtc_checks_add(&checks, &end, take(&in), now_ms);
        } else if (what % 8 == 1) {
            now_ms += (int64_t)take(&in) * take(&in);
        } else if (what % 8 == 2) {
            const struct rtc_end *end = rtc_checks_tcp(&checks, now_ms);
            if (end) {
                struct rtc_end copy = *end;
                rtc_checks_set_tcp(&checks, &copy, take(&in) & 1, now_ms);
            }
        } else if (what == 3) {
            rtc_checks_begin(&checks, UFRAG, PASSWORD, take(&in) & 1, now_ms);
        } else {
            hear(&in, &checks, id, now_ms);
        }
        for (unsigned sent = 0; rtc_checks_next(&checks, now_ms, out, &to) > 0; sent++) {
            memcpy(id, out + 8, sizeof id);
            assert(sent <= RTC_PATHS_MAX + 1);
        }
        check_state(&checks);
    }
    return 0;
}
