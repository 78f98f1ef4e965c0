#include "outside/livekit/livekit_http.h"

#include "base/map.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/curl/curl_loop.h"

#include <assert.h>
#include <stdio.h>

enum { ANSWER_MAX_BYTES = 8 << 20, CONNECT_TIMEOUT_MS = 5000 };

struct livekit_http {
    struct station *station;
    char *url;
    int64_t timeout_ms;
    livekit_done_fn *on_done;
    void *user;

    struct curl_loop *curl;
    struct list queue;          /* posts that wait */
    struct list active;         /* posts under way */
    struct map busy;            /* room -> the post under way */
    unsigned in_flight, starts; /* starts of egresses, and all others, under way */
    bool is_closing;
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
    if (post->traceparent[0]) {
        buf_printf(&line, "traceparent: %s", post->traceparent);
        char *traceparent = buf_take_text(&line);
        headers = curl_slist_append(headers, traceparent);
        mem_free(traceparent);
    }
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
    curl_loop_add(http->curl, post->easy);
}

static void end(struct livekit_http *http, struct livekit_post *post) {
    curl_loop_remove(http->curl, post->easy);
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

static void livekit_on_answer(CURL *easy, CURLcode code, void *user) {
    struct livekit_post *post;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &post);
    finish(user, post, code);
}

static void livekit_on_turn(void *user) {
    pump(user);
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

/* ---- Opening and closing ---- */

/* What is under way is cut off. Runs when the thread is gone, or on its own loop. */
static void drop_posts(struct livekit_http *http) {
    http->is_closing = true;
    LIST_EACH(&http->active, node)
        end(http, CONTAINER_OF(node, struct livekit_post, in_queue));
    curl_loop_stop(http->curl);
}

static void http_free(struct livekit_http *http) {
    curl_loop_close(http->curl);
    station_close(http->station);
    map_free(&http->busy);
    mem_free(http->url);
    mem_free(http);
}

int livekit_http_open(struct livekit_http **out, struct loop *loop, const char *url,
                      int64_t timeout_ms, livekit_done_fn *on_done, void *user) {
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
    err = curl_loop_open(&http->curl, station_loop(http->station), livekit_on_answer,
                         livekit_on_turn, http);
    if (!err && !loop)
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
