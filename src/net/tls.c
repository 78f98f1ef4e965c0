#include "net/tls.h"

#include "base/mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>

struct tls {
    SSL_CTX *context;
};

static int fail(struct tls *tls, char *why, size_t why_size, const char *what, const char *file) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(why, why_size, "%s %s: %s", what, file, reason ? reason : "unknown error");
    ERR_clear_error();
    tls_close(tls);
    return EINVAL;
}

static struct tls *new_tls(const SSL_METHOD *method) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(method);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    /* Queued bytes may move or grow between attempts to write; idle streams hold no buffers. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    /* A close without close_notify is no error: every protocol above has lengths of its own. */
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    struct tls *tls = mem_alloc(sizeof *tls);
    tls->context = context;
    return tls;
}

int tls_open_server(struct tls **out, const char *cert_file, const char *key_file, char *why,
                    size_t why_size) {
    struct tls *tls = new_tls(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(tls->context, cert_file) != 1)
        return fail(tls, why, why_size, "certificate", cert_file);
    if (SSL_CTX_use_PrivateKey_file(tls->context, key_file, SSL_FILETYPE_PEM) != 1)
        return fail(tls, why, why_size, "private key", key_file);
    if (SSL_CTX_check_private_key(tls->context) != 1)
        return fail(tls, why, why_size, "the certificate does not belong to the key", key_file);
    *out = tls;
    return 0;
}

int tls_open_client(struct tls **out, const char *ca_file, char *why, size_t why_size) {
    struct tls *tls = new_tls(TLS_client_method());
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    int ok = ca_file ? SSL_CTX_load_verify_locations(tls->context, ca_file, NULL)
                     : SSL_CTX_set_default_verify_paths(tls->context);
    if (ok != 1)
        return fail(tls, why, why_size, "certificate authorities",
                    ca_file ? ca_file : "of the system");
    *out = tls;
    return 0;
}

void tls_close(struct tls *tls) {
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    mem_free(tls);
}

SSL *tls_new_session(const struct tls *tls) {
    return SSL_new(tls->context);
}
