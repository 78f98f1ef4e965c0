#include "outside/s3/s3.h"

#include "base/mem.h"
#include "wire/web/url.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct s3 {
    struct s3_settings set;
    bool is_secure;
    char *host; /* of the endpoint, with its port */

    pthread_mutex_t lock; /* guards what was learned */
    char region[S3_REGION_SIZE];
    int64_t skew_s;
};

/* ---- Opening ---- */

static bool is_set(const char *text) {
    return text && text[0];
}

/* Lower-case letters, digits, '-' and '.': what a host name can carry as well. */
static bool is_bucket_name(const char *bucket) {
    size_t len = strlen(bucket);
    return len >= 3 && len <= 63 &&
           strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len && bucket[0] != '.' &&
           bucket[0] != '-';
}

/* Host and port of an endpoint: nothing may stand behind them. */
static char *host_of(const char *endpoint, bool *is_secure) {
    struct url url;
    if (url_parse(&url, slice_from(endpoint)) ||
        !(slice_is_equal_nocase(url.scheme, SLICE("https")) ||
          slice_is_equal_nocase(url.scheme, SLICE("http"))) ||
        url.user.len > 0 || url.query.len > 0 ||
        !(url.path.len == 0 || slice_is_equal(url.path, SLICE("/"))))
        return NULL;
    struct buf host = {0};
    bool is_ipv6 = slice_find_byte(url.host, ':') < url.host.len;
    *is_secure = url_is_secure(&url);
    buf_printf(&host, is_ipv6 ? "[%.*s]" : "%.*s", SLICE_ARG(url.host));
    if (url.port && url.port != (*is_secure ? 443 : 80))
        buf_printf(&host, ":%u", url.port);
    return buf_take_text(&host);
}

static char *amazons_host(const char *region) {
    struct buf host = {0};
    buf_printf(&host, "s3.%s.amazonaws.com", region);
    return buf_take_text(&host);
}

static const char *fault_of(const struct s3_settings *set) {
    if (!is_set(set->bucket) || !is_bucket_name(set->bucket))
        return "S3_BUCKET is no name of a bucket: 3 to 63 small letters, digits, '-' and '.'";
    if (!is_set(set->key_id) || !is_set(set->secret))
        return "S3_BUCKET is set, but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not; keys of "
               "a "
               "machine's role are not read";
    if (!is_set(set->region) || strlen(set->region) >= S3_REGION_SIZE)
        return "AWS_REGION is no region";
    return NULL;
}

int s3_open(struct s3 **out, const struct s3_settings *set, char *why, size_t why_size) {
    const char *fault = fault_of(set);
    bool is_secure = true;
    char *host = NULL;
    if (!fault) {
        host =
            is_set(set->endpoint) ? host_of(set->endpoint, &is_secure) : amazons_host(set->region);
        if (!host)
            fault = "S3_ENDPOINT is an http or https URL with a host, and nothing behind it";
    }
    if (fault) {
        snprintf(why, why_size, "%s", fault);
        return EINVAL;
    }
    struct s3 *s3 = mem_alloc(sizeof *s3);
    s3->set = *set;
    s3->is_secure = is_secure;
    s3->host = host;
    pthread_mutex_init(&s3->lock, NULL);
    snprintf(s3->region, sizeof s3->region, "%s", set->region);
    *out = s3;
    return 0;
}

void s3_free(struct s3 *s3) {
    if (!s3)
        return;
    pthread_mutex_destroy(&s3->lock);
    mem_free(s3->host);
    mem_free(s3);
}

const struct s3_settings *s3_settings(const struct s3 *s3) {
    return &s3->set;
}

/* ---- Places ---- */

void s3_place_of(const struct s3 *s3, struct slice key, struct s3_place *out) {
    struct buf host = {0}, path = {0}, url = {0};
    if (!s3->set.is_path_style)
        buf_printf(&host, "%s.", s3->set.bucket);
    buf_add_text(&host, s3->host);
    if (s3->set.is_path_style)
        buf_printf(&path, "/%s", s3->set.bucket);
    if (key.len > 0 || !s3->set.is_path_style)
        buf_add_byte(&path, '/');
    sigv4_encode(&path, key, true);
    buf_printf(&url, "%s://%.*s%.*s", s3->is_secure ? "https" : "http", (int)host.len, host.data,
               (int)path.len, path.data);
    out->host = buf_take_text(&host);
    out->path = buf_take_text(&path);
    out->url = buf_take_text(&url);
}

void s3_place_free(struct s3_place *place) {
    mem_free(place->host);
    mem_free(place->path);
    mem_free(place->url);
}

/* ---- What the store teaches ---- */

void s3_region(struct s3 *s3, char out[S3_REGION_SIZE]) {
    pthread_mutex_lock(&s3->lock);
    memcpy(out, s3->region, S3_REGION_SIZE);
    pthread_mutex_unlock(&s3->lock);
}

void s3_learn_region(struct s3 *s3, const char *region) {
    pthread_mutex_lock(&s3->lock);
    snprintf(s3->region, sizeof s3->region, "%s", region);
    pthread_mutex_unlock(&s3->lock);
}

int64_t s3_skew_s(struct s3 *s3) {
    pthread_mutex_lock(&s3->lock);
    int64_t skew_s = s3->skew_s;
    pthread_mutex_unlock(&s3->lock);
    return skew_s;
}

void s3_learn_skew(struct s3 *s3, int64_t skew_s) {
    pthread_mutex_lock(&s3->lock);
    s3->skew_s = skew_s;
    pthread_mutex_unlock(&s3->lock);
}

/* ---- Links ---- */

void s3_link(struct s3 *s3, const char *method, struct slice key, struct slice type,
             struct slice file_name, int64_t now_s, unsigned valid_s, struct buf *out) {
    char region[S3_REGION_SIZE];
    s3_region(s3, region);
    const struct sigv4_key by = {slice_from(s3->set.key_id), slice_from(s3->set.secret),
                                 slice_from(s3->set.session_token), slice_from(region)};
    struct buf saved_as = {0}, more = {0};
    buf_printf(&saved_as, "attachment; filename=\"%.*s\"", SLICE_ARG(file_name));
    buf_add_text(&more, "response-content-disposition=");
    sigv4_encode(&more, buf_slice(&saved_as), false);
    buf_add_text(&more, "&response-content-type=");
    sigv4_encode(&more, type, false);
    struct s3_place place;
    s3_place_of(s3, key, &place);
    buf_printf(out, "%s?", place.url);
    sigv4_presign(out, &by, method, slice_from(place.host), slice_from(place.path),
                  buf_slice(&more), now_s + s3_skew_s(s3), valid_s);
    s3_place_free(&place);
    buf_free(&saved_as);
    buf_free(&more);
}
