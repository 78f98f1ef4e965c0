/* Private to remote.c (offers, checks) and remote_media.c (DTLS, SRTP, RTCP). */
#ifndef TESTS_RTC_REMOTE_PRIVATE_H
#define TESTS_RTC_REMOTE_PRIVATE_H

#include "remote.h"

#include "net/loop.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <srtp2/srtp.h>

struct remote_section {
    enum remote_kind kind;
    uint32_t ssrc;
    bool is_silent;
    char stream[REMOTE_NAME_SIZE], track[REMOTE_NAME_SIZE];
};

struct remote {
    struct loop *loop;
    struct remote_settings settings;
    struct remote_stats stats;
    uint64_t random;
    int fd, stranger, listener; /* the last: TCP */
    struct watch *watch, *listener_watch;
    struct timer timer;
    uint16_t port;
    char ufrag[17], password[33], their_ufrag[300], their_password[300];
    unsigned version;
    bool has_answer, is_connected; /* is_connected: TCP */
    struct sockaddr_in peer;       /* where we are; port 0: not known */
    uint8_t check_id[12];
    bool is_check_answered, is_nominating, is_controlled;
    uint8_t tcp_in[65536 + 2];
    size_t tcp_in_len;
    struct remote_section *sections;
    unsigned section_count;

    EVP_PKEY *key;
    X509 *certificate;
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;
    unsigned dtls_seen, dtls_sent;
    bool is_losing_end;
    srtp_t srtp_in, srtp_out;
};

uint32_t remote_random(struct remote *remote);
void remote_transmit(struct remote *remote, const uint8_t *bytes, size_t len);

bool remote_media_open(struct remote *remote);
void remote_media_close(struct remote *remote);
void remote_fingerprint(const struct remote *remote, char out[96]);
void remote_begin_dtls(struct remote *remote); /* the path is agreed on */
void remote_hear_dtls(struct remote *remote, const uint8_t *bytes, size_t len);
void remote_hear_report(struct remote *remote, uint8_t *bytes, size_t len);
void remote_tick_dtls(struct remote *remote);

#endif
