#include "app/server/access_log.h"

#include "base/trace.h"
#include "unit.h"

#define NOW_MS INT64_C(1790000000123)

static void clf_is(const struct http_access *access, const char *expected) {
    struct buf line = {0};
    access_write_clf(&line, access, NOW_MS);
    buf_add_byte(&line, 0);
    assert_string_equal(line.data, expected);
    buf_free(&line);
}

static void the_combined_form(void **state) {
    clf_is(&(struct http_access){.peer = "192.0.2.7",
                                 .method = SLICE("GET"),
                                 .target = SLICE("/sessions?limit=2"),
                                 .referer = SLICE("https://app.example.org/"),
                                 .agent = SLICE("curl/7.88.1"),
                                 .minor = 1,
                                 .status = 200,
                                 .bytes = 4711},
           "192.0.2.7 - - [21/Sep/2026:14:13:20 +0000] \"GET /sessions?limit=2 HTTP/1.1\" 200 4711 "
           "\"https://app.example.org/\" \"curl/7.88.1\"\n");
    clf_is(&(struct http_access){.peer = "::1", .minor = 1, .status = 400, .bytes = 9},
           "::1 - - [21/Sep/2026:14:13:20 +0000] \"-\" 400 9 \"-\" \"-\"\n");
}

static void no_client_forges_a_line(void **state) {
    clf_is(&(struct http_access){.peer = "::1",
                                 .method = SLICE("GET"),
                                 .target = SLICE("/\"x\\\xc3\xa9"),
                                 .agent = SLICE("a\nb\x1b[2J"),
                                 .status = 404},
           "::1 - - [21/Sep/2026:14:13:20 +0000] \"GET /\\\"x\\\\\\xc3\\xa9 HTTP/1.0\" 404 0 \"-\" "
           "\"a\\x0ab\\x1b[2J\"\n");
}

static void what_opens_doors_is_left_out(void **state) {
    clf_is(
        &(struct http_access){.peer = "::1",
                              .method = SLICE("GET"),
                              .target = SLICE("/recordings/1?ticket=abc&a=b&%74oken=x&sig=&flag"),
                              .minor = 1,
                              .status = 200},
        "::1 - - [21/Sep/2026:14:13:20 +0000] "
        "\"GET /recordings/1?ticket=-&a=b&%74oken=-&sig=-&flag HTTP/1.1\" 200 0 \"-\" \"-\"\n");
}

static void an_object_with_its_trace(void **state) {
    struct trace trace;
    struct buf line = {0};
    assert_true(
        trace_parse(&trace, SLICE("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));
    const struct http_access access = {.peer = "::1",
                                       .method = SLICE("GET"),
                                       .target = SLICE("/x\n"),
                                       .minor = 1,
                                       .status = 204,
                                       .took_ms = 12,
                                       .trace = &trace};
    access_write_json(&line, &access, NOW_MS);
    buf_add_byte(&line, 0);
    assert_string_equal(
        line.data,
        "{\"time\":\"2026-09-21T14:13:20.123Z\",\"level\":\"info\",\"area\":\"access\",\"message\":"
        "\"request\",\"peer\":\"::1\",\"method\":\"GET\",\"target\":\"/"
        "x\\n\",\"status\":204,\"bytes\":0,"
        "\"tookMs\":12,\"referer\":null,\"agent\":null,\"traceId\":"
        "\"4bf92f3577b34da6a3ce929d0e0e4736\","
        "\"parentId\":\"00f067aa0ba902b7\"}\n");
    buf_free(&line);
}

RUN_TESTS(TEST(the_combined_form), TEST(no_client_forges_a_line),
          TEST(what_opens_doors_is_left_out), TEST(an_object_with_its_trace))
