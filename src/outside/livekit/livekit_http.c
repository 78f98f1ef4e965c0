#include "outside/livekit/livekit_http.h"

#include "base/map.h"
#include "base/mem.h"
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

enum { ANSWER_MAX_BYTES = 8 << 20, CONNECT_TIMEOUT_MS = 5000 };

struct livekit_http {
    struct loop *loop;
    struct thread *thread; /* NULL: the loop is somebody else's */
    struct mailbox *inbox;
    char *url;
    int64_t timeout_ms;
    livekit_done_fn *on_done;
    void *arg;

    CURLM *multi;
    struct timer timer;
    struct deferred reap;
    struct list queue;  /* calls that wait */
    struct list active; /* calls under way */
    struct map busy;    /* room -> the call under way */
    unsigned in_flight;
    bool is_closing;
};

/* A socket of libcurl's. */
struct socket {
    struct livekit_http *http;
    struct watch *watch;
    curl_socket_t fd;
};

/* ---- one call ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg) {
    struct livekit_call *call = arg;
    size_t len = size * count;
    if (call->answer.len + len > ANSWER_MAX_BYTES)
        return 0;
    buf_add(&call->answer, bytes, len);
    return len;
}

static struct curl_slist *make_headers(const struct livekit_call *call) {
    struct buf line = {0};
    buf_printf(&line, "Authorization: Bearer %s", call->authorization);
    char *authorization = buf_take_text(&line);
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    mem_free(authorization);
    return headers;
}

static void set_options(struct livekit_http *http, struct livekit_call *call) {
    struct buf url = {0};
    buf_printf(&url, "%s/twirp/livekit.%s", http->url, call->method);
    char *text = buf_take_text(&url);
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_URL, text);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "prosa/" PROSA_VERSION);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->problem);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    mem_free(text);
}

static void begin(struct livekit_http *http, struct livekit_call *call) {
    call->easy = curl_easy_init();
    assert(call->easy);
    call->headers = make_headers(call);
    set_options(http, call);
    if (call->room[0])
        map_set(&http->busy, slice_from(call->room), call);
    list_add(&http->active, &call->in_queue);
    http->in_flight++;
    curl_multi_add_handle(http->multi, call->easy);
}

static void end(struct livekit_http *http, struct livekit_call *call) {
    curl_multi_remove_handle(http->multi, call->easy);
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    call->easy = NULL;
    call->headers = NULL;
    if (call->room[0])
        map_remove(&http->busy, slice_from(call->room));
    list_remove(&call->in_queue);
    http->in_flight--;
}

static void finish(struct livekit_http *http, struct livekit_call *call, CURLcode code) {
    if (code == CURLE_OK)
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->status);
    else if (!call->problem[0])
        snprintf(call->problem, sizeof call->problem, "%s", curl_easy_strerror(code));
    end(http, call);
    http->on_done(http->arg, call);
}

/* ---- the order of calls ---- */

/* The first that is about no room with a call under way. */
static void pump(struct livekit_http *http) {
    LIST_EACH(&http->queue, node) {
        if (http->in_flight >= LIVEKIT_IN_FLIGHT_MAX || http->is_closing)
            return;
        struct livekit_call *call = CONTAINER_OF(node, struct livekit_call, in_queue);
        if (call->room[0] && map_find(&http->busy, slice_from(call->room)))
            continue;
        list_remove(node);
        begin(http, call);
    }
}

static void on_reap(void *arg) {
    struct livekit_http *http = arg;
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct livekit_call *call;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        finish(http, call, code);
    }
    pump(http);
}

static void deliver(struct mail *mail, void *owner) {
    struct livekit_call *call = (struct livekit_call *)mail;
    struct livekit_http *http = owner;
    list_add(&http->queue, &call->in_queue);
    pump(http);
}

void livekit_http_take(struct livekit_http *http, struct livekit_call *call) {
    list_init(&call->in_queue);
    call->mail.deliver = deliver;
    mailbox_send(http->inbox, &call->mail);
}

/* ---- libcurl on the loop ---- */

static void act(struct livekit_http *http, curl_socket_t fd, int events) {
    int running;
    curl_multi_socket_action(http->multi, fd, events, &running);
    loop_defer(http->loop, &http->reap, on_reap, http);
}

static void on_ready(int events, void *arg) {
    struct socket *s = arg;
    int flags =
        (events & WATCH_READ ? CURL_CSELECT_IN : 0) | (events & WATCH_WRITE ? CURL_CSELECT_OUT : 0);
    act(s->http, s->fd, flags);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known) {
    struct livekit_http *http = arg;
    struct socket *s = known;

    if (what == CURL_POLL_REMOVE) {
        if (s) {
            watch_close(s->watch);
            curl_multi_assign(http->multi, fd, NULL);
            mem_free(s);
        }
        return 0;
    }
    if (!s) {
        s = mem_alloc(sizeof *s);
        s->http = http;
        s->fd = fd;
        if (watch_open(&s->watch, http->loop, fd, on_ready, s)) {
            mem_free(s);
            return -1;
        }
        curl_multi_assign(http->multi, fd, s);
    }
    watch_set(s->watch,
              (what & CURL_POLL_IN ? WATCH_READ : 0) | (what & CURL_POLL_OUT ? WATCH_WRITE : 0));
    return 0;
}

static void on_timer(void *arg) {
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long after_ms, void *arg) {
    struct livekit_http *http = arg;
    if (after_ms < 0)
        timer_stop(&http->timer);
    else
        timer_start(http->loop, &http->timer, after_ms, 0, on_timer, http);
    return 0;
}

/* ---- opening and closing ---- */

struct goodbye {
    struct mail mail;
};

static void stop(struct mail *mail, void *owner) {
    struct livekit_http *http = owner;
    mem_free(mail);
    loop_stop(http->loop);
}

static void thread_main(void *arg) {
    struct livekit_http *http = arg;
    loop_run(http->loop);
}

/* What is under way is cut off. Runs when the thread is gone, or on its own loop. */
static void drop_calls(struct livekit_http *http) {
    http->is_closing = true;
    LIST_EACH(&http->active, node)
    end(http, CONTAINER_OF(node, struct livekit_call, in_queue));
    timer_stop(&http->timer);
    loop_undefer(http->loop, &http->reap);
}

static void http_free(struct livekit_http *http) {
    if (http->multi)
        curl_multi_cleanup(http->multi);
    if (http->inbox)
        mailbox_close(http->inbox);
    map_free(&http->busy);
    mem_free(http->url);
    mem_free(http);
}

int livekit_http_open(struct livekit_http **out, struct loop *loop, const char *url,
                      int64_t timeout_ms, livekit_done_fn *on_done, void *arg) {
    struct livekit_http *http = mem_alloc(sizeof *http);
    http->url = mem_copy_text(url);
    http->timeout_ms = timeout_ms;
    http->on_done = on_done;
    http->arg = arg;
    http->loop = loop;
    list_init(&http->queue);
    list_init(&http->active);
    map_init(&http->busy, 1);

    int err = curl_global_init(CURL_GLOBAL_DEFAULT) ? EIO : 0;
    if (!err && !loop)
        err = loop_open(&http->loop);
    if (!err)
        err = mailbox_open(&http->inbox, http->loop, http);
    if (err)
        goto out;
    http->multi = curl_multi_init();
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    if (!loop)
        err = thread_start(&http->thread, "livekit", 0, thread_main, http);
out:
    if (err) {
        struct loop *own = loop ? NULL : http->loop;
        http_free(http);
        loop_close(own);
        return err;
    }
    *out = http;
    return 0;
}

void livekit_http_close(struct livekit_http *http) {
    if (!http)
        return;
    struct loop *own = http->thread ? http->loop : NULL;
    if (http->thread) {
        struct goodbye *goodbye = mem_alloc(sizeof *goodbye);
        goodbye->mail.deliver = stop;
        mailbox_send(http->inbox, &goodbye->mail);
        thread_join(http->thread);
    }
    drop_calls(http);
    http_free(http);
    loop_close(own);
}
