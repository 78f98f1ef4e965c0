/* The address of the client behind a request. It is the peer's, unless the peer is a trusted proxy
 * (TRUST_PROXY, a list of networks): then it is the right-most address in X-Forwarded-For that is
 * not a trusted proxy's. A header that anybody else sends is ignored. Some proxies write a port
 * behind the address; it is left out. */
#ifndef NET_CLIENT_ADDRESS_H
#define NET_CLIENT_ADDRESS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENT_ADDRESS_SIZE = 64 };

struct network {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;
};

struct networks {
    struct network *items;
    size_t count;
};

/* "10.0.0.0/8, 127.0.0.1, fd00::/8, loopback". EINVAL: *bad is the item that is not a network. */
int networks_parse(struct networks *out, const char *list, struct slice *bad);
void networks_free(struct networks *networks);
bool networks_hold(const struct networks *networks, struct slice address);

/* `forwarded` are the values of the X-Forwarded-For headers, in the order in which they came: they
 * are one list. The result is an address without a port; it borrows from `peer` or from them. */
struct slice client_address(const struct networks *proxies, const char *peer,
                            const struct slice *forwarded, size_t count);

/* The key under which attempts are counted: an IPv4 address, or the /64 of an IPv6 address. */
void client_address_key(struct slice address, char out[CLIENT_ADDRESS_SIZE]);

/* The same as bytes: an IPv4 address as ::ffff:a.b.c.d, the first half of an IPv6 address, or what
 * the text of anything else hashes to. */
void client_address_bytes(struct slice address, uint8_t out[16]);

#endif
