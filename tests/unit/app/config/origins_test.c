#include "app/config/origins.h"
#include "base/buf.h"
#include "unit.h"

#include <errno.h>

static void expect(const char *list, const char *normal) {
    struct buf out = {0};
    struct slice bad;
    if (origins_normalise(&out, slice_from(list), &bad))
        fail_msg("%s: %.*s", list, SLICE_ARG(bad));
    assert_slice_equal(buf_slice(&out), normal);
    buf_free(&out);
}

static void refuses(const char *list, const char *item) {
    struct buf out = {0};
    struct slice bad;
    assert_int_equal(origins_normalise(&out, slice_from(list), &bad), EINVAL);
    assert_slice_equal(bad, item);
    buf_free(&out);
}

static void origins_become_those_of_browsers(void **state) {
    expect("https://app.example.org", "https://app.example.org");
    expect("https://app.example.org/", "https://app.example.org");
    expect("HTTPS://App.Example.ORG:443 , http://x:80/,", "https://app.example.org,http://x");
    expect("http://x:443,https://x:80", "http://x:443,https://x:80");
    expect("http://[2001:DB8::1]:3000", "http://[2001:db8::1]:3000");
    expect("capacitor://localhost,null", "capacitor://localhost,null");
    expect(" * ", "");
}

static void what_is_no_origin_is_named(void **state) {
    refuses("app.example.org", "app.example.org");
    refuses("https://a,https://b/path", "https://b/path");
    refuses("https://*.example.org", "https://*.example.org");
    refuses("https://a, *", "*");
    refuses("https://u@a", "https://u@a");
    refuses("https://a?", "https://a?");
    refuses("https://a:99999", "https://a:99999");
    refuses("https://m\xc3\xbcller.example", "https://m\xc3\xbcller.example");
    refuses(",", ",");
}

RUN_TESTS(TEST(origins_become_those_of_browsers), TEST(what_is_no_origin_is_named))
