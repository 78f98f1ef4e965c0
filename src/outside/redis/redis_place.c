#include "base/buf.h"
#include "base/mem.h"
#include "outside/redis/redis.h"
#include "outside/redis/redis_link.h"
#include "wire/web/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DB_MAX = 1023, SENTINEL_PORT = 26379 };

static bool copy_text(struct slice text, char *out, size_t size) {
    if (text.len >= size || slice_find_byte(text, 0) < text.len)
        return false;
    memcpy(out, text.ptr ? text.ptr : "", text.len);
    out[text.len] = 0;
    return true;
}

static bool decode(struct slice text, char *out, size_t size) {
    struct buf plain = {0};
    bool is_good = url_decode(&plain, text, false) == 0 && copy_text(buf_slice(&plain), out, size);
    buf_free(&plain);
    return is_good;
}

static int read_url(struct redis_place *out, struct slice text, char *why, size_t why_size) {
    struct url url;
    uint64_t db = 0;
    if (url_parse(&url, text) != 0 || url.host.len == 0) {
        snprintf(why, why_size, "not of the form redis://[user:password@]host[:port][/db]");
        return EINVAL;
    }
    out->is_secure = slice_is_equal_nocase(url.scheme, SLICE("rediss"));
    if (!out->is_secure && !slice_is_equal_nocase(url.scheme, SLICE("redis"))) {
        snprintf(why, why_size, "begins with neither redis:// nor rediss://");
        return EINVAL;
    }
    if (url.path.len > 1 && !slice_to_uint(slice_skip(url.path, 1), DB_MAX, &db)) {
        snprintf(why, why_size, "the path is the number of a database, as in /0");
        return EINVAL;
    }
    out->db = (unsigned)db;
    out->server.port = url.port ? url.port : REDIS_PORT;
    if (!copy_text(url.host, out->server.host, sizeof out->server.host) ||
        !decode(url.user, out->user, sizeof out->user) ||
        !decode(url.password, out->password, sizeof out->password)) {
        snprintf(why, why_size, "its host, user or password is too long, or has a broken escape");
        return EINVAL;
    }
    return 0;
}

/* host, host:port or [address]:port */
static bool read_endpoint(struct slice text, struct redis_endpoint *out) {
    struct slice host = text, port_text = SLICE_NONE;
    uint64_t port = SENTINEL_PORT;
    if (slice_has_prefix(text, SLICE("["))) {
        size_t close = slice_find_byte(text, ']');
        host = slice_skip(slice_take(text, close), 1);
        struct slice behind = slice_skip(text, close + 1);
        port_text = slice_skip(behind, 1);
        if (close == text.len || (behind.len > 0 && behind.ptr[0] != ':'))
            return false;
    } else {
        slice_split(text, ':', &host, &port_text);
    }
    if (port_text.len > 0 && (!slice_to_uint(port_text, UINT16_MAX, &port) || port == 0))
        return false;
    out->port = (uint16_t)port;
    return host.len > 0 && copy_text(host, out->host, sizeof out->host);
}

static int read_sentinels(struct redis_place *out, struct slice list, char *why, size_t why_size) {
    struct slice part;
    while (slice_cut(&list, ',', &part)) {
        if (out->sentinel_count == REDIS_SENTINELS_MAX) {
            snprintf(why, why_size, "at most %d Sentinels can be named", REDIS_SENTINELS_MAX);
            return EINVAL;
        }
        if (!read_endpoint(slice_trim(part), &out->sentinels[out->sentinel_count++])) {
            snprintf(why, why_size, "Sentinels are host:port,host:port,...");
            return EINVAL;
        }
    }
    return 0;
}

int redis_place_parse(struct redis_place *out, const char *url, const char *sentinels,
                      const char *sentinel_name, char *why, size_t why_size) {
    struct slice list = slice_trim(slice_from(sentinels)), name = slice_from(sentinel_name);
    struct redis_place place = {0};
    int err = read_url(&place, slice_from(url), why, why_size);
    if (err == 0 && list.len > 0)
        err = read_sentinels(&place, list, why, why_size);
    if (err)
        return err;
    if (place.sentinel_count > 0 &&
        (name.len == 0 || !copy_text(name, place.sentinel_name, sizeof place.sentinel_name))) {
        snprintf(why, why_size, "the name of the Sentinels' master is missing, or too long");
        return EINVAL;
    }
    *out = place;
    return 0;
}
