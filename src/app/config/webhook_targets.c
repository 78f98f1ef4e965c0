#include "app/config/webhook_targets.h"

#include "base/buf.h"
#include "wire/web/standard_webhook.h"
#include "wire/web/url.h"

#include <string.h>

bool webhook_targets_next(struct slice *rest, struct slice *item) {
    static const char gaps[] = ", \t\n";
    while (rest->len > 0) {
        size_t end = 0;
        while (end < rest->len && !memchr(gaps, rest->ptr[end], sizeof gaps - 1))
            end++;
        *item = slice_take(*rest, end);
        *rest = slice_skip(*rest, end < rest->len ? end + 1 : end);
        if (item->len > 0)
            return true;
    }
    return false;
}

static const char *check_url(struct slice text) {
    struct url url;
    if (url_parse(&url, text) || url.host.len == 0)
        return "is no address such as https://app.example.org/prosa";
    if (!slice_is_equal_nocase(url.scheme, SLICE("http")) &&
        !slice_is_equal_nocase(url.scheme, SLICE("https")))
        return "must begin with https:// or http://";
    if (url.user.len > 0 || url.password.len > 0)
        return "must not hold a password: the signature shows who sends";
    return NULL;
}

static bool occurs_before(struct slice list, struct slice item) {
    struct slice one;
    while (webhook_targets_next(&list, &one) && one.ptr != item.ptr)
        if (slice_is_equal(one, item))
            return true;
    return false;
}

const char *webhook_urls_check(struct slice list, struct slice *bad) {
    struct slice rest = list;
    const char *wrong = NULL;
    size_t count = 0;
    while (!wrong && webhook_targets_next(&rest, bad)) {
        wrong = check_url(*bad);
        if (!wrong && occurs_before(list, *bad))
            wrong = "is there twice";
        if (!wrong && ++count > WEBHOOK_TARGETS_MAX)
            wrong = "is one too many: there may be 16";
    }
    return wrong;
}

const char *webhook_secrets_check(struct slice list) {
    struct slice secret;
    struct buf key = {0};
    const char *wrong = NULL;
    size_t count = 0;
    while (!wrong && webhook_targets_next(&list, &secret)) {
        if (!standard_webhook_key(&key, secret))
            wrong = "must be whsec_ and 24 to 64 random bytes in base64; "
                    "`echo whsec_$(openssl rand -base64 32)` makes one";
        else if (++count > WEBHOOK_SECRETS_MAX)
            wrong = "holds more than four secrets";
    }
    buf_free(&key);
    return wrong ? wrong : count == 0 ? "is empty" : NULL;
}

void webhook_origin_write(struct buf *out, struct slice text) {
    struct url url;
    if (url_parse(&url, text))
        return;
    bool is_ipv6 = slice_find_byte(url.host, ':') < url.host.len;
    buf_printf(out, is_ipv6 ? "%.*s://[%.*s]" : "%.*s://%.*s", SLICE_ARG(url.scheme),
               SLICE_ARG(url.host));
    if (url.port)
        buf_printf(out, ":%u", url.port);
}
