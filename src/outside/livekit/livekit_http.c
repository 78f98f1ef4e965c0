#include "outside/livekit/livekit_http.h"

#include "base/map.h"
#include "base/mem.h"
#include "net/station.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

enum { ANSWER_MAX_BYTES = 8 << 20, CONNECT_TIMEOUT_MS = 5000 };

struct livekit_http {
    struct station *station;
    struct loop *loop; /* the station's */
    char *url;
    int64_t timeout_ms;
    livekit_done_fn *on_done;
    void *user;

    CURLM *multi;
    struct timer timer;
    struct deferred reap;
    struct list queue;          /* posts that wait */
    struct list active;         /* posts under way */
    struct map busy;            /* room -> the post under way */
    unsigned in_flight, starts; /* starts of egresses, and all others, under way */
    bool is_closing;
};

/* A socket of libcurl. */
struct livekit_socket {
    struct livekit_http *http;
    struct watch *watch;
    curl_socket_t fd;
};

/* ---- One post ---- */

void livekit_post_free(struct livekit_post *post) {
    mem_free(post->room);
    mem_free(post->body);
    mem_free(post->authorization);
    buf_free(&post->answer);
}

static size_t livekit_on_body(char *bytes, size_t size, size_t count, void *arg) {
    struct livekit_post *post = arg;
    size_t len = size * count;
    if (post->answer.len + len > ANSWER_MAX_BYTES)
        return 0;
    buf_add(&post->answer, bytes, len);
    return len;
}

static struct curl_slist *make_headers(const struct livekit_post *post) {
    struct buf line = {0};
    buf_printf(&line, "Authorization: Bearer %s", post->authorization);
    char *authorization = buf_take_text(&line);
    struct curl_slist *headers = curl_slist_append(NULL, authorization);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    mem_free(authorization);
    return headers;
}

static void set_options(struct livekit_http *http, struct livekit_post *post) {
    struct buf url = {0};
    buf_printf(&url, "%s/twirp/livekit.%s", http->url, post->method);
    char *text = buf_take_text(&url);
    CURL *easy = post->easy;
    curl_easy_setopt(easy, CURLOPT_URL, text);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->body);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)http->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "prosa/" PROSA_VERSION);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, livekit_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->problem);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, post);
    mem_free(text);
}

static bool has_room(const struct livekit_post *post) {
    return post->room && post->room[0];
}

static unsigned *places_of(struct livekit_http *http, const struct livekit_post *post) {
    return post->is_start ? &http->starts : &http->in_flight;
}

static void begin(struct livekit_http *http, struct livekit_post *post) {
    post->easy = curl_easy_init();
    assert(post->easy);
    post->headers = make_headers(post);
    set_options(http, post);
    if (has_room(post))
        map_set(&http->busy, slice_from(post->room), post);
    list_add(&http->active, &post->in_queue);
    ++*places_of(http, post);
    curl_multi_add_handle(http->multi, post->easy);
}

static void end(struct livekit_http *http, struct livekit_post *post) {
    curl_multi_remove_handle(http->multi, post->easy);
    curl_easy_cleanup(post->easy);
    curl_slist_free_all(post->headers);
    if (has_room(post))
        map_remove(&http->busy, slice_from(post->room));
    list_remove(&post->in_queue);
    --*places_of(http, post);
}

static void finish(struct livekit_http *http, struct livekit_post *post, CURLcode code) {
    if (code == CURLE_OK)
        curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &post->status);
    else if (!post->problem[0])
        snprintf(post->problem, sizeof post->problem, "%s", curl_easy_strerror(code));
    end(http, post);
    http->on_done(post, http->user);
}

/* ---- The order ---- */

static bool may_begin(struct livekit_http *http, const struct livekit_post *post) {
    unsigned most = post->is_start ? LIVEKIT_STARTS_MAX : LIVEKIT_IN_FLIGHT_MAX;
    return *places_of(http, post) < most &&
           !(has_room(post) && map_find(&http->busy, slice_from(post->room)));
}

/* Begins posts in order, except those that have no place, or whose room has one under way. */
static void pump(struct livekit_http *http) {
    LIST_EACH(&http->queue, node) {
        bool is_full =
            http->in_flight >= LIVEKIT_IN_FLIGHT_MAX && http->starts >= LIVEKIT_STARTS_MAX;
        if (is_full || http->is_closing)
            return;
        struct livekit_post *post = CONTAINER_OF(node, struct livekit_post, in_queue);
        if (!may_begin(http, post))
            continue;
        list_remove(node);
        begin(http, post);
    }
}

static void livekit_on_reap(void *arg) {
    struct livekit_http *http = arg;
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct livekit_post *post;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &post);
        finish(http, post, code);
    }
    pump(http);
}

static void livekit_http_deliver(struct mail *mail, void *owner) {
    struct livekit_post *post = (struct livekit_post *)mail;
    struct livekit_http *http = owner;
    list_add(&http->queue, &post->in_queue);
    pump(http);
}

void livekit_http_send(struct livekit_http *http, struct livekit_post *post) {
    post->mail.deliver = livekit_http_deliver;
    station_send(http->station, &post->mail);
}

/* ---- libcurl on the loop ---- */

static void act(struct livekit_http *http, curl_socket_t fd, int events) {
    int running;
    curl_multi_socket_action(http->multi, fd, events, &running);
    loop_defer(http->loop, &http->reap, livekit_on_reap, http);
}

static void livekit_on_ready(int events, void *arg) {
    struct livekit_socket *s = arg;
    int flags =
        (events & WATCH_READ ? CURL_CSELECT_IN : 0) | (events & WATCH_WRITE ? CURL_CSELECT_OUT : 0);
    act(s->http, s->fd, flags);
}

static int livekit_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known) {
    struct livekit_http *http = arg;
    struct livekit_socket *s = known;
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
        if (watch_open(&s->watch, http->loop, fd, livekit_on_ready, s)) {
            mem_free(s);
            return -1;
        }
        curl_multi_assign(http->multi, fd, s);
    }
    watch_set(s->watch,
              (what & CURL_POLL_IN ? WATCH_READ : 0) | (what & CURL_POLL_OUT ? WATCH_WRITE : 0));
    return 0;
}

static void livekit_on_timer(void *arg) {
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int livekit_on_timeout(CURLM *multi, long after_ms, void *arg) {
    struct livekit_http *http = arg;
    if (after_ms < 0)
        timer_stop(&http->timer);
    else
        timer_start(http->loop, &http->timer, after_ms, 0, livekit_on_timer, http);
    return 0;
}

/* ---- Opening and closing ---- */

/* What is under way is cut off. Runs when the thread is gone, or on its own loop. */
static void drop_posts(struct livekit_http *http) {
    http->is_closing = true;
    LIST_EACH(&http->active, node)
        end(http, CONTAINER_OF(node, struct livekit_post, in_queue));
    timer_stop(&http->timer);
    loop_undefer(http->loop, &http->reap);
}

static void http_free(struct livekit_http *http) {
    if (http->multi)
        curl_multi_cleanup(http->multi);
    station_close(http->station);
    map_free(&http->busy);
    mem_free(http->url);
    mem_free(http);
}

static void open_multi(struct livekit_http *http) {
    http->multi = curl_multi_init();
    assert(http->multi);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, livekit_on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, livekit_on_timeout);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
}

int livekit_http_open(struct livekit_http **out, struct loop *loop, const char *url,
                      int64_t timeout_ms, livekit_done_fn *on_done, void *user) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return EIO;
    struct livekit_http *http = mem_alloc(sizeof *http);
    http->url = mem_copy_text(url);
    http->timeout_ms = timeout_ms;
    http->on_done = on_done;
    http->user = user;
    list_init(&http->queue);
    list_init(&http->active);
    map_init(&http->busy, 1);

    int err =
        loop ? station_open_on(&http->station, loop, http) : station_open(&http->station, http);
    if (err)
        goto out;
    http->loop = station_loop(http->station);
    open_multi(http);
    if (!loop)
        err = station_start(http->station, "livekit", 0);
out:
    if (err)
        http_free(http);
    else
        *out = http;
    return err;
}

void livekit_http_close(struct livekit_http *http) {
    if (!http)
        return;
    station_end(http->station);
    drop_posts(http);
    http_free(http);
}
