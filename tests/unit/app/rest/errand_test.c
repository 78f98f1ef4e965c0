/* How errands end, seen by a client of a real listener. */
#include "app/rest/errand.h"
#include "ask.h"
#include "base/macros.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>

struct world {
    int err; /* for errand_answer_errno */
    int freed_jobs;
};

static void free_job(void *job) {
    struct world *world = *(struct world **)job;
    world->freed_jobs++;
    mem_free(job);
}

static void give_job(struct errand *errand, struct world *world) {
    struct world **job = mem_alloc(sizeof *job);
    *job = world;
    errand_set_job(errand, job, free_job);
}

static void on_json(struct http_request *req, const struct route_match *match, void *owner) {
    struct errand *errand = errand_new(req, match, owner);
    buf_printf(&errand->json, "[\"%s\",\"%s\",\"%s\"]", errand->params[0], errand->query,
               errand->user_agent);
    give_job(errand, owner);
    give_job(errand, owner); /* frees the first */
    errand_answer_json(errand, 201);
}

static void on_errno(struct http_request *req, const struct route_match *match, void *owner) {
    struct world *world = owner;
    errand_answer_errno(errand_new(req, match, owner), world->err, "Thing not found");
}

static void on_refuse(struct http_request *req, const struct route_match *match, void *owner) {
    errand_answer_error(errand_new(req, match, owner), 401, NULL);
}

static const struct body_field fields[] = {{"name", .rules = {{RULE_STRING}}}};

static void on_body(struct http_request *req, const struct route_match *match, void *owner) {
    struct errand *errand = errand_new_with_body(req, match, owner);
    if (!errand)
        return;
    give_job(errand, owner);
    if (!errand_check_body(errand, fields, ARRAY_LEN(fields)))
        return;
    if (slice_is_equal(body_text(errand->body, "name"), SLICE("bad")))
        errand_answer_invalid(errand, "name is \"bad\"");
    else
        errand_answer_empty(errand, 204);
}

/* Never answered: the errand ends when its client goes. */
static void on_wait(struct http_request *req, const struct route_match *match, void *owner) {
    struct world *world = owner;
    give_job(errand_new(req, match, owner), world);
}

static const struct route rows[] = {
    {"GET", "/json/:id", on_json}, {"GET", "/errno", on_errno}, {"GET", "/refuse", on_refuse},
    {"POST", "/body", on_body},    {"GET", "/wait", on_wait},
};

/* One request. The answer holds each of the texts. */
static void expect(struct world *world, const char *method, const char *path, const char *body,
                   const char *const *texts) {
    struct routes *routes = routes_new();
    struct ask ask;
    char request[1024];
    routes_add(routes, rows, ARRAY_LEN(rows), world);
    ask_open(&ask, routes);
    snprintf(request, sizeof request,
             "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: tester\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
             method, path, strlen(body), body);
    ask_run(&ask, request);
    for (; *texts; texts++) {
        if (!strstr(ask.answer.data, *texts))
            fail_msg("no \"%s\" in %s", *texts, ask.answer.data);
    }
    ask_close(&ask);
    routes_free(routes);
}
#define EXPECT(world, method, path, body, ...)                                                     \
    expect(world, method, path, body, (const char *const[]){__VA_ARGS__, NULL})

static void an_errand_keeps_what_the_request_said(void **state) {
    struct world world = {0};
    EXPECT(&world, "GET", "/json/a%20b?c=d", "", "HTTP/1.1 201", "[\"a b\",\"c=d\",\"tester\"]");
    assert_int_equal(world.freed_jobs, 2);
}

static void errors_of_the_store_have_their_answers(void **state) {
    struct world world = {.err = EAGAIN};
    EXPECT(&world, "GET", "/errno", "", "HTTP/1.1 503", "Retry-After: 2\r\n", "try again shortly");
    world.err = ECANCELED;
    EXPECT(&world, "GET", "/errno", "", "HTTP/1.1 503", "Retry-After: 2\r\n");
    world.err = ENOENT;
    EXPECT(&world, "GET", "/errno", "", "HTTP/1.1 404",
           "{\"message\":\"Thing not found\",\"error\":\"Not Found\",\"statusCode\":404}");
    world.err = EINVAL;
    EXPECT(&world, "GET", "/errno", "", "HTTP/1.1 400", "makes no sense");
    world.err = EIO;
    EXPECT(&world, "GET", "/errno", "", "HTTP/1.1 500",
           "{\"statusCode\":500,\"message\":\"Internal server error\"}");
}

static void a_refusal_names_the_scheme(void **state) {
    struct world world = {0};
    EXPECT(&world, "GET", "/refuse", "", "HTTP/1.1 401", "WWW-Authenticate: Bearer\r\n",
           "{\"message\":\"Unauthorized\",\"statusCode\":401}");
}

static void a_bad_body_ends_the_errand(void **state) {
    struct world world = {0};
    EXPECT(&world, "POST", "/body", "{\"name\":\"x\"}", "HTTP/1.1 204");
    assert_int_equal(world.freed_jobs, 1);
    EXPECT(&world, "POST", "/body", "{\"name\":5}", "HTTP/1.1 400",
           "{\"message\":[\"name must be a string\"],\"error\":\"Bad Request\","
           "\"statusCode\":400}");
    assert_int_equal(world.freed_jobs, 2);
    EXPECT(&world, "POST", "/body", "{\"name\":\"bad\"}", "HTTP/1.1 400",
           "{\"message\":[\"name is \\\"bad\\\"\"],\"error\":\"Bad Request\",");
    assert_int_equal(world.freed_jobs, 3);
    EXPECT(&world, "POST", "/body", "no JSON", "HTTP/1.1 400", "The body is no valid JSON object");
    assert_int_equal(world.freed_jobs, 3);
}

static void an_errand_ends_with_its_client(void **state) {
    struct world world = {0};
    struct routes *routes = routes_new();
    struct ask ask;
    routes_add(routes, rows, ARRAY_LEN(rows), &world);
    ask_open(&ask, routes);
    ask.answer_max = 0; /* the client sends and leaves */
    ask.wait_until = &world.freed_jobs;
    ask_run(&ask, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(world.freed_jobs, 1);
    ask_close(&ask);
    routes_free(routes);
}

RUN_TESTS(TEST(an_errand_keeps_what_the_request_said), TEST(errors_of_the_store_have_their_answers),
          TEST(a_refusal_names_the_scheme), TEST(a_bad_body_ends_the_errand),
          TEST(an_errand_ends_with_its_client))
