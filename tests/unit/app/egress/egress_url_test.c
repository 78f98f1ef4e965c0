#include "app/egress/egress_url.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define SECRET SLICE("0123456789abcdef0123456789abcdef")
#define NONCE  SLICE("abcdefghijklmnopqrstuv")
#define PATH   SLICE("/egress-audio")

enum { NOW = 1700000000 };

static enum egress_url_fault check(const char *query, struct slice path, int64_t now_s) {
    struct slice nonce;
    return egress_url_check(slice_from(query), path, SECRET, now_s, &nonce);
}

/* A signed query as text. */
static void sign(struct buf *out, const char *query) {
    buf_add_text(out, query);
    egress_url_sign(out, PATH, SECRET, NONCE, NOW + EGRESS_URL_LIFE_S);
    buf_add_byte(out, 0);
}

static void what_was_signed_is_let_in(void **state) {
    struct buf url = {0};
    struct slice nonce;
    sign(&url, "roomName=sala+1%2F%C3%A7&participant=bob&trackId=TR_1&unknown=x");
    assert_int_equal(check(url.data, PATH, NOW), EGRESS_URL_OK);
    assert_int_equal(egress_url_check(slice_from(url.data), PATH, SECRET, NOW, &nonce),
                     EGRESS_URL_OK);
    assert_slice_equal(nonce, "abcdefghijklmnopqrstuv");
    buf_free(&url);
}

static void order_and_spelling_do_not_matter(void **state) {
    struct buf url = {0}, other = {0};
    sign(&url, "roomName=a+b&trackId=T");
    const char *token = strstr(url.data, "token=");
    buf_printf(&other, "%s&trackId=%%54&roomName=a%%20b", token);
    buf_add_byte(&other, 0);
    assert_int_equal(check(other.data, PATH, NOW), EGRESS_URL_OK);
    buf_free(&url);
    buf_free(&other);
}

static void every_change_is_noticed(void **state) {
    struct buf url = {0};
    sign(&url, "roomName=room&participant=bob&trackId=TR_1");
    size_t len = strlen(url.data);
    for (size_t i = 0; i < len; i++) {
        char was = url.data[i];
        url.data[i] = was == 'x' ? 'y' : 'x';
        assert_int_not_equal(check(url.data, PATH, NOW), EGRESS_URL_OK);
        url.data[i] = was;
    }
    assert_int_equal(check(url.data, SLICE("/egress-video"), NOW), EGRESS_URL_FORGED);
    buf_free(&url);
}

static void added_parameters_are_noticed(void **state) {
    struct buf url = {0};
    sign(&url, "roomName=room&trackId=TR_1");
    url.len--;
    buf_add_text(&url, "&meetingId=other");
    buf_add_byte(&url, 0);
    assert_int_equal(check(url.data, PATH, NOW), EGRESS_URL_FORGED);
    buf_free(&url);
}

static void twins_are_refused(void **state) {
    assert_int_equal(check("roomName=a&roomName=a", PATH, NOW), EGRESS_URL_AMBIGUOUS);
    assert_int_equal(check("roomName=a&room=b", PATH, NOW), EGRESS_URL_AMBIGUOUS);
    assert_int_equal(check("track=a&trackId=b", PATH, NOW), EGRESS_URL_AMBIGUOUS);
    assert_int_equal(check("room%4eame=a&roomName=b", PATH, NOW), EGRESS_URL_AMBIGUOUS);
    assert_int_equal(check("token=a&token=b", PATH, NOW), EGRESS_URL_AMBIGUOUS);
}

static void bad_tokens(void **state) {
    assert_int_equal(check("roomName=a", PATH, NOW), EGRESS_URL_UNSIGNED);
    assert_int_equal(check("roomName=a&token=", PATH, NOW), EGRESS_URL_MALFORMED);
    assert_int_equal(check("roomName=a&token=v2.1.2.3", PATH, NOW), EGRESS_URL_MALFORMED);
    assert_int_equal(check("roomName=%zz&token=v1", PATH, NOW), EGRESS_URL_MALFORMED);
}

static void it_expires(void **state) {
    struct buf url = {0};
    sign(&url, "roomName=a");
    assert_int_equal(check(url.data, PATH, NOW + EGRESS_URL_LIFE_S), EGRESS_URL_OK);
    assert_int_equal(check(url.data, PATH, NOW + EGRESS_URL_LIFE_S + 1), EGRESS_URL_EXPIRED);
    /* Nor may anybody have signed for longer than the life of a URL. */
    assert_int_equal(check(url.data, PATH, NOW - 3600), EGRESS_URL_EXPIRED);
    buf_free(&url);
}

RUN_TESTS(TEST(what_was_signed_is_let_in), TEST(order_and_spelling_do_not_matter),
          TEST(every_change_is_noticed), TEST(added_parameters_are_noticed),
          TEST(twins_are_refused), TEST(bad_tokens), TEST(it_expires))
