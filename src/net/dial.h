/* Connects to a host by TCP: name lookup, then each of its addresses in turn. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include <stdint.h>

struct dial;
struct loop;
struct stream;

/* Called once, in a later turn: with the plain stream, or with NULL and the reason. */
typedef void dial_fn(struct stream *stream, const char *why, void *arg);

/* Copies host; one deadline for everything. 0, or an errno. */
int dial_start(struct dial **out, struct loop *loop, const char *host, uint16_t port,
               int64_t timeout_ms, dial_fn *fn, void *arg);
/* No callback; NULL is fine. Not from the callback: the attempt has ended then. */
void dial_cancel(struct dial *dial);

#endif
