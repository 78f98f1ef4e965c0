#include "net/tls.h"

#include "base/mem.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* What tells one state of a file from another. Zeroed: there is none. */
struct tls_stamp {
    struct timespec changed;
    off_t bytes;
    ino_t inode;
};

struct tls {
    SSL_CTX *context;
    /* Of a server; NULL for a client. */
    char *cert_file, *key_file, *client_ca_file;
    struct tls_stamp cert_stamp, key_stamp, client_ca_stamp;
};

/* ---- Contexts ---- */

static int fail(SSL_CTX *context, char *why, size_t why_size, const char *what, const char *file) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    snprintf(why, why_size, "%s %s: %s", what, file, reason ? reason : "unknown error");
    ERR_clear_error();
    SSL_CTX_free(context);
    return EINVAL;
}

static SSL_CTX *new_context(const SSL_METHOD *method) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(method);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    /* Queued bytes may move or grow between attempts to write; idle streams hold no buffers. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    /* A close without close_notify is no error: every protocol above has lengths of its own. */
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    return context;
}

/* Whether the certificate is good is asked where it matters, and ends no handshake. */
static int tls_on_client_certificate(int is_good, X509_STORE_CTX *store) {
    return 1;
}

static bool ask_for_clients(SSL_CTX *context, const char *ca_file) {
    static const uint8_t session_context[] = "prosa";
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca_file);
    if (!names || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, tls_on_client_certificate);
    return true;
}

static int open_server_context(SSL_CTX **out, const struct tls_files *files, char *why,
                               size_t why_size) {
    SSL_CTX *context = new_context(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, files->cert) != 1)
        return fail(context, why, why_size, "certificate", files->cert);
    if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1)
        return fail(context, why, why_size, "private key", files->key);
    if (SSL_CTX_check_private_key(context) != 1)
        return fail(context, why, why_size, "the certificate does not belong to the key",
                    files->key);
    if (files->client_ca && !ask_for_clients(context, files->client_ca))
        return fail(context, why, why_size, "authorities of clients", files->client_ca);
    *out = context;
    return 0;
}

static struct tls_stamp file_stamp(const char *file) {
    struct stat info;
    if (!file || stat(file, &info))
        return (struct tls_stamp){0};
    return (struct tls_stamp){info.st_mtim, info.st_size, info.st_ino};
}

static bool stamp_is_equal(struct tls_stamp a, struct tls_stamp b) {
    return a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec &&
           a.bytes == b.bytes && a.inode == b.inode;
}

/* ---- A server's ---- */

int tls_open_server(struct tls **out, const struct tls_files *files, char *why, size_t why_size) {
    struct tls *tls = mem_alloc(sizeof *tls);
    tls->cert_file = mem_copy_text(files->cert);
    tls->key_file = mem_copy_text(files->key);
    if (files->client_ca)
        tls->client_ca_file = mem_copy_text(files->client_ca);
    int err = tls_reload(tls, why, why_size);
    if (err)
        tls_close(tls);
    else
        *out = tls;
    return err;
}

int tls_reload(struct tls *tls, char *why, size_t why_size) {
    const struct tls_files files = {tls->cert_file, tls->key_file, tls->client_ca_file};
    SSL_CTX *context;
    /* Before the files are read: what is written meanwhile is seen as a change. */
    tls->cert_stamp = file_stamp(tls->cert_file);
    tls->key_stamp = file_stamp(tls->key_file);
    tls->client_ca_stamp = file_stamp(tls->client_ca_file);
    int err = open_server_context(&context, &files, why, why_size);
    if (err)
        return err;
    SSL_CTX_free(tls->context);
    tls->context = context;
    return 0;
}

bool tls_has_changed(const struct tls *tls) {
    return !stamp_is_equal(tls->cert_stamp, file_stamp(tls->cert_file)) ||
           !stamp_is_equal(tls->key_stamp, file_stamp(tls->key_file)) ||
           !stamp_is_equal(tls->client_ca_stamp, file_stamp(tls->client_ca_file));
}

/* ---- A client's ---- */

int tls_open_client(struct tls **out, const char *ca_file, char *why, size_t why_size) {
    SSL_CTX *context = new_context(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    int ok = ca_file ? SSL_CTX_load_verify_locations(context, ca_file, NULL)
                     : SSL_CTX_set_default_verify_paths(context);
    if (ok != 1)
        return fail(context, why, why_size, "certificate authorities",
                    ca_file ? ca_file : "of the system");
    *out = mem_alloc(sizeof **out);
    (*out)->context = context;
    return 0;
}

void tls_close(struct tls *tls) {
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    mem_free(tls->cert_file);
    mem_free(tls->key_file);
    mem_free(tls->client_ca_file);
    mem_free(tls);
}

SSL *tls_new_session(const struct tls *tls) {
    return SSL_new(tls->context);
}
