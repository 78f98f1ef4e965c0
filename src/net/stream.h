/* A connected, non-blocking socket: plain TCP or TLS. It owns its descriptor, its TLS state and
 * bytes that were read too far
 * ("unread"), so that handing over the pointer hands over the connection. Used by one thread at a
 * time. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct stream;
struct tls; /* settings shared by many streams; immutable after opening, usable from every thread */

/* A server's certificate chain and key (PEM files). 0, or an errno with a sentence in why (why_n
 * bytes). */
int tls_open_server(struct tls **, const char *cert_file, const char *key_file, char *why,
                    size_t why_n);
/* A client's: host names are verified against ca_file, NULL = the system's store. */
int tls_open_client(struct tls **, const char *ca_file, char *why, size_t why_n);
void tls_close(struct tls *); /* streams still open keep what they need; NULL is fine */

struct stream *
stream_new(int fd); /* plain; takes the descriptor, makes it non-blocking and TCP_NODELAY */
int stream_start_tls_server(struct stream *, const struct tls *);
int stream_start_tls_client(struct stream *, const struct tls *,
                            const char *host); /* before anything was read */
void stream_close(
    struct stream *); /* a TLS goodbye if it goes out at once, then close; NULL is fine */

/* As read(2) and write(2): > 0 bytes, 0 end of stream, or a negative errno: -EAGAIN: wait for
 * stream_wants(). The TLS handshake happens inside. A write that got -EAGAIN must be repeated with
 * the same first bytes. */
ssize_t stream_read(struct stream *, void *out, size_t n);
ssize_t stream_write(struct stream *, const void *bytes, size_t n);
ssize_t stream_writev(struct stream *, const struct iovec *, int count);

/* The poll events (WATCH_READ, WATCH_WRITE of net/loop.h) that the last -EAGAIN of a read, of a
 * write, waits for. */
int stream_read_wants(const struct stream *);
int stream_write_wants(const struct stream *);
/* Whether bytes can be read that no poll announces (unread ones, or decrypted ones). */
bool stream_has_pending(const struct stream *);

/* Gives bytes back: the next reads return them first. */
void stream_unread(struct stream *, struct slice);

int stream_shutdown(struct stream *); /* no more writing: TLS close_notify, then FIN */
int stream_fd(const struct stream *);
bool stream_is_tls(const struct stream *);
const char *
stream_error(const struct stream *); /* what TLS said last, for the log; "" when nothing */

/* Starts connecting a non-blocking socket to an address; watch for writability, then
 * stream_connected(). */
struct sockaddr;
int stream_connect(struct stream **, const struct sockaddr *, size_t size);
int stream_connected(struct stream *); /* 0, EINPROGRESS, or why it failed */

#endif
