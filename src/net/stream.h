/* A connected, non-blocking socket: plain TCP or TLS. It owns its descriptor, its TLS state and the
 * bytes that were read too far ("unread"), so passing the pointer passes the whole connection. Used
 * by one thread at a time. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/slice.h"
#include "net/tls.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct sockaddr;
struct stream;

/* Plain; takes the descriptor and makes it non-blocking, without Nagle's delay. */
struct stream *stream_new(int fd);

/* Before anything was read or written. A client verifies that the server is `host`. */
void stream_start_tls_server(struct stream *stream, const struct tls *tls);
void stream_start_tls_client(struct stream *stream, const struct tls *tls, const char *host);

/* Sends TLS's close_notify if that can be written at once; NULL is fine. */
void stream_close(struct stream *stream);

/* As read(2) and write(2): > 0 bytes, 0 end of stream, or a negative errno. -EAGAIN: wait for
 * stream_read_wants, stream_write_wants. The TLS handshake happens inside. A write that got
 * -EAGAIN must be repeated with the same first bytes. */
ssize_t stream_read(struct stream *stream, void *out, size_t n);
ssize_t stream_write(struct stream *stream, const void *bytes, size_t n);
ssize_t stream_writev(struct stream *stream, const struct iovec *pieces, int count);

/* The events of net/loop.h to wait for after the last -EAGAIN of a read, or of a write. */
int stream_read_wants(const struct stream *stream);
int stream_write_wants(const struct stream *stream);

/* Whether bytes can be read that no poll announces: unread or already decrypted ones. */
bool stream_has_pending(const struct stream *stream);

/* Gives bytes back: the next reads return them first. */
void stream_unread(struct stream *stream, struct slice bytes);

/* The kernel takes no more than about so many bytes that it cannot send yet. */
void stream_limit_unsent(struct stream *stream, int bytes);
/* Written, and not yet taken by the peer's machine. */
size_t stream_unsent_bytes(const struct stream *stream);

int stream_shutdown(struct stream *stream); /* no more writing: TLS's close_notify, then FIN */
int stream_fd(const struct stream *stream);
/* The peer's IP address as text, an IPv4 address in IPv6's clothes as IPv4; unchanged when unknown. */
enum { STREAM_ADDRESS_SIZE = 46 };
void stream_peer_address(const struct stream *stream, char out[STREAM_ADDRESS_SIZE]);
bool stream_is_tls(const struct stream *stream);
/* The client of a TLS server has shown a certificate of one of its authorities (tls_files). */
bool stream_peer_is_verified(const struct stream *stream);
const char *stream_error(const struct stream *stream); /* TLS's last error, or "" */

/* Starts to connect; watch for writability, then ask stream_connected. */
int stream_connect(struct stream **out, const struct sockaddr *address, size_t size);
int stream_connected(struct stream *stream); /* 0, EINPROGRESS, or why it failed */

#endif
