#include "hume_fixture.h"
#include "unit.h"

#include <string.h>

static void without_a_key_nothing_happens_but_the_log(void **state) {
    struct fixture f;
    fixture_open(&f, false, KIND, (struct hume_settings){0});
    assert_false(hume_track_wants(f.track));
    fixture_hear_group(&f, 5, 0, true);
    fixture_turn(&f, 20);
    assert_string_equal(f.fates[0], "no_key");
    assert_int_equal(f.accepted, 0);
    fixture_close(&f);
}

static void bad_settings_are_named(void **state) {
    struct loop *loop;
    struct hume *hume;
    char why[128];
    assert_int_equal(loop_open(&loop), 0);
    assert_int_not_equal(hume_open(&hume, loop, &WITH_KEY(.url = "ftp://x/"), why, sizeof why), 0);
    assert_non_null(strstr(why, "HUME_WS_URL"));
    assert_int_not_equal(hume_open(&hume, loop, &WITH_KEY(.url = "wss://x/"), why, sizeof why), 0);
    assert_int_not_equal(
        hume_open(&hume, loop, &WITH_KEY(.url = "ws://x/", .proxy = "socks5://y"), why, sizeof why),
        0);
    assert_non_null(strstr(why, "HTTPS_PROXY"));
    assert_int_not_equal(hume_open(&hume, loop,
                                   &(struct hume_settings){.url = "ws://x/", .api_key = "a\r\nb"},
                                   why, sizeof why),
                         0);
    assert_non_null(strstr(why, "HUME_API_KEY"));
    loop_close(loop);
}

RUN_TESTS(TEST(without_a_key_nothing_happens_but_the_log), TEST(bad_settings_are_named))
