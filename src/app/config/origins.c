#include "app/config/origins.h"

#include "base/buf.h"
#include "wire/web/url.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static void add_lower(struct buf *out, struct slice text) {
    for (size_t i = 0; i < text.len; i++)
        buf_add_byte(out, (char)tolower((unsigned char)text.ptr[i]));
}

/* Names, with the underscore that some have, and addresses. Other letters than ASCII's come as
 * punycode. */
static bool is_host(struct slice host) {
    for (size_t i = 0; i < host.len; i++)
        if (!isalnum((unsigned char)host.ptr[i]) && (!host.ptr[i] || !strchr(".-_:", host.ptr[i])))
            return false;
    return host.len > 0;
}

static bool add_origin(struct buf *out, struct slice item) {
    struct url url;
    if (slice_is_equal_nocase(item, SLICE("null"))) { /* of pages without an origin */
        buf_add_text(out, "null");
        return true;
    }
    for (size_t i = 0; i < item.len; i++)
        if (strchr("@?#", item.ptr[i]))
            return false;
    bool has_path = url_parse(&url, item) || url.path.len > 1;
    if (has_path || !is_host(url.host))
        return false;
    bool is_v6 = slice_find_byte(url.host, ':') < url.host.len;
    uint16_t port = url.port;
    url.port = 0;
    add_lower(out, url.scheme);
    buf_add_text(out, is_v6 ? "://[" : "://");
    add_lower(out, url.host);
    if (is_v6)
        buf_add_byte(out, ']');
    if (port && port != url_port(&url))
        buf_printf(out, ":%u", port);
    return true;
}

int origins_normalise(struct buf *out, struct slice list, struct slice *bad) {
    struct slice rest = list, item;
    size_t before = out->len;
    if (slice_is_equal(slice_trim(list), SLICE("*")))
        return 0;
    while (slice_cut(&rest, ',', &item)) {
        item = slice_trim(item);
        if (item.len == 0)
            continue;
        if (out->len > before)
            buf_add_byte(out, ',');
        if (!add_origin(out, item)) {
            *bad = item;
            return EINVAL;
        }
    }
    *bad = list;
    return out->len > before ? 0 : EINVAL;
}
