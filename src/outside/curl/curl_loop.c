#include "outside/curl/curl_loop.h"

#include "base/mem.h"
#include "net/loop.h"

#include <assert.h>
#include <errno.h>

struct curl_loop {
    struct loop *loop;
    CURLM *multi;
    struct timer timer;
    struct deferred reap;
    curl_done_fn *on_done;
    curl_turn_fn *on_turn;
    void *user;
};

/* A socket of libcurl. */
struct curl_socket {
    struct curl_loop *owner;
    struct watch *watch;
    curl_socket_t fd;
};

static void curl_on_reap(void *arg) {
    struct curl_loop *curl = arg;
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(curl->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            curl->on_done(message->easy_handle, message->data.result, curl->user);
    if (curl->on_turn)
        curl->on_turn(curl->user);
}

static void act(struct curl_loop *curl, curl_socket_t fd, int events) {
    int running;
    curl_multi_socket_action(curl->multi, fd, events, &running);
    loop_defer(curl->loop, &curl->reap, curl_on_reap, curl);
}

static void curl_on_ready(int events, void *arg) {
    struct curl_socket *s = arg;
    int flags =
        (events & WATCH_READ ? CURL_CSELECT_IN : 0) | (events & WATCH_WRITE ? CURL_CSELECT_OUT : 0);
    act(s->owner, s->fd, flags);
}

static int curl_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known) {
    struct curl_loop *curl = arg;
    struct curl_socket *s = known;
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            watch_close(s->watch);
            curl_multi_assign(curl->multi, fd, NULL);
            mem_free(s);
        }
        return 0;
    }
    if (!s) {
        s = mem_alloc(sizeof *s);
        s->owner = curl;
        s->fd = fd;
        if (watch_open(&s->watch, curl->loop, fd, curl_on_ready, s)) {
            mem_free(s);
            return -1;
        }
        curl_multi_assign(curl->multi, fd, s);
    }
    watch_set(s->watch,
              (what & CURL_POLL_IN ? WATCH_READ : 0) | (what & CURL_POLL_OUT ? WATCH_WRITE : 0));
    return 0;
}

static void curl_on_timer(void *arg) {
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int curl_on_timeout(CURLM *multi, long after_ms, void *arg) {
    struct curl_loop *curl = arg;
    if (after_ms < 0)
        timer_stop(&curl->timer);
    else
        timer_start(curl->loop, &curl->timer, after_ms, 0, curl_on_timer, curl);
    return 0;
}

int curl_loop_open(struct curl_loop **out, struct loop *loop, curl_done_fn *on_done,
                   curl_turn_fn *on_turn, void *user) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return EIO;
    struct curl_loop *curl = mem_alloc(sizeof *curl);
    *curl = (struct curl_loop){.loop = loop, .on_done = on_done, .on_turn = on_turn, .user = user};
    curl->multi = curl_multi_init();
    assert(curl->multi);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, curl_on_socket);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, curl_on_timeout);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    *out = curl;
    return 0;
}

void curl_loop_add(struct curl_loop *curl, CURL *easy) {
    curl_multi_add_handle(curl->multi, easy);
}

void curl_loop_remove(struct curl_loop *curl, CURL *easy) {
    curl_multi_remove_handle(curl->multi, easy);
}

void curl_loop_stop(struct curl_loop *curl) {
    if (!curl)
        return;
    timer_stop(&curl->timer);
    loop_undefer(curl->loop, &curl->reap);
}

void curl_loop_close(struct curl_loop *curl) {
    if (!curl)
        return;
    curl_loop_stop(curl);
    curl_multi_cleanup(curl->multi);
    mem_free(curl);
}
