#include "net/rtc/rtc_tcp.h"

#include "base/big.h"
#include "base/buf.h"
#include "base/mem.h"
#include "net/rtc/rtc_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_BYTES = 2, IN_BYTES = 4 * RTC_TCP_FRAME_MAX };

struct rtc_tcp {
    int fd;
    enum rtc_tcp_state state;
    struct buf out;
    /* Bytes that came: [in_at, in_len) is not read yet. */
    size_t in_at, in_len;
    uint8_t in[IN_BYTES];
};

int rtc_tcp_open(struct rtc_tcp **out, const struct stun_address *to) {
    struct sockaddr_storage name;
    socklen_t len = rtc_address_fill(to, false, &name);
    int on = 1;
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&name, len) < 0 && errno != EINPROGRESS) {
        int err = errno;
        close(fd);
        return err;
    }
    struct rtc_tcp *tcp = mem_alloc(sizeof *tcp);
    tcp->fd = fd;
    *out = tcp;
    return 0;
}

void rtc_tcp_close(struct rtc_tcp *tcp) {
    if (!tcp)
        return;
    close(tcp->fd);
    buf_free(&tcp->out);
    mem_free(tcp);
}

int rtc_tcp_fd(const struct rtc_tcp *tcp) {
    return tcp->fd;
}

enum rtc_tcp_state rtc_tcp_state(const struct rtc_tcp *tcp) {
    return tcp->state;
}

static void finish_dialling(struct rtc_tcp *tcp) {
    int err = 0;
    socklen_t len = sizeof err;
    struct sockaddr_storage name;
    socklen_t name_len = sizeof name;
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err)
        tcp->state = RTC_TCP_BROKEN;
    else if (getpeername(tcp->fd, (struct sockaddr *)&name, &name_len) == 0)
        tcp->state = RTC_TCP_OPEN;
}

void rtc_tcp_push(struct rtc_tcp *tcp) {
    if (tcp->state == RTC_TCP_DIALLING)
        finish_dialling(tcp);
    if (tcp->state != RTC_TCP_OPEN || tcp->out.len == 0)
        return;
    ssize_t sent = send(tcp->fd, tcp->out.data, tcp->out.len, MSG_NOSIGNAL);
    if (sent > 0)
        buf_consume(&tcp->out, (size_t)sent);
    else if (sent < 0 && errno != EAGAIN && errno != EINTR)
        tcp->state = RTC_TCP_BROKEN;
}

bool rtc_tcp_is_waiting(const struct rtc_tcp *tcp) {
    return tcp->state == RTC_TCP_DIALLING || (tcp->state == RTC_TCP_OPEN && tcp->out.len > 0);
}

bool rtc_tcp_send(struct rtc_tcp *tcp, const uint8_t *bytes, size_t len) {
    if (tcp->state != RTC_TCP_OPEN || tcp->out.len + HEAD_BYTES + len > RTC_TCP_QUEUE_MAX)
        return false;
    uint8_t head[HEAD_BYTES];
    big_put_u16(head, (uint16_t)len);
    buf_add(&tcp->out, head, sizeof head);
    buf_add(&tcp->out, bytes, len);
    rtc_tcp_push(tcp);
    return true;
}

/* Whether more has come. */
static bool fill(struct rtc_tcp *tcp) {
    memmove(tcp->in, tcp->in + tcp->in_at, tcp->in_len - tcp->in_at);
    tcp->in_len -= tcp->in_at;
    tcp->in_at = 0;
    ssize_t got = recv(tcp->fd, tcp->in + tcp->in_len, IN_BYTES - tcp->in_len, 0);
    if (got > 0)
        tcp->in_len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        tcp->state = RTC_TCP_BROKEN;
    return got > 0;
}

size_t rtc_tcp_read(struct rtc_tcp *tcp, uint8_t out[RTC_TCP_FRAME_MAX]) {
    while (tcp->state == RTC_TCP_OPEN) {
        size_t have = tcp->in_len - tcp->in_at;
        size_t len = have >= HEAD_BYTES ? big_u16(tcp->in + tcp->in_at) : 0;
        if (len > RTC_TCP_FRAME_MAX) {
            tcp->state = RTC_TCP_BROKEN;
        } else if (have >= HEAD_BYTES + len && have >= HEAD_BYTES) {
            memcpy(out, tcp->in + tcp->in_at + HEAD_BYTES, len);
            tcp->in_at += HEAD_BYTES + len;
            if (len > 0)
                return len;
        } else if (!fill(tcp)) {
            break;
        }
    }
    return 0;
}
