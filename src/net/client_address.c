#include "net/client_address.h"

#include "base/map.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t MAPPED[12] = {[10] = 0xff, [11] = 0xff};

/* Parses into IPv6. An IPv4 address becomes a mapped one, so that its two spellings are equal. */
static bool parse_address(struct slice text, uint8_t bytes[16], bool *is_v4) {
    char copy[INET6_ADDRSTRLEN];
    text = slice_trim(text);
    if (text.len >= 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = slice_of(text.ptr + 1, text.len - 2);
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    snprintf(copy, sizeof copy, "%.*s", SLICE_ARG(text));
    memcpy(bytes, MAPPED, sizeof MAPPED);
    *is_v4 = inet_pton(AF_INET, copy, bytes + 12) == 1;
    if (*is_v4)
        return true;
    if (inet_pton(AF_INET6, copy, bytes) != 1)
        return false;
    *is_v4 = memcmp(bytes, MAPPED, sizeof MAPPED) == 0;
    return true;
}

static bool parse_network(struct slice text, struct network *network) {
    struct slice address = slice_take(text, slice_find_byte(text, '/'));
    struct slice length = slice_skip(text, address.len);
    uint64_t bits = 128;
    bool is_v4;
    if (!parse_address(address, network->bytes, &is_v4))
        return false;
    if (length.len > 0 &&
        !slice_to_uint(slice_trim(slice_skip(length, 1)), is_v4 ? 32 : 128, &bits))
        return false;
    network->bits = (unsigned)(length.len > 0 && is_v4 ? bits + 96 : bits);
    return true;
}

static void add_network(struct networks *networks, struct network network) {
    networks->items = mem_resize(networks->items, (networks->count + 1) * sizeof *networks->items);
    networks->items[networks->count++] = network;
}

int networks_parse(struct networks *out, const char *list, struct slice *bad) {
    struct networks networks = {0};
    struct slice rest = slice_from(list), item;
    while (slice_cut(&rest, ',', &item)) {
        struct network network;
        item = slice_trim(item);
        if (item.len == 0)
            continue;
        if (slice_is_equal_nocase(item, SLICE("loopback"))) {
            parse_network(SLICE("127.0.0.0/8"), &network);
            add_network(&networks, network);
            parse_network(SLICE("::1"), &network);
        } else if (!parse_network(item, &network)) {
            networks_free(&networks);
            *bad = item;
            return EINVAL;
        }
        add_network(&networks, network);
    }
    *out = networks;
    return 0;
}

void networks_free(struct networks *networks) {
    mem_free(networks->items);
    *networks = (struct networks){0};
}

static bool is_within(const uint8_t bytes[16], const struct network *network) {
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (memcmp(bytes, network->bytes, whole) != 0)
        return false;
    return rest == 0 || ((bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0;
}

bool networks_hold(const struct networks *networks, struct slice address) {
    uint8_t bytes[16];
    bool is_v4;
    if (!parse_address(address, bytes, &is_v4))
        return false;
    for (size_t i = 0; i < networks->count; i++) {
        if (is_within(bytes, &networks->items[i]))
            return true;
    }
    return false;
}

/* "203.0.113.7:4711", "[2001:db8::7]:4711", "[2001:db8::7]": the address alone. */
static struct slice without_port(struct slice entry) {
    struct slice rest = slice_skip(entry, 1), address;
    if (entry.len > 0 && entry.ptr[0] == '[')
        return slice_split(rest, ']', &address, &rest) ? address : entry;
    size_t colon = slice_find_byte(entry, ':');
    bool is_single = slice_find_byte(slice_skip(entry, colon + 1), ':') + colon + 1 >= entry.len;
    return colon < entry.len && is_single ? slice_take(entry, colon) : entry;
}

/* Cuts the last entry off a list; it may be empty. */
static struct slice cut_last(struct slice *list) {
    size_t start = list->len;
    while (start > 0 && list->ptr[start - 1] != ',')
        start--;
    struct slice entry = slice_trim(slice_skip(*list, start));
    *list = slice_take(*list, start > 0 ? start - 1 : 0);
    return entry;
}

struct slice client_address(const struct networks *proxies, const char *peer,
                            const struct slice *forwarded, size_t count) {
    struct slice client = slice_from(peer);
    while (count-- > 0) {
        struct slice list = forwarded[count];
        while (list.len > 0 && networks_hold(proxies, client)) {
            struct slice entry = without_port(cut_last(&list));
            uint8_t bytes[16];
            bool is_v4;
            if (entry.len == 0)
                continue;
            if (!parse_address(entry, bytes, &is_v4))
                return client; /* trusted proxies write addresses; anything else is not theirs */
            client = entry;
        }
    }
    return client;
}

void client_address_key(struct slice address, char out[CLIENT_ADDRESS_SIZE]) {
    uint8_t bytes[16];
    bool is_v4;
    if (!parse_address(address, bytes, &is_v4))
        snprintf(out, CLIENT_ADDRESS_SIZE, "?%.*s", (int)(address.len < 40 ? address.len : 40),
                 address.ptr ? address.ptr : "");
    else if (is_v4)
        snprintf(out, CLIENT_ADDRESS_SIZE, "%u.%u.%u.%u", bytes[12], bytes[13], bytes[14],
                 bytes[15]);
    else
        snprintf(out, CLIENT_ADDRESS_SIZE, "%02x%02x:%02x%02x:%02x%02x:%02x%02x", bytes[0],
                 bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

void client_address_bytes(struct slice address, uint8_t out[16]) {
    bool is_v4;
    if (!parse_address(address, out, &is_v4)) {
        uint64_t hash = map_hash(0, address);
        memset(out, 0xff, 16);
        memcpy(out, &hash, sizeof hash);
    } else if (!is_v4) {
        memset(out + 8, 0, 8);
    }
}
