/* Against a real listener: what the page's files are answered with, and where / leads. */
#include "app/page/page.h"

#include "../rest/ask.h"
#include "app/config/config.h"
#include "app/page/page_files.h"
#include "base/macros.h"

#include <stdio.h>
#include <stdlib.h>

static void page_test_on_root(struct http_request *req, const struct route_match *match,
                              void *owner) {
    if (!page_take_root(owner, req))
        http_respond_json(req, 200, SLICE("{}"));
}

/* The whole answer, terminated; free it. */
static char *answer_of(const struct config *config, const char *method, const char *path,
                       const char *headers) {
    static const struct route rows[] = {{"GET", "/", page_test_on_root}};
    struct page page = {config};
    struct routes *routes = routes_new();
    char request[2048];
    struct ask ask;
    page_add_routes(&page, routes);
    routes_add(routes, rows, ARRAY_LEN(rows), &page);
    ask_open(&ask, routes);
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
             method, path, headers);
    ask_run(&ask, request);
    char *answer = calloc(1, ask.answer.len);
    memcpy(answer, ask.answer.data, ask.answer.len);
    ask_close(&ask);
    routes_free(routes);
    return answer;
}

static void expect(const struct config *config, const char *method, const char *path,
                   const char *headers, const char *part, bool is_there) {
    char *answer = answer_of(config, method, path, headers);
    if ((strstr(answer, part) != NULL) != is_there)
        fail_msg("%s %s: \"%s\" %s in: %s", method, path, part, is_there ? "missing" : "found",
                 answer);
    free(answer);
}

static const struct config on = {.web_page = true}, off = {.web_page = false};

static void files_come_with_a_strict_policy(void **state) {
    expect(&on, "GET", "/app/", "", "HTTP/1.1 200 OK\r\n", true);
    expect(&on, "GET", "/app/", "", "Content-Type: text/html; charset=utf-8\r\n", true);
    expect(&on, "GET", "/app/index.html", "", "<!doctype html>", true);
    expect(&on, "GET", "/app/main.js", "", "Content-Type: text/javascript; charset=utf-8\r\n",
           true);
    expect(&on, "GET", "/app/", "", "script-src 'self'; style-src 'self';", true);
    expect(&on, "GET", "/app/", "", "frame-ancestors 'none'\r\n", true);
    expect(&on, "GET", "/app/", "", "unsafe-", false);
    expect(&on, "GET", "/app/", "", "X-Content-Type-Options: nosniff\r\n", true);
    expect(&on, "GET", "/app/", "", "Referrer-Policy: no-referrer\r\n", true);
    expect(&on, "HEAD", "/app/", "", "<!doctype", false);
    const struct config framed = {.web_page = true,
                                  .web_frame_ancestors = "https://a.example,http://b:1"};
    expect(&framed, "GET", "/app/", "", "frame-ancestors https://a.example http://b:1\r\n", true);
}

static void only_files_of_the_page_are_there(void **state) {
    expect(&on, "GET", "/app/nothing.js", "", "HTTP/1.1 404 ", true);
    expect(&on, "GET", "/app/../meson.build", "", "HTTP/1.1 404 ", true);
    expect(&on, "GET", "/app/meson.build", "", "HTTP/1.1 404 ", true);
    expect(&on, "POST", "/app/", "Content-Length: 0\r\n", "HTTP/1.1 404 ", true);
    expect(&on, "GET", "/app?embed=1", "", "Location: app/?embed=1\r\n", true);
    expect(&off, "GET", "/app/", "", "HTTP/1.1 404 ", true);
}

/* A file that is known by its tag is not sent again; the packed form has a tag of its own. */
static void a_known_file_is_not_sent_again(void **state) {
    char *plain = answer_of(&on, "GET", "/app/main.js", "");
    char tag[64] = "", headers[256];
    assert_int_equal(sscanf(strstr(plain, "ETag: "), "ETag: %63[^\r]", tag), 1);
    free(plain);
    snprintf(headers, sizeof headers, "If-None-Match: W/\"x\", W/%s\r\n", tag);
    expect(&on, "GET", "/app/main.js", headers, "HTTP/1.1 304 ", true);
    snprintf(headers, sizeof headers, "If-None-Match: %s\r\nAccept-Encoding: gzip\r\n", tag);
    expect(&on, "GET", "/app/main.js", headers, "HTTP/1.1 200 ", true);
    expect(&on, "GET", "/app/main.js", headers, "-gz\"\r\n", true);
}

static void packed_for_those_who_take_it(void **state) {
    static const char packed[] = "Content-Encoding: gzip\r\n";
    expect(&on, "GET", "/app/main.js", "Accept-Encoding: br, gzip;q=0.5\r\n", packed, true);
    expect(&on, "GET", "/app/main.js", "Accept-Encoding: gzip;q=0, br\r\n", packed, false);
    expect(&on, "GET", "/app/main.js", "Accept-Encoding: gzip;q=0.000\r\n", packed, false);
    expect(&on, "GET", "/app/main.js", "", packed, false);
    expect(&on, "GET", "/app/main.js", "", "Vary: Accept-Encoding\r\n", true);
}

static void root_leads_browsers_to_the_page(void **state) {
    static const char browser[] = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    expect(&on, "GET", "/", browser, "HTTP/1.1 302 Found\r\n", true);
    expect(&on, "GET", "/?embed=1", browser, "Location: app/?embed=1\r\n", true);
    expect(&on, "GET", "/", "Accept: */*\r\n", "HTTP/1.1 200 ", true);
    expect(&on, "GET", "/", "Accept: application/json, text/html;level=1;q=0\r\n", "HTTP/1.1 200 ",
           true);
    expect(&on, "GET", "/", "", "HTTP/1.1 200 ", true);
    expect(&on, "GET", "/", "", "Vary: Accept\r\n", true);
    expect(&off, "GET", "/", browser, "HTTP/1.1 200 ", true);
}

static void whoever_is_measured_is_told(void **state) {
    const struct config set = {.web_page = true,
                               .feedback_access = ACCESS_HOST,
                               .record_format = "wav",
                               .feedback_ttl_days = 14,
                               .report_ttl_days = 90,
                               .web_contact = "dpo@example.org"};
    expect(&set, "GET", "/rooms/daily%22/notice", "",
           "{\"roomName\":\"daily\\\"\",\"isRecorded\":true,\"isSentToProsody\":false,"
           "\"isForEverybody\":false,\"recordingDays\":null,\"feedbackDays\":14,"
           "\"reportDays\":90,\"contact\":\"dpo@example.org\"}",
           true);
    expect(&off, "GET", "/rooms/daily/notice", "", "HTTP/1.1 404 ", true);
}

static void the_page_asks_what_the_server_is(void **state) {
    const struct config set = {.web_page = true, .feedback_access = ACCESS_HOST, .web_moods = true};
    expect(&set, "GET", "/page/about", "",
           "\"access\":\"host\",\"locale\":\"pt-BR\",\"moods\":true}", true);
    expect(&on, "GET", "/page/about", "",
           "\"access\":\"open\",\"locale\":\"pt-BR\",\"moods\":false}", true);
    expect(&off, "GET", "/page/about", "", "HTTP/1.1 404 ", true);
}

/* What a browser has to fetch before the page is whole. */
static void the_page_is_small(void **state) {
    size_t bytes = 0;
    for (size_t i = 0; i < page_file_count; i++)
        bytes += page_files[i].packed.len;
    assert_in_range(bytes, 500, 100 * 1000);
    assert_null(page_file_find(SLICE("")));
    assert_non_null(page_file_find(SLICE("index.html")));
}

RUN_TESTS(TEST(files_come_with_a_strict_policy), TEST(only_files_of_the_page_are_there),
          TEST(a_known_file_is_not_sent_again), TEST(packed_for_those_who_take_it),
          TEST(root_leads_browsers_to_the_page), TEST(whoever_is_measured_is_told),
          TEST(the_page_asks_what_the_server_is), TEST(the_page_is_small))
