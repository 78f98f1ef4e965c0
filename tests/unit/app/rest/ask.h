/* Asks a real listener with these routes: one request on one connection, and the whole answer. */
#ifndef TESTS_ASK_H
#define TESTS_ASK_H

#include "app/rest/routes.h"
#include "base/buf.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/timer.h"
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct ask {
    struct loop *loop;
    struct http_server *http;
    struct buf answer;
    const char *request;
    size_t answer_max;     /* the client leaves after so many bytes */
    const int *wait_until; /* NULL; or the loop runs on until this is not 0 */
    uint16_t port;
    struct timer check;
    bool is_done;
};

/* The client, on a thread of its own: sends, and reads to the end. */
static inline void *ask_client(void *arg) {
    struct ask *ask = arg;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(ask->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, ask->request, strlen(ask->request)) > 0) {
        char part[1024];
        ssize_t got;
        while (ask->answer.len < ask->answer_max && (got = read(fd, part, sizeof part)) > 0)
            buf_add(&ask->answer, part, (size_t)got);
    }
    close(fd);
    __atomic_store_n(&ask->is_done, true, __ATOMIC_RELEASE);
    return NULL;
}

static inline void ask_check(void *arg) {
    struct ask *ask = arg;
    if (__atomic_load_n(&ask->is_done, __ATOMIC_ACQUIRE) && (!ask->wait_until || *ask->wait_until))
        loop_stop(ask->loop);
}

/* Opens the loop and the listener. */
static inline void ask_open(struct ask *ask, struct routes *routes) {
    struct http_handlers handlers = routes_handlers(routes);
    struct http_settings set = {.host = "127.0.0.1"};
    *ask = (struct ask){.answer_max = SIZE_MAX};
    assert_int_equal(loop_open(&ask->loop), 0);
    assert_int_equal(http_server_open(&ask->http, ask->loop, &set, &handlers), 0);
    ask->port = http_server_port(ask->http);
}

/* Runs the loop until the client has gone. The answer is terminated. */
static inline void ask_run(struct ask *ask, const char *request) {
    pthread_t thread;
    ask->request = request;
    timer_start(ask->loop, &ask->check, 1, 1, ask_check, ask);
    assert_int_equal(pthread_create(&thread, NULL, ask_client, ask), 0);
    loop_run(ask->loop);
    pthread_join(thread, NULL);
    timer_stop(&ask->check);
    buf_add_byte(&ask->answer, 0);
}

static inline void ask_close(struct ask *ask) {
    http_server_close(ask->http);
    loop_close(ask->loop);
    buf_free(&ask->answer);
}

#endif
