/*
 * Whose request it is: the peer, or, where the peer is a proxy of ours (TRUST_PROXY, a list of
 * networks), the right-most address of X-Forwarded-For that is not. Nobody else's word is taken.
 */
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

/* "10.0.0.0/8, 127.0.0.1, fd00::/8, loopback". EINVAL: *bad is the item that is no network. */
int networks_parse(struct networks *, const char *list, struct slice *bad);
void networks_free(struct networks *);
bool networks_hold(const struct networks *, struct slice address);

/* `forwarded` is the header's value, may be empty. */
struct slice client_address(const struct networks *proxies, const char *peer,
                            struct slice forwarded);

/* What counts together when tries are counted: an IPv4 address, or the /64 of an IPv6 one. */
void client_address_key(struct slice address, char out[CLIENT_ADDRESS_SIZE]);

#endif
