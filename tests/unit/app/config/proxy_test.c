#include "app/config/proxy.h"
#include "base/mem.h"
#include "unit.h"

static void expect(const char *text, const char *normal) {
    char *proxy = proxy_normalise(text);
    assert_string_equal(proxy ? proxy : "none", normal);
    mem_free(proxy);
}

static void a_proxy_needs_no_scheme(void **state) {
    expect("proxy.corp:3128", "http://proxy.corp:3128");
    expect("http://proxy.corp:3128/", "http://proxy.corp:3128");
    expect("u:p@[::1]:3128", "http://u:p@[::1]:3128");
    expect("10.0.0.1", "http://10.0.0.1");
    expect("https://proxy.corp", "none");
    expect("socks5://proxy.corp", "none");
    expect("proxy.corp:99999", "none");
    expect("http://proxy.corp/path", "none");
    expect("u:%zz@proxy.corp", "none");
}

static bool skipped(const char *list, const char *host) {
    return proxy_is_skipped(slice_from(list), slice_from(host), 443);
}

static void hosts_without_the_proxy(void **state) {
    assert_true(skipped("*", "api.hume.ai"));
    assert_true(skipped("localhost, hume.ai", "api.hume.ai"));
    assert_true(skipped("localhost .hume.ai", "hume.ai"));
    assert_true(skipped("*.Hume.AI", "api.hume.ai"));
    assert_true(skipped("api.hume.ai:443", "api.hume.ai"));
    assert_true(skipped("10.0.0.0/8", "10.1.2.3"));
    assert_true(skipped("[::1]:443", "::1") || skipped("::1", "::1"));
    assert_true(skipped("::1", "::1"));
    assert_false(skipped("api.hume.ai:80", "api.hume.ai"));
    assert_false(skipped("ume.ai", "api.hume.ai"));
    assert_false(skipped("api.hume.ai", "hume.ai"));
    assert_false(skipped("", "hume.ai"));
    assert_false(skipped(".,,*.", "hume.ai"));
}

RUN_TESTS(TEST(a_proxy_needs_no_scheme), TEST(hosts_without_the_proxy))
