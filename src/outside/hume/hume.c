#include "outside/hume/hume.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "outside/hume/hume_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TICK_MS = 50 };

const struct histogram_bounds hume_latency_bounds = {
    8, {100, 250, 500, 1000, 2500, 5000, 10000, 30000}};

int64_t hume_now_ms(const struct hume *hume) {
    return loop_now_ms(hume->loop);
}

/* ---- Counters ---- */

void hume_count_code(struct hume *hume, const char *code, const char *track_name) {
    unsigned index = hume_code_index(code);
    if (hume->stats.codes[index]++ == 0 && code[0] != 'W')
        log_warn("hume", "the service reports an error for the first time", log_text("code", code),
                 log_text("track", track_name));
}

bool hume_is_on(const struct hume *hume) {
    return hume->has_key;
}

const struct hume_stats *hume_stats(struct hume *hume) {
    struct hume_stats *stats = &hume->stats;
    stats->idle = stats->dialling = stats->open = stats->waiting = 0;
    LIST_EACH(&hume->tracks, node) {
        enum hume_state state = CONTAINER_OF(node, struct hume_track, node)->state;
        stats->idle += state == HUME_IDLE;
        stats->dialling += state == HUME_WANTING || state == HUME_DIALLING;
        stats->open += state == HUME_OPEN || state == HUME_LEAVING;
        stats->waiting += state == HUME_WAITING;
    }
    stats->refused = hume->gate.refusal[0] != 0;
    stats->breaker_open = hume->gate.probe_ms != 0;
    return stats;
}

/* ---- Life ---- */

static void hume_on_tick(void *user) {
    struct hume *hume = user;
    LIST_EACH(&hume->tracks, node)
        hume_track_on_tick(CONTAINER_OF(node, struct hume_track, node));
    if (list_is_empty(&hume->tracks))
        timer_stop(&hume->timer);
}

void hume_start_ticks(struct hume *hume) {
    if (hume->has_key && !timer_is_running(&hume->timer))
        timer_start(hume->loop, &hume->timer, TICK_MS, TICK_MS, hume_on_tick, hume);
}

static int parse_urls(struct hume *hume, const struct hume_settings *settings, char *why,
                      size_t why_size) {
    hume->url_text = mem_copy_text(settings->url);
    if (url_parse(&hume->url, slice_from(hume->url_text)) != 0 || url_port(&hume->url) == 0) {
        snprintf(why, why_size, "HUME_WS_URL is not a ws or wss URL");
        return EINVAL;
    }
    if (url_is_secure(&hume->url) && !hume->tls) {
        snprintf(why, why_size, "HUME_WS_URL is wss, but there is no TLS client");
        return EINVAL;
    }
    if (!settings->proxy || !*settings->proxy)
        return 0;
    hume->proxy_text = mem_copy_text(settings->proxy);
    hume->has_proxy = true;
    if (url_parse(&hume->proxy, slice_from(hume->proxy_text)) != 0 ||
        !slice_is_equal_nocase(hume->proxy.scheme, SLICE("http"))) {
        snprintf(why, why_size, "HTTPS_PROXY is not an http URL");
        return EINVAL;
    }
    return 0;
}

static int write_headers(struct hume *hume, const char *key, char *why, size_t why_size) {
    for (const char *c = key; *c; c++) {
        if (*c > ' ' && *c < 0x7F)
            continue;
        snprintf(why, why_size, "HUME_API_KEY holds a character that no header may carry");
        return EINVAL;
    }
    struct buf headers = {0};
    buf_printf(&headers, "X-Hume-Api-Key: %s\r\n", key);
    hume->headers = buf_take_text(&headers);
    return 0;
}

bool hume_is_v1(const char *text) {
    struct url url;
    if (url_parse(&url, slice_from(text)) != 0)
        return false;
    struct slice path = url.path, folder;
    while (slice_cut(&path, '/', &folder))
        if (slice_is_equal(folder, SLICE("v1")))
            return true;
    return false;
}

int hume_open(struct hume **out, struct loop *loop, const struct hume_settings *settings, char *why,
              size_t why_size) {
    struct hume *hume = mem_alloc(sizeof *hume);
    hume->loop = loop;
    hume->tls = settings->tls;
    hume->hello = settings->hello;
    hume->skip_silence = settings->skip_silence;
    hume->normalize = settings->normalize;
    hume->has_key = settings->api_key && *settings->api_key;
    hume->protocol = hume_is_v1(settings->url) ? &hume_protocol_v1 : &hume_protocol_v0;
    hume_gate_init(&hume->gate, settings->limiter ? settings->limiter : &hume->own_limiter,
                   settings->handshakes_per_second);
    if (settings->expressions)
        hume->expressions = *settings->expressions;
    else
        expressions_init(&hume->expressions);
    list_init(&hume->tracks);
    int err = 0;
    if (hume->has_key)
        err = parse_urls(hume, settings, why, why_size);
    if (hume->has_key && !err)
        err = write_headers(hume, settings->api_key, why, why_size);
    if (err) {
        hume_close(hume);
        return err;
    }
    *out = hume;
    return 0;
}

void hume_close(struct hume *hume) {
    if (!hume)
        return;
    LIST_EACH(&hume->tracks, node) {
        struct hume_track *track = CONTAINER_OF(node, struct hume_track, node);
        assert(track->state == HUME_LEAVING && "a track outlived its owner");
        hume_track_free(track);
    }
    timer_stop(&hume->timer);
    mem_free(hume->url_text);
    mem_free(hume->proxy_text);
    if (hume->headers)
        explicit_bzero(hume->headers, strlen(hume->headers));
    mem_free(hume->headers);
    mem_free(hume);
}
