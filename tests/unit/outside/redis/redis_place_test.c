#include "outside/redis/redis.h"

#include "unit.h"

static char why[160];

static int parse(struct redis_place *out, const char *url) {
    return redis_place_parse(out, url, NULL, NULL, why, sizeof why);
}

static void a_url_says_everything(void **state) {
    struct redis_place place;
    assert_int_equal(parse(&place, "rediss://ana:p%40ss@[::1]:7000/15"), 0);
    assert_string_equal(place.server.host, "::1");
    assert_int_equal(place.server.port, 7000);
    assert_string_equal(place.user, "ana");
    assert_string_equal(place.password, "p@ss");
    assert_int_equal(place.db, 15);
    assert_true(place.is_secure);
}

static void what_is_not_said_has_its_usual_value(void **state) {
    struct redis_place place;
    assert_int_equal(parse(&place, "redis://redis.example/"), 0);
    assert_int_equal(place.server.port, 6379);
    assert_int_equal(place.db, 0);
    assert_string_equal(place.user, "");
    assert_string_equal(place.password, "");
    assert_false(place.is_secure);
    assert_int_equal(place.sentinel_count, 0);
    assert_int_equal(parse(&place, "redis://:secret@redis.example"), 0);
    assert_string_equal(place.user, "");
    assert_string_equal(place.password, "secret");
}

static void sentinels_are_a_list(void **state) {
    struct redis_place place;
    assert_int_equal(redis_place_parse(&place, "redis://x", " a:1, [::1]:2,c,[fd00::1] ", "room",
                                       why, sizeof why),
                     0);
    assert_int_equal(place.sentinel_count, 4);
    assert_string_equal(place.sentinels[0].host, "a");
    assert_int_equal(place.sentinels[0].port, 1);
    assert_string_equal(place.sentinels[1].host, "::1");
    assert_int_equal(place.sentinels[1].port, 2);
    assert_int_equal(place.sentinels[2].port, 26379);
    assert_string_equal(place.sentinels[3].host, "fd00::1");
    assert_string_equal(place.sentinel_name, "room");
}

static void what_cannot_be_is_refused(void **state) {
    static const char *const urls[] = {"",
                                       "redis",
                                       "http://x",
                                       "redis://x/a",
                                       "redis://x/9999",
                                       "redis://:%zz@x",
                                       "redis://:%00@x"};
    static const char *const lists[] = {"a:",   "a:b",    "a:0", "a:65536",          ":1",
                                        "[::1", "[::1]x", ",",   "a,b,c,d,e,f,g,h,i"};
    struct redis_place place = {.db = 7};
    for (unsigned i = 0; i < sizeof urls / sizeof *urls; i++)
        assert_int_not_equal(parse(&place, urls[i]), 0);
    for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++) {
        bool is_whole = strcmp(lists[i], "a:") == 0; /* no port is the usual one */
        assert_int_equal(
            redis_place_parse(&place, "redis://x", lists[i], "room", why, sizeof why) == 0,
            is_whole);
    }
    assert_int_not_equal(redis_place_parse(&place, "redis://x", "a", "", why, sizeof why), 0);
}

RUN_TESTS(TEST(a_url_says_everything), TEST(what_is_not_said_has_its_usual_value),
          TEST(sentinels_are_a_list), TEST(what_cannot_be_is_refused))
