#include "app/hosts/hosts_token.h"

#include "tokens.h"

enum { NOW_S = 1900000000 };

/* Reads a token of LiveKit's: NULL, or what is wrong with it. */
static const char *read_livekit(struct host_token *token, const char *video, const char *metadata) {
    struct config config = config_with_keys(ACCESS_HOST);
    struct buf text = livekit_token(video, metadata, NOW_S + 600);
    const char *fault = host_token_read(token, &config, buf_slice(&text), NOW_S);
    buf_free(&text);
    return fault;
}

static void a_host_of_livekit_is_known_by_the_metadata(void **state) {
    static const char *const metadata[] = {HOST_METADATA, "{\"roles\":[\"guest\",\"host\"]}",
                                           "{\"isHost\":true}"};
    for (size_t i = 0; i < 3; i++) {
        struct host_token token;
        assert_null(read_livekit(&token, "{\"room\":\"daily\",\"roomJoin\":true}", metadata[i]));
        assert_true(token.is_livekit);
        assert_slice_equal(token.room, "daily");
        assert_int_equal(token.until_s, NOW_S + 600);
        host_token_free(&token);
    }
}

static void other_participants_are_no_hosts(void **state) {
    static const char *const metadata[] = {"", "{}", "{\"role\":\"guest\"}", "host",
                                           "{\"isHost\":false}"};
    for (size_t i = 0; i < 5; i++) {
        struct host_token token;
        assert_string_equal(
            read_livekit(&token, "{\"room\":\"daily\",\"roomJoin\":true}", metadata[i]),
            "Forbidden: the token does not say host");
    }
}

static void nobody_promotes_themselves(void **state) {
    struct host_token token;
    assert_string_equal(
        read_livekit(&token, "{\"room\":\"daily\",\"roomJoin\":true,\"canUpdateOwnMetadata\":true}",
                     HOST_METADATA),
        "Forbidden: a participant who may change his own metadata is no proven host");
    assert_null(read_livekit(
        &token, "{\"room\":\"daily\",\"roomJoin\":true,\"canUpdateOwnMetadata\":false}",
        HOST_METADATA));
    host_token_free(&token);
}

static void the_token_must_join_a_room(void **state) {
    static const char *const videos[] = {"{}",
                                         "{\"room\":\"daily\"}",
                                         "{\"roomJoin\":true}",
                                         "{\"room\":\"daily\",\"roomJoin\":false}",
                                         "{\"room\":\"\",\"roomJoin\":true}",
                                         "{\"room\":7,\"roomJoin\":true}",
                                         "{\"roomAdmin\":true,\"room\":\"daily\"}"};
    for (size_t i = 0; i < 7; i++) {
        struct host_token token;
        assert_string_equal(read_livekit(&token, videos[i], HOST_METADATA),
                            "Invalid token: it joins no room");
    }
}

static void ours_names_the_user_and_the_login(void **state) {
    struct config config = config_with_keys(ACCESS_HOST);
    struct buf text = user_token(&config, NOW_S);
    struct host_token token;
    assert_null(host_token_read(&token, &config, buf_slice(&text), NOW_S));
    assert_false(token.is_livekit);
    assert_slice_equal(token.user_id, "user");
    assert_slice_equal(token.family_id, "family");
    assert_int_equal(token.until_s, NOW_S + 900);
    host_token_free(&token);
    buf_free(&text);
}

static void a_bad_token_is_named(void **state) {
    struct config config = config_with_keys(ACCESS_HOST), other = config;
    other.jwt_access_secret = "another-secret-0123456789-0123";
    struct buf of_user = user_token(&config, NOW_S), forged = user_token(&other, NOW_S);
    struct buf of_livekit =
        livekit_token("{\"room\":\"daily\",\"roomJoin\":true}", HOST_METADATA, NOW_S);
    const struct {
        struct slice text;
        int64_t now_s;
        const char *fault;
    } cases[] = {
        {buf_slice(&of_user), NOW_S + 900, "Token expired"},
        {buf_slice(&of_user), NOW_S - 31, "Token not valid yet: is a clock wrong?"},
        {buf_slice(&of_livekit), NOW_S + 61, "Token expired"},
        {buf_slice(&forged), NOW_S, "Invalid token"},
        {SLICE("no token"), NOW_S, "Invalid token"},
        {SLICE_NONE, NOW_S, "Invalid token"},
    };
    for (size_t i = 0; i < 6; i++) {
        struct host_token token;
        assert_string_equal(host_token_read(&token, &config, cases[i].text, cases[i].now_s),
                            cases[i].fault);
    }
    buf_free(&of_user);
    buf_free(&forged);
    buf_free(&of_livekit);
}

RUN_TESTS(TEST(a_host_of_livekit_is_known_by_the_metadata), TEST(other_participants_are_no_hosts),
          TEST(nobody_promotes_themselves), TEST(the_token_must_join_a_room),
          TEST(ours_names_the_user_and_the_login), TEST(a_bad_token_is_named))
