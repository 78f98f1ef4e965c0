#include "outside/curl/deliver.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/curl/curl_loop.h"

#include <assert.h>
#include <stdio.h>

enum { CONNECT_TIMEOUT_MS = 10000 };

struct deliver {
    struct station *station;
    struct curl_loop *curl;
    int64_t timeout_ms;
    deliver_done_fn *on_done;
    void *user;
    struct list active; /* posts under way */
};

void deliver_post_free(struct deliver_post *post) {
    mem_free(post->url);
    mem_free(post->body);
    mem_free(post->id);
    mem_free(post->timestamp);
    mem_free(post->signature);
    mem_free(post->trace);
}

/* Its status alone counts. A receiver that sends without end is left with the first piece. */
static size_t deliver_on_body(char *bytes, size_t size, size_t count, void *arg) {
    return 0;
}

static void add_header(struct deliver_post *post, const char *name, const char *value) {
    struct buf line = {0};
    buf_printf(&line, "%s: %s", name, value);
    char *text = buf_take_text(&line);
    post->headers = curl_slist_append(post->headers, text);
    mem_free(text);
}

static void set_options(const struct deliver *deliver, struct deliver_post *post) {
    CURL *easy = post->easy;
    add_header(post, "webhook-id", post->id);
    add_header(post, "webhook-timestamp", post->timestamp);
    add_header(post, "webhook-signature", post->signature);
    if (post->trace && post->trace[0])
        add_header(post, "traceparent", post->trace);
    post->headers = curl_slist_append(post->headers, "Content-Type: application/json");
    post->headers = curl_slist_append(post->headers, "Expect:");
    curl_easy_setopt(easy, CURLOPT_URL, post->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->body);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)deliver->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "prosa/" PROSA_VERSION);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, deliver_on_body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->problem);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, post);
}

static void begin(struct mail *mail, void *owner) {
    struct deliver_post *post = (struct deliver_post *)mail;
    struct deliver *deliver = owner;
    post->easy = curl_easy_init();
    assert(post->easy);
    set_options(deliver, post);
    list_add(&deliver->active, &post->node);
    curl_loop_add(deliver->curl, post->easy);
}

static void end(struct deliver *deliver, struct deliver_post *post) {
    curl_loop_remove(deliver->curl, post->easy);
    curl_easy_cleanup(post->easy);
    curl_slist_free_all(post->headers);
    post->easy = NULL;
    post->headers = NULL;
    list_remove(&post->node);
}

static void deliver_on_answer(CURL *easy, CURLcode code, void *user) {
    struct deliver *deliver = user;
    struct deliver_post *post;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &post);
    if (code == CURLE_OK || code == CURLE_WRITE_ERROR) { /* the head has come */
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &post->status);
        curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
        post->retry_after_s = retry_after_s;
    } else if (!post->problem[0]) {
        snprintf(post->problem, sizeof post->problem, "%s", curl_easy_strerror(code));
    }
    end(deliver, post);
    deliver->on_done(post, deliver->user);
}

void deliver_send(struct deliver *deliver, struct deliver_post *post) {
    post->mail.deliver = begin;
    station_send(deliver->station, &post->mail);
}

static void deliver_free(struct deliver *deliver) {
    curl_loop_close(deliver->curl);
    station_close(deliver->station);
    mem_free(deliver);
}

int deliver_open(struct deliver **out, struct loop *loop, int64_t timeout_ms,
                 deliver_done_fn *on_done, void *user) {
    struct deliver *deliver = mem_alloc(sizeof *deliver);
    deliver->timeout_ms = timeout_ms;
    deliver->on_done = on_done;
    deliver->user = user;
    list_init(&deliver->active);
    int err = loop ? station_open_on(&deliver->station, loop, deliver)
                   : station_open(&deliver->station, deliver);
    if (!err)
        err = curl_loop_open(&deliver->curl, station_loop(deliver->station), deliver_on_answer,
                             NULL, deliver);
    if (!err && !loop)
        err = station_start(deliver->station, "deliver", 0);
    if (err)
        deliver_free(deliver);
    else
        *out = deliver;
    return err;
}

void deliver_close(struct deliver *deliver) {
    if (!deliver)
        return;
    station_end(deliver->station);
    LIST_EACH(&deliver->active, node)
        end(deliver, CONTAINER_OF(node, struct deliver_post, node));
    deliver_free(deliver);
}
