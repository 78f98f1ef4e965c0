#include "net/rtc/rtc_socket.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_BYTES = 64, OLDEST_NS = 2000000000 };

/* ---- Addresses ---- */

static bool is_of_no_use(const struct stun_address *address) {
    const uint8_t *ip = address->ip;
    if (address->family == 4)
        return ip[0] == 0 || ip[0] >= 224 || (ip[0] == 169 && ip[1] == 254);
    static const uint8_t any[16];
    return memcmp(ip, any, 16) == 0 || ip[0] == 0xff || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);
}

/* ::ffff:a.b.c.d is the same end as a.b.c.d. */
static void unmap(struct stun_address *address) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->family != 6 || memcmp(address->ip, mapped, sizeof mapped) != 0)
        return;
    memmove(address->ip, address->ip + 12, 4);
    memset(address->ip + 4, 0, 12);
    address->family = 4;
}

bool rtc_address_parse(struct slice text, uint16_t port, struct stun_address *address) {
    char copy[RTC_ADDRESS_SIZE];
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    struct stun_address parsed = {.port = port};
    if (inet_pton(AF_INET, copy, parsed.ip) == 1)
        parsed.family = 4;
    else if (inet_pton(AF_INET6, copy, parsed.ip) == 1)
        parsed.family = 6;
    else
        return false;
    unmap(&parsed);
    if (is_of_no_use(&parsed))
        return false;
    *address = parsed;
    return true;
}

void rtc_address_write(const struct stun_address *address, char out[RTC_ADDRESS_SIZE]) {
    inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->ip, out, RTC_ADDRESS_SIZE);
}

bool rtc_address_is_loopback(const struct stun_address *address) {
    static const uint8_t one[16] = {[15] = 1};
    return address->family == 4 ? address->ip[0] == 127 : memcmp(address->ip, one, 16) == 0;
}

unsigned rtc_address_fill(const struct stun_address *address, bool as_v6,
                          struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (address->family == 4 && !as_v6) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address->port);
        memcpy(&v4->sin_addr, address->ip, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address->port);
    if (address->family == 4) {
        v6->sin6_addr.s6_addr[10] = v6->sin6_addr.s6_addr[11] = 0xff;
        memcpy(v6->sin6_addr.s6_addr + 12, address->ip, 4);
    } else {
        memcpy(&v6->sin6_addr, address->ip, 16);
    }
    return sizeof *v6;
}

static void read_address(const struct sockaddr_storage *from, struct stun_address *address) {
    *address = (struct stun_address){0};
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        address->family = 4;
        address->port = ntohs(v4->sin_port);
        memcpy(address->ip, &v4->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        address->family = 6;
        address->port = ntohs(v6->sin6_port);
        memcpy(address->ip, &v6->sin6_addr, 16);
        unmap(address);
    }
}

bool rtc_address_toward(const struct stun_address *to, struct stun_address *ours) {
    int fd = socket(to->family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct sockaddr_storage there, here = {0};
    socklen_t len = sizeof here;
    bool is_known =
        connect(fd, (struct sockaddr *)&there, rtc_address_fill(to, false, &there)) == 0 &&
        getsockname(fd, (struct sockaddr *)&here, &len) == 0;
    close(fd);
    if (is_known)
        read_address(&here, ours);
    return is_known;
}

/* ---- Time ---- */

int64_t rtc_arrival_ns(int64_t stamp_ns, int64_t wall_ns, int64_t steady_ns) {
    int64_t age_ns = wall_ns - stamp_ns;
    return age_ns < 0 || age_ns > OLDEST_NS ? steady_ns : steady_ns - age_ns;
}

static int64_t wall_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- The socket ---- */

static int bind_port(struct rtc_socket *sock, uint16_t port) {
    struct stun_address any = {.family = sock->is_v6 ? 6 : 4, .port = port};
    struct sockaddr_storage name;
    socklen_t len = rtc_address_fill(&any, sock->is_v6, &name);
    if (bind(sock->fd, (struct sockaddr *)&name, len) < 0 ||
        getsockname(sock->fd, (struct sockaddr *)&name, &len) < 0)
        return errno;
    read_address(&name, &any);
    sock->port = any.port;
    return 0;
}

/* A system without IPv6 fails at one of these steps, and gets an IPv4 socket. */
static int open_family(struct rtc_socket *sock, bool is_v6) {
    int off = 0, on = 1, bytes = RTC_BUFFER_BYTES;
    sock->is_v6 = is_v6;
    sock->fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock->fd < 0)
        return errno;
    setsockopt(sock->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(sock->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    int err = 0;
    if ((is_v6 && setsockopt(sock->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0) ||
        setsockopt(sock->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0)
        err = errno;
    if (!err)
        err = bind_port(sock, 0);
    if (err)
        rtc_socket_close(sock);
    return err;
}

int rtc_socket_open(struct rtc_socket *sock) {
    *sock = (struct rtc_socket){.fd = -1};
    return open_family(sock, true) == 0 ? 0 : open_family(sock, false);
}

void rtc_socket_close(struct rtc_socket *sock) {
    if (sock->fd >= 0)
        close(sock->fd);
    sock->fd = -1;
}

void rtc_socket_fix(struct rtc_socket *sock, const struct stun_address *to) {
    struct sockaddr_storage name;
    socklen_t len = rtc_address_fill(to, sock->is_v6, &name);
    rtc_socket_loosen(sock);
    if (connect(sock->fd, (struct sockaddr *)&name, len) == 0) {
        sock->is_fixed = true;
        sock->fixed = *to;
    }
}

/* Linux gives the port back with the connection, so it is bound anew. */
void rtc_socket_loosen(struct rtc_socket *sock) {
    if (!sock->is_fixed)
        return;
    sock->is_fixed = false;
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    connect(sock->fd, &none, sizeof none);
    if (bind_port(sock, sock->port) != 0)
        bind_port(sock, 0);
}

void rtc_socket_send(struct rtc_socket *sock, const struct stun_address *to, const uint8_t *bytes,
                     size_t len) {
    ssize_t sent;
    if (sock->is_fixed) {
        sent = send(sock->fd, bytes, len, MSG_NOSIGNAL);
    } else {
        struct sockaddr_storage name;
        socklen_t name_len = rtc_address_fill(to, sock->is_v6, &name);
        sent = sendto(sock->fd, bytes, len, MSG_NOSIGNAL, (struct sockaddr *)&name, name_len);
    }
    sock->unsent += sent < 0;
}

/* ---- Reading ---- */

/* The time at which the kernel got it (0: it does not say), and how many it had dropped before. */
static int64_t control_read(struct rtc_socket *sock, struct msghdr *head) {
    int64_t stamp_ns = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c; c = CMSG_NXTHDR(head, c)) {
        struct timespec stamp;
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
            stamp_ns = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&sock->overflowed, CMSG_DATA(c), sizeof sock->overflowed);
        }
    }
    return stamp_ns;
}

size_t rtc_socket_read(struct rtc_socket *sock, uint8_t *buffer,
                       struct rtc_datagram out[RTC_BATCH]) {
    struct mmsghdr heads[RTC_BATCH];
    struct iovec parts[RTC_BATCH];
    struct sockaddr_storage names[RTC_BATCH];
    _Alignas(struct cmsghdr) uint8_t controls[RTC_BATCH][CONTROL_BYTES];
    for (unsigned i = 0; i < RTC_BATCH; i++) {
        parts[i] = (struct iovec){buffer + i * RTC_SLOT_BYTES, RTC_SLOT_BYTES};
        heads[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
                                           .msg_iovlen = 1,
                                           .msg_control = controls[i],
                                           .msg_controllen = CONTROL_BYTES};
        if (!sock->is_fixed) {
            heads[i].msg_hdr.msg_name = &names[i];
            heads[i].msg_hdr.msg_namelen = sizeof names[i];
        }
    }
    int count;
    /* An error that an earlier datagram caused (ICMP) is told once, in place of datagrams. */
    do
        count = recvmmsg(sock->fd, heads, RTC_BATCH, MSG_DONTWAIT, NULL);
    while (count < 0 && (errno == EINTR || errno == ECONNREFUSED));
    if (count <= 0)
        return 0;
    int64_t steady = (int64_t)clock_mono_ns(), wall = wall_ns();
    for (int i = 0; i < count; i++) {
        out[i].bytes = parts[i].iov_base;
        out[i].len = heads[i].msg_len;
        out[i].is_cut = heads[i].msg_hdr.msg_flags & MSG_TRUNC;
        out[i].arrived_ns = rtc_arrival_ns(control_read(sock, &heads[i].msg_hdr), wall, steady);
        if (sock->is_fixed)
            out[i].from = sock->fixed;
        else
            read_address(&names[i], &out[i].from);
    }
    return (size_t)count;
}
