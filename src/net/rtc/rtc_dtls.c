#include "net/rtc/rtc_dtls.h"

#include "base/mem.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

/* In the order of what we would have. As a client, the server's own order decides. */
#define PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
#define EXPORTER "EXTRACTOR-dtls_srtp" /* RFC 5764, 4.2 */

enum {
    FIRST_RETRY_US = 100 * 1000, /* a full ICE agent ignores the first flight until it nominates */
    LAST_RETRY_US = 1000 * 1000,
    CERTIFICATES_MAX_BYTES = 8 * 1024,
    RECORD_MAX_BYTES = 2048, /* of ours: OpenSSL holds a buffer of this size */
    HEADS_BYTES = 48,        /* of IPv6 and UDP, below DTLS */
};

struct rtc_dtls {
    SSL *ssl;
    uint8_t fingerprint[RTC_DTLS_FINGERPRINT_BYTES];
    enum rtc_dtls_state state;
    const char *why;
    bool is_wrong_peer;
    bool is_client;
    /* The datagram that OpenSSL is about to read. */
    const uint8_t *heard;
    size_t heard_len;
    void (*send)(const uint8_t *bytes, size_t len, void *user);
    void *user;
};

/* ---- Datagrams ---- */

static int dtls_on_write(BIO *bio, const char *bytes, int len) {
    struct rtc_dtls *dtls = BIO_get_data(bio);
    if (len > 0)
        dtls->send((const uint8_t *)bytes, (size_t)len, dtls->user);
    return len;
}

static int dtls_on_read(BIO *bio, char *out, int room) {
    struct rtc_dtls *dtls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!dtls->heard) {
        BIO_set_retry_read(bio);
        return -1;
    }
    /* What is too long is cut off, as a socket does: its record is then dropped. */
    size_t len = dtls->heard_len < (size_t)room ? dtls->heard_len : (size_t)room;
    memcpy(out, dtls->heard, len);
    dtls->heard = NULL;
    return (int)len;
}

static long dtls_on_control(BIO *bio, int command, long number, void *pointer) {
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return RTC_DTLS_MTU;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return HEADS_BYTES;
    default:
        return 0;
    }
}

/* ---- What all sessions share ---- */

/* The peer's certificate is the one that its offer promised, whatever else it says. */
static int dtls_on_certificate(X509_STORE_CTX *chain, void *unused) {
    const SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct rtc_dtls *dtls = SSL_get_app_data(ssl);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509 *certificate = X509_STORE_CTX_get0_cert(chain);
    bool is_right = certificate && X509_digest(certificate, EVP_sha256(), digest, &len) &&
                    len == RTC_DTLS_FINGERPRINT_BYTES &&
                    memcmp(digest, dtls->fingerprint, len) == 0;
    dtls->is_wrong_peer = !is_right;
    X509_STORE_CTX_set_error(chain, is_right ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    return is_right;
}

static bool prepare(SSL_CTX *ssl, X509 *certificate, EVP_PKEY *key) {
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                 SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ssl, 1); /* a datagram is read whole */
    SSL_CTX_set_max_send_fragment(ssl, RECORD_MAX_BYTES);
    SSL_CTX_set_max_cert_list(ssl, CERTIFICATES_MAX_BYTES);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, dtls_on_certificate, NULL);
    /* The last one returns 0 when it went well. */
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_use_certificate(ssl, certificate) > 0 && SSL_CTX_use_PrivateKey(ssl, key) > 0 &&
           SSL_CTX_set1_groups_list(ssl, "X25519:P-256:P-384") > 0 &&
           SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK:!aNULL") > 0 &&
           SSL_CTX_set_tlsext_use_srtp(ssl, PROFILES) == 0;
}

bool rtc_dtls_open_context(struct rtc_dtls_context *context, X509 *certificate, EVP_PKEY *key) {
    context->ssl = SSL_CTX_new(DTLS_method());
    BIO_METHOD *datagrams = context->datagrams =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    if (!context->ssl || !datagrams || !BIO_meth_set_write(datagrams, dtls_on_write) ||
        !BIO_meth_set_read(datagrams, dtls_on_read) ||
        !BIO_meth_set_ctrl(datagrams, dtls_on_control) ||
        !prepare(context->ssl, certificate, key)) {
        rtc_dtls_close_context(context);
        return false;
    }
    return true;
}

void rtc_dtls_close_context(struct rtc_dtls_context *context) {
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->datagrams);
    *context = (struct rtc_dtls_context){0};
}

/* ---- A session ---- */

static unsigned dtls_on_timer(SSL *ssl, unsigned last_us) {
    if (last_us == 0)
        return FIRST_RETRY_US;
    return last_us < LAST_RETRY_US / 2 ? 2 * last_us : LAST_RETRY_US;
}

struct rtc_dtls *rtc_dtls_new(const struct rtc_dtls_context *context, bool is_client,
                              const uint8_t *fingerprint,
                              void (*send)(const uint8_t *bytes, size_t len, void *user),
                              void *user) {
    struct rtc_dtls *dtls = mem_alloc(sizeof *dtls);
    memcpy(dtls->fingerprint, fingerprint, sizeof dtls->fingerprint);
    dtls->is_client = is_client;
    dtls->send = send;
    dtls->user = user;
    dtls->ssl = SSL_new(context->ssl);
    BIO *bio = BIO_new(context->datagrams);
    if (!dtls->ssl || !bio) {
        BIO_free(bio);
        SSL_free(dtls->ssl);
        mem_free(dtls);
        return NULL;
    }
    BIO_set_data(bio, dtls);
    BIO_set_init(bio, 1);
    SSL_set_bio(dtls->ssl, bio, bio);
    SSL_set_app_data(dtls->ssl, dtls);
    SSL_set_mtu(dtls->ssl, RTC_DTLS_MTU);
    DTLS_set_timer_cb(dtls->ssl, dtls_on_timer);
    if (is_client)
        SSL_set_connect_state(dtls->ssl);
    else
        SSL_set_accept_state(dtls->ssl);
    return dtls;
}

void rtc_dtls_free(struct rtc_dtls *dtls) {
    if (!dtls)
        return;
    ERR_clear_error();
    if (dtls->state == RTC_DTLS_UP && SSL_alloc_buffers(dtls->ssl))
        SSL_shutdown(dtls->ssl);
    SSL_free(dtls->ssl);
    mem_free(dtls);
}

static void fail(struct rtc_dtls *dtls, const char *why) {
    dtls->state = dtls->state == RTC_DTLS_UP ? RTC_DTLS_ENDED : RTC_DTLS_FAILED;
    dtls->why = why;
}

/* Whether OpenSSL only waits for more; otherwise the session has ended. */
static bool is_waiting(struct rtc_dtls *dtls, int result) {
    int error = SSL_get_error(dtls->ssl, result);
    ERR_clear_error(); /* the thread's other connections look there, too */
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return true;
    if (dtls->is_wrong_peer)
        fail(dtls, "the certificate is not the one of the offer");
    else if (error == SSL_ERROR_ZERO_RETURN)
        fail(dtls, "the server has ended DTLS");
    else
        fail(dtls, "the DTLS handshake was refused or is malformed");
    return false;
}

static void shake(struct rtc_dtls *dtls) {
    ERR_clear_error();
    int result = SSL_do_handshake(dtls->ssl);
    if (result == 1 && SSL_get_selected_srtp_profile(dtls->ssl))
        dtls->state = RTC_DTLS_UP;
    else if (result == 1)
        fail(dtls, "no common SRTP profile");
    else
        is_waiting(dtls, result);
}

void rtc_dtls_start(struct rtc_dtls *dtls) {
    if (dtls->is_client && dtls->state == RTC_DTLS_SHAKING)
        shake(dtls);
}

void rtc_dtls_hear(struct rtc_dtls *dtls, const uint8_t *bytes, size_t len) {
    if (dtls->state != RTC_DTLS_SHAKING && dtls->state != RTC_DTLS_UP)
        return;
    dtls->heard = bytes;
    dtls->heard_len = len;
    if (dtls->state == RTC_DTLS_SHAKING) {
        shake(dtls);
        dtls->heard = NULL;
    }
}

/* Once it is up, datagrams are rare: between them the session holds no buffers, which are 19 KB. */
size_t rtc_dtls_read(struct rtc_dtls *dtls, uint8_t out[RTC_DTLS_DATA_MAX]) {
    if (dtls->state != RTC_DTLS_UP || !SSL_alloc_buffers(dtls->ssl))
        return 0;
    ERR_clear_error();
    int len = SSL_read(dtls->ssl, out, RTC_DTLS_DATA_MAX);
    if (len > 0)
        return (size_t)len;
    is_waiting(dtls, len);
    dtls->heard = NULL; /* what OpenSSL left lies in the caller's buffer */
    SSL_free_buffers(dtls->ssl);
    return 0;
}

void rtc_dtls_write(struct rtc_dtls *dtls, const uint8_t *bytes, size_t len) {
    if (dtls->state != RTC_DTLS_UP)
        return;
    ERR_clear_error();
    if (SSL_alloc_buffers(dtls->ssl))
        SSL_write(dtls->ssl, bytes, (int)len);
    SSL_free_buffers(dtls->ssl);
}

int64_t rtc_dtls_due_ms(struct rtc_dtls *dtls) {
    struct timeval left;
    if (dtls->state != RTC_DTLS_SHAKING || !DTLSv1_get_timeout(dtls->ssl, &left))
        return -1;
    return (int64_t)left.tv_sec * 1000 + (left.tv_usec + 999) / 1000;
}

void rtc_dtls_tick(struct rtc_dtls *dtls) {
    if (dtls->state != RTC_DTLS_SHAKING)
        return;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(dtls->ssl) < 0)
        fail(dtls, "the DTLS handshake got no answer");
}

enum rtc_dtls_state rtc_dtls_state(const struct rtc_dtls *dtls) {
    return dtls->state;
}

const char *rtc_dtls_why(const struct rtc_dtls *dtls) {
    return dtls->why;
}

/* RFC 5764, 4.2: both keys, then both salts, the client's first. */
bool rtc_dtls_keys(const struct rtc_dtls *dtls, struct rtc_dtls_keys *keys) {
    bool is_gcm = SSL_get_selected_srtp_profile(dtls->ssl)->id == SRTP_AEAD_AES_128_GCM;
    size_t key = 16, salt = is_gcm ? 12 : 14;
    uint8_t material[2 * RTC_DTLS_KEY_MAX];
    if (SSL_export_keying_material(dtls->ssl, material, 2 * (key + salt), EXPORTER,
                                   strlen(EXPORTER), NULL, 0, 0) != 1)
        return false;
    uint8_t *client = dtls->is_client ? keys->ours : keys->theirs;
    uint8_t *server = dtls->is_client ? keys->theirs : keys->ours;
    keys->profile = is_gcm ? RTC_DTLS_GCM : RTC_DTLS_CM_SHA1_80;
    memcpy(client, material, key);
    memcpy(server, material + key, key);
    memcpy(client + key, material + 2 * key, salt);
    memcpy(server + key, material + 2 * key + salt, salt);
    OPENSSL_cleanse(material, sizeof material);
    return true;
}
