/* A Socket.IO server and its clients in one thread. Clients are plain sockets, read when the test
 * wants to. */
#ifndef TESTS_UNIT_NET_SIO_FIXTURE_H
#define TESTS_UNIT_NET_SIO_FIXTURE_H

#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/socketio/sio_server.h"
#include "unit.h"
#include "wire/web/eio.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 700 };

struct fixture {
    struct loop *loop;
    struct http_server *http;
    struct sio_server *sio;
    struct sio_namespace *ns;
    int fds[CLIENTS_MAX];
    struct sio_socket *sockets[CLIENTS_MAX];
    unsigned opened, connected, gone;
};

static inline void on_connect(struct sio_socket *socket, struct slice auth, void *arg) {
    struct fixture *f = arg;
    f->sockets[f->connected++] = socket;
}

static inline void on_disconnect(struct sio_socket *socket, bool may_return, void *arg) {
    struct fixture *f = arg;
    f->gone++;
    for (unsigned i = 0; i < f->connected; i++) {
        if (f->sockets[i] == socket)
            f->sockets[i] = NULL;
    }
}

static inline void on_head(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    eio_server_head(sio_server_eio(f->sio), request);
}

static inline void on_request(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    eio_server_request(sio_server_eio(f->sio), request);
}

static inline void on_upgrade(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    eio_server_upgrade(sio_server_eio(f->sio), request);
}

static inline void turn(struct fixture *f, unsigned times) {
    while (times-- > 0)
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
}

/* Hundreds of clients and their server in one process: more than the usual 1,024 descriptors. */
static inline void raise_descriptor_limit(void) {
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

static inline void open_fixture(struct fixture *f, const struct sio_settings *sio) {
    static const struct sio_handlers handlers = {.on_connect = on_connect,
                                                 .on_disconnect = on_disconnect};
    struct http_settings settings = {.host = "127.0.0.1"};
    struct http_handlers doors = {
        .on_head = on_head, .on_request = on_request, .on_upgrade = on_upgrade, .arg = f};

    raise_descriptor_limit();
    memset(f, 0, sizeof *f);
    assert_int_equal(loop_open(&f->loop), 0);
    f->sio = sio_server_new(f->loop, sio);
    f->ns = sio_namespace_add(f->sio, "/", &handlers, f);
    assert_int_equal(http_server_open(&f->http, f->loop, &settings, &doors), 0);
}

static inline void close_fixture(struct fixture *f) {
    http_server_close(f->http);
    sio_server_close(f->sio);
    loop_close(f->loop);
    for (unsigned i = 0; i < f->opened; i++)
        close(f->fds[i]);
}

/* Connects one more client; sockets[n] is its socket, fds[n] its end. */
static inline void add_client(struct fixture *f) {
    static const char hello[] =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x81\x82\0\0\0\0"
        "40";
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(f->http))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    unsigned before = f->connected;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, hello, sizeof hello - 1, 0), sizeof hello - 1);
    f->fds[f->opened++] = fd;
    for (int i = 0; i < 30000 && f->connected == before; i++) {
        turn(f, 1);
        if (i > 20)
            usleep(1000);
    }
    assert_int_equal(f->connected, before + 1);
}

/* Adds what has come to a client, the heads of frames left in, and returns how much there is
 * now. */
static inline size_t read_more(struct fixture *f, unsigned i, char *out, size_t len, size_t size) {
    ssize_t n = recv(f->fds[i], out + len, size - 1 - len, MSG_DONTWAIT);

    for (ssize_t k = 0; k < n; k++) {
        if (out[len + (size_t)k] == 0)
            out[len + (size_t)k] = ' ';
    }
    len += n > 0 ? (size_t)n : 0;
    out[len] = 0;
    return len;
}

/* What a client has been sent, up to the mark. Bytes may be on their way for a while, even here. */
static inline void read_until(struct fixture *f, unsigned i, char *out, size_t size,
                              const char *mark) {
    size_t len = read_more(f, i, out, 0, size);

    for (int k = 0; k < 30000 && !strstr(out, mark); k++) {
        turn(f, 1);
        usleep(1000);
        len = read_more(f, i, out, len, size);
    }
    assert_non_null(strstr(out, mark));
}

/* All that a client has been sent so far. */
static inline void read_client(struct fixture *f, unsigned i, char *out, size_t size) {
    sio_emit(f->sockets[i], "mark", SLICE(""));
    turn(f, 1);
    read_until(f, i, out, size, "[\"mark\"]");
}

static inline void skip_all(struct fixture *f) {
    char text[4096];

    for (unsigned i = 0; i < f->opened; i++)
        read_client(f, i, text, sizeof text);
}

/* A frame of 126 bytes to 64 KiB, its mask zero. */
static inline void send_masked(int fd, unsigned opcode, const char *payload, size_t len) {
    uint8_t head[8] = {(uint8_t)(0x80 | opcode), 0x80 | 126, (uint8_t)(len >> 8), (uint8_t)len};

    assert_int_equal(send(fd, head, sizeof head, 0), sizeof head);
    assert_int_equal(send(fd, payload, len, 0), (ssize_t)len);
}

static inline void wait_for_packets(struct fixture *f, uint64_t count) {
    const struct eio_stats *stats = eio_server_stats(sio_server_eio(f->sio));

    for (int i = 0; i < 30000 && stats->packets_in < count; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(stats->packets_in, count);
}

#endif
