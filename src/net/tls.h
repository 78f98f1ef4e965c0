/* TLS settings shared by many streams. A client's are immutable once open and usable from every
 * thread; a server's belong to one thread, which may read their files again. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct tls;

/* Of a server, PEM each. */
struct tls_files {
    const char *cert, *key; /* its certificate chain, and the key of that */
    /* Clients are asked for a certificate, and one of these authorities shows who they are: see
     * stream_peer_is_verified(). Whoever has none is served all the same. NULL: none are asked. */
    const char *client_ca;
};

/* 0, or an errno with its reason in `why`. The names of the files are copied. */
int tls_open_server(struct tls **out, const struct tls_files *, char *why, size_t why_size);
/* Reads a server's files again. New sessions use what they hold now, open ones keep what they have.
 * On failure nothing changes. */
int tls_reload(struct tls *tls, char *why, size_t why_size);
/* Whether a server's files are others than those last read, or tried. */
bool tls_has_changed(const struct tls *tls);
/* For a client: servers are verified against ca_file; NULL = the system's store. */
int tls_open_client(struct tls **out, const char *ca_file, char *why, size_t why_size);
void tls_close(struct tls *tls); /* streams still open keep what they need; NULL is fine */

SSL *tls_new_session(const struct tls *tls); /* for net/stream */

#endif
