/* Against a real listener: what a path leads to, and what it is answered with. */
#include "app/rest/routes.h"
#include "ask.h"
#include "base/macros.h"

#include <stdio.h>

static void show(struct http_request *req, const struct route_match *match, void *owner) {
    struct buf text = {0};
    buf_add_text(&text, owner);
    for (size_t i = 0; i < match->count; i++)
        buf_printf(&text, " <%.*s>", SLICE_ARG(match->params[i]));
    http_respond(req, 200, "text/plain", buf_slice(&text));
    buf_free(&text);
}

static const struct route rows[] = {
    {"GET", "/", show},
    {"GET", "/things", show},
    {"POST", "/things/:id/parts/:part", show, 8},
    {"GET", "/things/:id", show},
    {"GET", "/files/:id", show, .is_exact = true},
    {"*", "/all/...", show},
};

/* The status line's number and the body, as "200 body". */
static void expect(const char *method, const char *path, const char *body, const char *expected) {
    struct routes *routes = routes_new();
    char request[1024], owner[] = "here", line[2048];
    struct ask ask;

    routes_add(routes, rows, ARRAY_LEN(rows), owner);
    ask_open(&ask, routes);
    snprintf(request, sizeof request,
             "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
             method, path, strlen(body), body);
    ask_run(&ask, request);
    const char *content = strstr(ask.answer.data, "\r\n\r\n");
    assert_non_null(content);
    snprintf(line, sizeof line, "%.3s %s", ask.answer.data + 9, content + 4);
    assert_string_equal(line, expected);
    ask_close(&ask);
    routes_free(routes);
}

static void paths_lead_to_their_rows(void **state) {
    expect("GET", "/", "", "200 here");
    expect("GET", "/things?a=b", "", "200 here");
    expect("GET", "/Things/", "", "200 here");
    expect("GET", "/things/a%2Fb%20c", "", "200 here <a/b c>");
    expect("GET", "/things/a+b/", "", "200 here <a+b>");
    expect("POST", "/things/1/parts/2", "{}", "200 here <1> <2>");
    expect("HEAD", "/things", "", "200 ");
}

static void an_exact_path_takes_no_slash_at_its_end(void **state) {
    expect("GET", "/files/1", "", "200 here <1>");
    expect("GET", "/FILES/1?a=b/", "", "200 here <1>");
    expect("GET", "/files/1/", "",
           "404 {\"message\":\"Cannot GET /files/1/\",\"error\":\"Not Found\",\"statusCode\":404}");
}

static void a_parameter_with_a_zero_byte_names_nothing(void **state) {
    expect(
        "GET", "/things/1%00", "",
        "404 {\"message\":\"Cannot GET /things/1%00\",\"error\":\"Not Found\",\"statusCode\":404}");
    expect(
        "GET", "/things/%00", "",
        "404 {\"message\":\"Cannot GET /things/%00\",\"error\":\"Not Found\",\"statusCode\":404}");
    expect("POST", "/things/1%002/parts/3", "",
           "404 {\"message\":\"Cannot POST /things/1%002/parts/3\",\"error\":\"Not Found\","
           "\"statusCode\":404}");
}

static void a_prefix_takes_any_method_as_written(void **state) {
    expect("DELETE", "/all/of/it", "", "200 here");
    expect(
        "GET", "/ALL/of/it", "",
        "404 {\"message\":\"Cannot GET /ALL/of/it\",\"error\":\"Not Found\",\"statusCode\":404}");
}

static void what_no_row_knows_is_404(void **state) {
    expect("GET", "/nope?x=1", "",
           "404 {\"message\":\"Cannot GET /nope?x=1\",\"error\":\"Not Found\",\"statusCode\":404}");
    expect("POST", "/things", "{}",
           "404 {\"message\":\"Cannot POST /things\",\"error\":\"Not Found\",\"statusCode\":404}");
    expect("GET", "/things//", "",
           "404 {\"message\":\"Cannot GET /things//\",\"error\":\"Not Found\",\"statusCode\":404}");
}

static void a_bad_escape_is_named(void **state) {
    expect("GET", "/things/%ZZ", "",
           "400 {\"message\":\"Failed to decode param '%ZZ'\",\"error\":\"Bad "
           "Request\",\"statusCode\":400}");
}

static void a_row_may_limit_its_bodies(void **state) {
    expect("POST", "/things/1/parts/2", "123456789",
           "413 {\"statusCode\":413,\"message\":\"request entity too large\"}");
}

RUN_TESTS(TEST(paths_lead_to_their_rows), TEST(an_exact_path_takes_no_slash_at_its_end),
          TEST(a_parameter_with_a_zero_byte_names_nothing),
          TEST(a_prefix_takes_any_method_as_written), TEST(what_no_row_knows_is_404),
          TEST(a_bad_escape_is_named), TEST(a_row_may_limit_its_bodies))
