#include "net/stream.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/loop.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream {
    int fd;
    SSL *ssl; /* NULL = plain */
    uint8_t read_wants, write_wants;
    struct buf unread; /* what stream_unread gave back */
    const char *error; /* static */
};

struct stream *stream_new(int fd) {
    struct stream *s = mem_alloc(sizeof *s);
    int on = 1;
    s->fd = fd;
    s->read_wants = WATCH_READ;
    s->write_wants = WATCH_WRITE;
    s->error = "";
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return s;
}

void stream_limit_unsent(struct stream *s, int bytes) {
    setsockopt(s->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

size_t stream_unsent_bytes(const struct stream *s) {
    int bytes = 0;
    return ioctl(s->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

static void start_tls(struct stream *s, const struct tls *tls) {
    assert(!s->ssl);
    s->ssl = tls_new_session(tls);
    SSL_set_fd(s->ssl, s->fd);
}

void stream_start_tls_server(struct stream *s, const struct tls *tls) {
    start_tls(s, tls);
    SSL_set_accept_state(s->ssl);
}

void stream_start_tls_client(struct stream *s, const struct tls *tls, const char *host) {
    uint8_t address[sizeof(struct in6_addr)];
    start_tls(s, tls);
    if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), host);
    } else {
        SSL_set1_host(s->ssl, host);
        char name[256]; /* OpenSSL's macro wants it writable */
        snprintf(name, sizeof name, "%s", host);
        SSL_set_tlsext_host_name(s->ssl, name);
    }
    SSL_set_connect_state(s->ssl);
}

void stream_close(struct stream *s) {
    if (!s)
        return;
    if (s->ssl) {
        ERR_clear_error();
        if (SSL_is_init_finished(s->ssl))
            SSL_shutdown(s->ssl);
        SSL_free(s->ssl);
        ERR_clear_error();
    }
    close(s->fd);
    buf_free(&s->unread);
    mem_free(s);
}

/* OpenSSL's result as read(2) and write(2) would return it. */
static ssize_t tls_result(struct stream *s, int result, uint8_t *wants) {
    int saved = errno;
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        *wants = WATCH_READ;
        return -EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        *wants = WATCH_WRITE;
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        return saved ? -saved : -ECONNRESET;
    default:
        break;
    }
    long verified = SSL_get_verify_result(s->ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    if (verified != X509_V_OK)
        reason = X509_verify_cert_error_string(verified);
    s->error = reason ? reason : "TLS failed";
    /* After such an error the session must not be used again, not even for a close_notify. */
    SSL_set_quiet_shutdown(s->ssl, 1);
    return -EPROTO;
}

static ssize_t read_unread(struct stream *s, void *out, size_t n) {
    if (n > s->unread.len)
        n = s->unread.len;
    memcpy(out, s->unread.data, n);
    buf_consume(&s->unread, n);
    if (s->unread.len == 0)
        buf_free(&s->unread);
    return (ssize_t)n;
}

ssize_t stream_read(struct stream *s, void *out, size_t n) {
    if (s->unread.len > 0)
        return read_unread(s, out, n);
    if (!s->ssl) {
        ssize_t got = TEMP_FAILURE_RETRY(recv(s->fd, out, n, MSG_DONTWAIT));
        return got < 0 ? -errno : got;
    }
    size_t got;
    ERR_clear_error();
    errno = 0;
    int result = SSL_read_ex(s->ssl, out, n, &got);
    if (result > 0)
        return (ssize_t)got;
    return tls_result(s, result, &s->read_wants);
}

static ssize_t tls_write(struct stream *s, const void *bytes, size_t n) {
    size_t put;
    ERR_clear_error();
    errno = 0;
    int result = SSL_write_ex(s->ssl, bytes, n, &put);
    if (result > 0)
        return (ssize_t)put;
    ssize_t err = tls_result(s, result, &s->write_wants);
    return err == 0 ? -EPIPE : err;
}

ssize_t stream_write(struct stream *s, const void *bytes, size_t n) {
    if (s->ssl)
        return tls_write(s, bytes, n);
    ssize_t put = TEMP_FAILURE_RETRY(send(s->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL));
    return put < 0 ? -errno : put;
}

/* Sends many small pieces as one record. */
static ssize_t tls_writev(struct stream *s, const struct iovec *pieces, int count) {
    char record[16 * 1024];
    size_t len = 0;
    for (int i = 0; i < count && len < sizeof record; i++) {
        size_t n = pieces[i].iov_len;
        if (n > sizeof record - len)
            n = sizeof record - len;
        memcpy(record + len, pieces[i].iov_base, n);
        len += n;
    }
    return tls_write(s, record, len);
}

ssize_t stream_writev(struct stream *s, const struct iovec *pieces, int count) {
    if (s->ssl)
        return tls_writev(s, pieces, count);
    struct msghdr message = {.msg_iovlen = (size_t)count};
    memcpy(&message.msg_iov, &pieces, sizeof pieces); /* sendmsg does not write there */
    ssize_t put = TEMP_FAILURE_RETRY(sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
    return put < 0 ? -errno : put;
}

int stream_read_wants(const struct stream *s) {
    return s->read_wants;
}

int stream_write_wants(const struct stream *s) {
    return s->write_wants;
}

bool stream_has_pending(const struct stream *s) {
    return s->unread.len > 0 || (s->ssl && SSL_pending(s->ssl) > 0);
}

void stream_unread(struct stream *s, struct slice bytes) {
    if (bytes.len == 0)
        return;
    struct buf all = {0};
    buf_add_slice(&all, bytes);
    buf_add_slice(&all, buf_slice(&s->unread));
    buf_free(&s->unread);
    s->unread = all;
}

int stream_shutdown(struct stream *s) {
    if (s->ssl && SSL_is_init_finished(s->ssl)) {
        ERR_clear_error();
        SSL_shutdown(s->ssl);
        ERR_clear_error();
    }
    return shutdown(s->fd, SHUT_WR) < 0 ? errno : 0;
}

int stream_fd(const struct stream *s) {
    return s->fd;
}

bool stream_is_tls(const struct stream *s) {
    return s->ssl;
}

bool stream_peer_is_verified(const struct stream *s) {
    return s->ssl && SSL_get0_peer_certificate(s->ssl) && SSL_get_verify_result(s->ssl) == X509_V_OK;
}

const char *stream_error(const struct stream *s) {
    return s->error;
}

int stream_connect(struct stream **out, const struct sockaddr *address, size_t size) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, address, (socklen_t)size) < 0 && errno != EINPROGRESS) {
        int err = errno;
        close(fd);
        return err;
    }
    *out = stream_new(fd);
    return 0;
}

int stream_connected(struct stream *s) {
    int err = 0;
    socklen_t size = sizeof err;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &size) < 0)
        return errno;
    if (err)
        return err;
    struct sockaddr_storage peer;
    size = sizeof peer;
    if (getpeername(s->fd, (struct sockaddr *)&peer, &size) == 0)
        return 0;
    return errno == ENOTCONN ? EINPROGRESS : errno;
}

void stream_peer_address(const struct stream *s, char out[STREAM_ADDRESS_SIZE]) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t size = sizeof address;
    if (getpeername(s->fd, &address.any, &size) != 0)
        return;
    if (address.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &address.v4.sin_addr, out, STREAM_ADDRESS_SIZE);
    else if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr))
        inet_ntop(AF_INET, address.v6.sin6_addr.s6_addr + 12, out, STREAM_ADDRESS_SIZE);
    else if (address.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &address.v6.sin6_addr, out, STREAM_ADDRESS_SIZE);
}
