/* Against a real listener: what a path leads to, and what it is answered with. */
#include "app/rest/routes.h"
#include "base/buf.h"
#include "base/mem.h"
#include "net/loop.h"
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct world {
    struct loop *loop;
    struct http_server *http;
    struct mailbox *inbox;
    struct buf answer;
    const char *request;
    uint16_t port;
    struct timer check;
    bool is_done;
};

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
    {"*", "/all/...", show},
};

/* A client on a thread of its own: sends, and reads to the end. */
static void *client(void *arg) {
    struct world *world = arg;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(world->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, world->request, strlen(world->request)) > 0) {
        char part[1024];
        ssize_t got;
        while ((got = read(fd, part, sizeof part)) > 0)
            buf_add(&world->answer, part, (size_t)got);
    }
    close(fd);
    __atomic_store_n(&world->is_done, true, __ATOMIC_RELEASE);
    return NULL;
}

static void on_check(void *arg) {
    struct world *world = arg;
    if (__atomic_load_n(&world->is_done, __ATOMIC_ACQUIRE))
        loop_stop(world->loop);
}

/* The status line's number and the body, as "200 body". */
static void expect(const char *method, const char *path, const char *body, const char *expected) {
    struct world world = {0};
    struct routes *routes = routes_new();
    char request[1024], owner[] = "here", line[2048];
    pthread_t thread;

    routes_add(routes, rows, ARRAY_LEN(rows), owner);
    struct http_handlers handlers = routes_handlers(routes);
    struct http_settings set = {.host = "127.0.0.1"};
    assert_int_equal(loop_open(&world.loop), 0);
    assert_int_equal(http_server_open(&world.http, world.loop, &set, &handlers), 0);
    world.port = http_server_port(world.http);
    snprintf(request, sizeof request,
             "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
             method, path, strlen(body), body);
    world.request = request;
    timer_start(world.loop, &world.check, 1, 1, on_check, &world);
    assert_int_equal(pthread_create(&thread, NULL, client, &world), 0);
    loop_run(world.loop);
    pthread_join(thread, NULL);
    timer_stop(&world.check);

    buf_add_byte(&world.answer, 0);
    const char *content = strstr(world.answer.data, "\r\n\r\n");
    assert_non_null(content);
    snprintf(line, sizeof line, "%.3s %s", world.answer.data + 9, content + 4);
    assert_string_equal(line, expected);
    http_server_close(world.http);
    routes_free(routes);
    loop_close(world.loop);
    buf_free(&world.answer);
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

RUN_TESTS(TEST(paths_lead_to_their_rows), TEST(a_prefix_takes_any_method_as_written),
          TEST(what_no_row_knows_is_404), TEST(a_bad_escape_is_named),
          TEST(a_row_may_limit_its_bodies))
