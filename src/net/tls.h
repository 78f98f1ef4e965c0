/* TLS settings shared by many streams: immutable once open, usable from every thread. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>

struct tls;

/* A server's certificate chain and key (PEM files). 0, or an errno with its reason in `why`. */
int tls_open_server(struct tls **out, const char *cert_file, const char *key_file, char *why,
                    size_t why_size);
/* For a client: servers are verified against ca_file; NULL = the system's store. */
int tls_open_client(struct tls **out, const char *ca_file, char *why, size_t why_size);
void tls_close(struct tls *tls); /* streams still open keep what they need; NULL is fine */

SSL *tls_new_session(const struct tls *tls); /* for net/stream */

#endif
