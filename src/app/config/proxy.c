#include "app/config/proxy.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/client_address.h"
#include "wire/web/url.h"

#include <string.h>

char *proxy_normalise(const char *text) {
    struct buf whole = {0}, plain = {0};
    struct url url;
    if (!strstr(text, "://"))
        buf_add_text(&whole, "http://");
    buf_add_text(&whole, text);
    while (whole.len > 0 && whole.data[whole.len - 1] == '/')
        whole.len--;
    bool is_proxy = !url_parse(&url, buf_slice(&whole)) &&
                    slice_is_equal_nocase(url.scheme, SLICE("http")) && url.path.len == 0 &&
                    url.query.len == 0 && !url_decode(&plain, url.user, false) &&
                    !url_decode(&plain, url.password, false);
    buf_free(&plain);
    if (is_proxy)
        return buf_take_text(&whole);
    buf_free(&whole);
    return NULL;
}

static bool is_beneath(struct slice host, struct slice name) {
    if (slice_has_prefix(name, SLICE("*.")))
        name = slice_skip(name, 1);
    if (name.len > 0 && name.ptr[0] == '.')
        name = slice_skip(name, 1);
    if (name.len == 0 || host.len < name.len)
        return false;
    struct slice end = slice_skip(host, host.len - name.len);
    return slice_is_equal_nocase(end, name) &&
           (host.len == name.len || host.ptr[host.len - name.len - 1] == '.');
}

static bool is_in_network(struct slice host, struct slice text) {
    struct networks networks;
    struct slice bad;
    char *copy = slice_copy_text(text);
    bool is_within = false;
    if (!networks_parse(&networks, copy, &bad)) {
        is_within = networks_hold(&networks, host);
        networks_free(&networks);
    }
    mem_free(copy);
    return is_within;
}

/* Takes ":port" off an entry; false when the port is another. */
static bool take_port(struct slice *entry, uint16_t port) {
    struct slice name, digits;
    uint64_t number;
    bool is_v6 = entry->len > 0 && entry->ptr[0] != '[' &&
                 slice_find_byte(slice_skip(*entry, slice_find_byte(*entry, ':') + 1), ':') +
                         slice_find_byte(*entry, ':') + 1 <
                     entry->len;
    if (is_v6 || !slice_split(*entry, ':', &name, &digits))
        return true;
    if (entry->ptr[0] == '[') {
        size_t end = slice_find_byte(*entry, ']');
        name = slice_take(*entry, end + 1);
        digits = slice_skip(*entry, end + 2);
    }
    if (digits.len > 0 && (!slice_to_uint(digits, UINT16_MAX, &number) || number != port))
        return false;
    *entry = name;
    return true;
}

bool proxy_is_skipped(struct slice list, struct slice host, uint16_t port) {
    while (list.len > 0) {
        size_t len = 0;
        while (len < list.len && !strchr(", \t", list.ptr[len]))
            len++;
        struct slice entry = slice_take(list, len);
        list = slice_skip(list, len + 1);
        if (entry.len == 0 || !take_port(&entry, port))
            continue;
        if (slice_is_equal(entry, SLICE("*")) || is_beneath(host, entry) ||
            is_in_network(host, entry))
            return true;
    }
    return false;
}
