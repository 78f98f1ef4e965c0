#include "outside/hume/hume.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/hume/hume_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    FAILURES_TO_OPEN = 5, /* in a row, until the breaker opens */
    PIONEERS = 5,         /* tracks that dial while nobody has got through */
    PATIENCE_MS = 1500,   /* with them, until the others collect no more: 48 KB a track */
    WAITING_ROOM = HUME_WAIT_MS * HUME_HANDSHAKES_PER_SECOND / 1000, /* later ones come too late */
    REFUSED_MS = 10 * 60 * 1000,
    HANDSHAKES_AT_ONCE = 2, /* in a tick */
};

const unsigned hume_latency_bounds_ms[HUME_LATENCY_BOUNDS] = {100,  250,  500,   1000,
                                                              2500, 5000, 10000, 30000};

const char *hume_fate_name(enum hume_fate fate) {
    static const char *const names[HUME_FATES] = {
        [HUME_SENT] = "sent",     [HUME_SILENT] = "silent", [HUME_DROPPED] = "dropped",
        [HUME_NO_KEY] = "no_key", [HUME_ERROR] = "error",
    };
    return names[fate];
}

int64_t hume_now_ms(const struct hume *hume) {
    return loop_now_ms(hume->loop);
}

int64_t hume_back_off_ms(unsigned failures) {
    int64_t wait_ms = HUME_BACK_OFF_MS;
    while (--failures > 0 && wait_ms < HUME_BACK_OFF_MAX_MS)
        wait_ms *= 2;
    if (wait_ms > HUME_BACK_OFF_MAX_MS)
        wait_ms = HUME_BACK_OFF_MAX_MS;
    return wait_ms - (int64_t)rand_below((uint64_t)wait_ms / 2 + 1);
}

/* ---- breaker and limiter ---- */

bool hume_may_try(const struct hume *hume) {
    int64_t now_ms = hume_now_ms(hume);
    if (!hume->has_key || now_ms < hume->refused_until_ms)
        return false;
    return hume->breaker_until_ms == 0 || (!hume->probe && now_ms >= hume->breaker_until_ms);
}

/* The first who knock have heard nothing for a while. */
static bool is_doubtful(const struct hume *hume) {
    return !hume->is_reached && hume->knocked_ms &&
           hume_now_ms(hume) - hume->knocked_ms > PATIENCE_MS;
}

bool hume_may_wait(const struct hume *hume) {
    return hume_may_try(hume) && (hume->dialling < PIONEERS || !is_doubtful(hume));
}

bool hume_has_room(const struct hume *hume) {
    if (!hume_may_try(hume) || atomic_load(&hume->limiter->waiting) >= WAITING_ROOM)
        return false;
    return hume->dialling + hume->wanting < PIONEERS || !is_doubtful(hume);
}

bool hume_is_full(const struct hume *hume) {
    uint64_t n = atomic_load(&hume->limiter->tracks);
    if (n > WAITING_ROOM)
        n = WAITING_ROOM;
    uint64_t turn_ms = n * 1000 / HUME_HANDSHAKES_PER_SECOND;
    uint64_t behind_ms = turn_ms > HUME_CATCH_UP_MS ? turn_ms - HUME_CATCH_UP_MS : 0;
    uint64_t needed = behind_ms * behind_ms * HUME_HANDSHAKES_PER_SECOND / 2 *
                      (HUME_RATE_HZ / 1000 * sizeof(int16_t)) / 1000;
    return atomic_load(&hume->limiter->kept_bytes) >= HUME_KEPT_MIN_BYTES + needed;
}

/* The handshakes of all shards stand on one time line, a step apart; a late one may be followed by
 * the next at once. */
static bool limiter_take(struct hume *hume) {
    int64_t now_us = hume_now_ms(hume) * 1000;
    int64_t next_us = atomic_load(&hume->limiter->next_us);
    do {
        if (next_us > now_us + (HANDSHAKES_AT_ONCE - 1) * hume->handshake_us)
            return false;
    } while (
        !atomic_compare_exchange_weak(&hume->limiter->next_us, &next_us,
                                      (next_us > now_us ? next_us : now_us) + hume->handshake_us));
    return true;
}

bool hume_take_handshake(struct hume *hume, struct hume_track *track) {
    if (!hume_may_try(hume) || (!hume->is_reached && hume->dialling >= PIONEERS) ||
        !limiter_take(hume))
        return false;
    if (hume->breaker_until_ms)
        hume->probe = track;
    if (!hume->is_reached && hume->knocked_ms == 0)
        hume->knocked_ms = hume_now_ms(hume);
    return true;
}

void hume_reached(struct hume *hume) {
    hume->is_reached = true;
    hume->knocked_ms = 0;
}

void hume_succeeded(struct hume *hume, struct hume_track *track) {
    if (hume->breaker_until_ms)
        log_info("hume", "the service answers again");
    hume->failures = 0;
    hume->breaker_until_ms = hume->breaker_wait_ms = 0;
    hume->refused_until_ms = 0;
    hume->refusal[0] = 0;
    hume->probe = NULL;
}

static void open_breaker(struct hume *hume) {
    hume->is_reached = false;
    hume->knocked_ms = 0;
    int64_t wait_ms = hume->breaker_wait_ms ? hume->breaker_wait_ms * 2 : HUME_BACK_OFF_MS;
    if (wait_ms > HUME_BACK_OFF_MAX_MS)
        wait_ms = HUME_BACK_OFF_MAX_MS;
    hume->breaker_wait_ms = wait_ms;
    hume->breaker_until_ms =
        hume_now_ms(hume) + wait_ms - (int64_t)rand_below((uint64_t)wait_ms / 2 + 1);
}

void hume_failed(struct hume *hume, struct hume_track *track, const char *why) {
    hume->stats.failures++;
    hume->failures++;
    log_debug("hume", "connection failed", log_text("track", track->name), log_text("why", why));
    if (hume->probe == track) {
        hume->probe = NULL;
        open_breaker(hume);
    } else if (!hume->breaker_until_ms && hume->failures >= FAILURES_TO_OPEN) {
        log_warn("hume", "the service does not answer; trying on with one connection",
                 log_text("why", why));
        open_breaker(hume);
    }
}

void hume_refused(struct hume *hume, struct hume_track *track, const char *code) {
    if (strcmp(hume->refusal, code) != 0)
        log_error("hume",
                  strncmp(code, "proxy", 5) == 0
                      ? "the proxy refuses the way to the service; analysis goes on without prosody"
                      : "the service refuses us; analysis goes on without prosody",
                  log_text("code", code));
    snprintf(hume->refusal, sizeof hume->refusal, "%s", code);
    hume->stats.failures++;
    hume->refused_until_ms = hume_now_ms(hume) + REFUSED_MS;
    /* Then one goes ahead and looks. */
    hume->breaker_until_ms = hume->refused_until_ms;
    if (hume->probe == track)
        hume->probe = NULL;
}

/* ---- counters ---- */

/* contracts/hume.md, 1.4 and 2.6. The last is for all that are not in the list. */
static const char *const codes[HUME_CODES] = {
    "E0100",          "E0101",           "E0102",
    "E0200",          "E0201",           "E0202",
    "E0203",          "E03xx",           "I0100",
    "W0105",          "rate_limited",    "invalid_audio_frame",
    "config_invalid", "message_invalid", "message_too_large",
    "internal_error", "http_401",        "http_403",
    "http_404",       "http_410",        "http_429",
    "http_502",       "http_503",        "proxy",
    "other",
};

const char *hume_code_name(unsigned index) {
    return codes[index];
}

void hume_count_code(struct hume *hume, const char *code, const char *track_name) {
    unsigned i = 0;
    if (strncmp(code, "E03", 3) == 0)
        code = "E03xx";
    else if (strncmp(code, "proxy", 5) == 0)
        code = "proxy";
    while (i < HUME_CODES - 1 && strcmp(codes[i], code) != 0)
        i++;
    if (hume->stats.codes[i]++ == 0 && code[0] != 'W')
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
    stats->refused = hume->refusal[0] != 0;
    stats->breaker_open = hume->breaker_until_ms != 0;
    return stats;
}

/* ---- life ---- */

static void on_tick(void *arg) {
    struct hume *hume = arg;
    LIST_EACH(&hume->tracks, node)
    hume_track_on_tick(CONTAINER_OF(node, struct hume_track, node));
    if (list_is_empty(&hume->tracks))
        timer_stop(&hume->timer);
}

/* Who asks for a key in a URL's query part has it there already. */
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
    struct buf headers = {0};
    for (const char *c = key; *c; c++) {
        if (*c > ' ' && *c < 0x7F)
            continue;
        snprintf(why, why_size, "HUME_API_KEY holds a character that no header may carry");
        return EINVAL;
    }
    buf_printf(&headers, "X-Hume-Api-Key: %s\r\n", key);
    hume->headers = buf_take_text(&headers);
    return 0;
}

bool hume_is_v1(const char *text) {
    struct url url;
    if (url_parse(&url, slice_from(text)) != 0)
        return false;
    struct slice path = url.path;
    for (size_t i = 0; i + 3 <= path.len; i++)
        if (memcmp(path.ptr + i, "/v1", 3) == 0 && (i + 3 == path.len || path.ptr[i + 3] == '/'))
            return true;
    return false;
}

int hume_open(struct hume **out, struct loop *loop, const struct hume_settings *settings, char *why,
              size_t why_size) {
    struct hume *hume = mem_alloc(sizeof *hume);
    unsigned rate = settings->handshakes_per_second;
    hume->loop = loop;
    hume->tls = settings->tls;
    hume->hello = settings->hello;
    hume->skip_silence = settings->skip_silence;
    hume->normalize = settings->normalize;
    hume->has_key = settings->api_key && *settings->api_key;
    hume->handshake_us = 1000 * 1000 / (rate ? rate : HUME_HANDSHAKES_PER_SECOND);
    hume->limiter = settings->limiter ? settings->limiter : &hume->own_limiter;
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
    hume->speech = hume_is_v1(settings->url) ? &hume_speech_v1 : &hume_speech_v0;
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

struct hume_track *hume_track_open(struct hume *hume, struct slice name, unsigned group_ms,
                                   const struct hume_listener *listener, void *arg) {
    struct hume_track *track = mem_alloc(sizeof *track);
    track->hume = hume;
    track->listener = listener;
    track->arg = arg;
    track->next_id = 1;
    track->group = group_ms * 16;
    text_reduce(name, track->name);
    hume_queue_init(&track->queue, &hume->limiter->kept_bytes);
    atomic_fetch_add(&hume->limiter->tracks, 1);
    list_add(&hume->tracks, &track->node);
    if (hume->has_key && !timer_is_running(&hume->timer))
        timer_start(hume->loop, &hume->timer, HUME_TICK_MS, HUME_TICK_MS, on_tick, hume);
    return track;
}
