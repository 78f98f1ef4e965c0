#include "base/mem.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/sio_server.h"

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server in the same thread as its clients, which are plain sockets read when the test wants to. */

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

static void on_connect(void *arg, struct sio_socket *socket, struct slice auth) {
    struct fixture *f = arg;
    f->sockets[f->connected++] = socket;
}

static void on_disconnect(void *arg, struct sio_socket *socket, bool may_return) {
    struct fixture *f = arg;
    f->gone++;
    for (unsigned i = 0; i < f->connected; i++) {
        if (f->sockets[i] == socket)
            f->sockets[i] = NULL;
    }
}

static void on_request(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    eio_server_request(sio_server_eio(f->sio), request);
}

static void on_upgrade(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    eio_server_upgrade(sio_server_eio(f->sio), request);
}

static void turn(struct fixture *f, unsigned times) {
    while (times-- > 0)
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
}

/* Hundreds of clients and their server in one process: more than the usual 1,024 descriptors. */
static void raise_descriptor_limit(void) {
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

static void open_fixture(struct fixture *f, const struct sio_config *config) {
    static const struct sio_handlers handlers = {.on_connect = on_connect,
                                                 .on_disconnect = on_disconnect};
    struct http_settings settings = {.host = "127.0.0.1"};
    struct http_handlers doors = {.on_request = on_request, .on_upgrade = on_upgrade, .arg = f};

    raise_descriptor_limit();
    memset(f, 0, sizeof *f);
    assert_int_equal(loop_open(&f->loop), 0);
    assert_int_equal(sio_server_open(&f->sio, f->loop, config), 0);
    f->ns = sio_namespace_add(f->sio, "/", &handlers, f);
    assert_int_equal(http_server_open(&f->http, f->loop, &settings, &doors), 0);
}

static void close_fixture(struct fixture *f) {
    http_server_close(f->http);
    sio_server_close(f->sio);
    loop_close(f->loop);
    for (unsigned i = 0; i < f->opened; i++)
        close(f->fds[i]);
}

/* Connects one more client; sockets[n] is its socket, fds[n] its end. */
static void add_client(struct fixture *f) {
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

/* Adds what has come to a client, the heads of frames left in, and returns how much there is now. */
static size_t read_more(struct fixture *f, unsigned i, char *out, size_t len, size_t size) {
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
static void read_until(struct fixture *f, unsigned i, char *out, size_t size, const char *mark) {
    size_t len = read_more(f, i, out, 0, size);

    for (int k = 0; k < 30000 && !strstr(out, mark); k++) {
        turn(f, 1);
        usleep(1000);
        len = read_more(f, i, out, len, size);
    }
    assert_non_null(strstr(out, mark));
}

/* All that a client has been sent so far. */
static void read_client(struct fixture *f, unsigned i, char *out, size_t size) {
    sio_emit(f->sockets[i], "mark", SLICE(""));
    turn(f, 1);
    read_until(f, i, out, size, "[\"mark\"]");
}

static void skip_all(struct fixture *f) {
    char text[4096];

    for (unsigned i = 0; i < f->opened; i++)
        read_client(f, i, text, sizeof text);
}

static void say(struct fixture *f, const char *room, const char *args) {
    struct slice name = slice_from(room);
    struct sio_target target = {.rooms = &name, .room_count = 1};

    sio_broadcast(f->ns, &target, "e", slice_from(args));
}

static void hands_out_a_broadcast_in_slices(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];

    open_fixture(f, &(struct sio_config){0});
    for (unsigned i = 0; i < 600; i++) {
        add_client(f);
        assert_int_equal(sio_join(f->sockets[i], SLICE("room")), 0);
    }
    skip_all(f);
    say(f, "room", "1");
    assert_int_equal(sio_server_stats(f->sio)->deliveries, SIO_SLICE);
    say(f, "room", "2");
    assert_int_equal(sio_server_stats(f->sio)->deliveries, SIO_SLICE);
    turn(f, 1);
    assert_in_range(sio_server_stats(f->sio)->deliveries, SIO_SLICE, 2 * SIO_SLICE);
    turn(f, 20);
    assert_int_equal(sio_server_stats(f->sio)->deliveries, 1200);
    for (unsigned i = 0; i < 600; i++) {
        read_client(f, i, text, sizeof text);
        const char *first = strstr(text, "42[\"e\",1]"), *second = strstr(text, "42[\"e\",2]");
        assert_non_null(first);
        assert_non_null(second);
        assert_true(first < second);
        assert_null(strstr(first + 1, "42[\"e\",1]"));
    }
    close_fixture(f);
    mem_free(f);
}

/* Whoever is touched while a broadcast is on its way sees everything in the order in which it was made. */
static void keeps_the_order_for_those_who_move_meanwhile(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];
    enum { COUNT = 600 };

    open_fixture(f, &(struct sio_config){0});
    for (unsigned i = 0; i < COUNT; i++) {
        add_client(f);
        if (i % 3 != 2)
            assert_int_equal(sio_join(f->sockets[i], SLICE("room")), 0);
    }
    skip_all(f);
    say(f, "room", "1");
    for (unsigned i = 0; i < COUNT; i++) {
        if (i % 3 == 0)
            sio_emit(f->sockets[i], "mine", SLICE("0"));
        else if (i % 3 == 1)
            assert_int_equal(sio_leave(f->sockets[i], SLICE("room")), 0);
        else
            assert_int_equal(sio_join(f->sockets[i], SLICE("room")), 0);
    }
    say(f, "room", "2");
    turn(f, 20);
    for (unsigned i = 0; i < COUNT; i++) {
        read_client(f, i, text, sizeof text);
        const char *first = strstr(text, "[\"e\",1]"), *second = strstr(text, "[\"e\",2]"),
                   *mine = strstr(text, "[\"mine\",0]");
        if (i % 3 == 0)
            assert_true(first && first < mine && mine < second);
        else if (i % 3 == 1)
            assert_true(first && !second);
        else
            assert_true(!first && second);
    }
    assert_int_equal(sio_room_size(f->ns, SLICE("room")), 400);
    close_fixture(f);
    mem_free(f);
}

static void aims_at_unions_and_exceptions(void **state) {
    static const struct {
        const char *rooms[2], *except;
        const char *expected; /* which of the four clients hear */
    } cases[] = {
        {{"a", NULL}, NULL, "1100"},     {{"a", "b"}, NULL, "1110"},
        {{"a", "b"}, "b", "1000"},       {{NULL, NULL}, "a", "0011"},
        {{NULL, NULL}, NULL, "1111"},    {{"nobody", NULL}, NULL, "0000"},
        {{"a", "id 3"}, NULL, "1101"},   {{"b", NULL}, "id 1", "0010"},
        {{"id 0", "a"}, "id 0", "0100"},
    };
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];

    open_fixture(f, &(struct sio_config){0});
    for (unsigned i = 0; i < 4; i++)
        add_client(f);
    sio_join(f->sockets[0], SLICE("a"));
    sio_join(f->sockets[1], SLICE("a"));
    sio_join(f->sockets[1], SLICE("b"));
    sio_join(f->sockets[2], SLICE("b"));
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct slice rooms[2], except = SLICE_NONE;
        struct sio_target target = {.rooms = rooms, .except = &except};
        char heard[5] = {0};

        for (int i = 0; i < 2; i++) {
            const char *name = cases[c].rooms[i];
            if (name)
                rooms[target.room_count++] = strncmp(name, "id ", 3) == 0
                                                 ? sio_id(f->sockets[name[3] - '0'])
                                                 : slice_from(name);
        }
        if (cases[c].except) {
            except = strncmp(cases[c].except, "id ", 3) == 0
                         ? sio_id(f->sockets[cases[c].except[3] - '0'])
                         : slice_from(cases[c].except);
            target.except_count = 1;
        }
        skip_all(f);
        sio_broadcast(f->ns, &target, "e", SLICE("1"));
        turn(f, 3);
        for (unsigned i = 0; i < 4; i++) {
            read_client(f, i, text, sizeof text);
            const char *at = strstr(text, "[\"e\",1]");
            heard[i] = at ? '1' : '0';
            assert_false(at && strstr(at + 1, "[\"e\",1]"));
        }
        assert_string_equal(heard, cases[c].expected);
    }
    close_fixture(f);
    mem_free(f);
}

static void rooms_have_rules(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char long_name[SIO_ROOM_NAME_MAX + 2];
    struct slice room;

    open_fixture(f, &(struct sio_config){.max_rooms = 2});
    add_client(f);
    add_client(f);
    memset(long_name, 'x', sizeof long_name);
    assert_int_equal(sio_join(f->sockets[0], SLICE("")), EINVAL);
    assert_int_equal(sio_join(f->sockets[0], slice_of(long_name, SIO_ROOM_NAME_MAX + 1)), EINVAL);
    assert_int_equal(sio_join(f->sockets[0], sio_id(f->sockets[1])), EPERM);
    assert_int_equal(sio_join(f->sockets[0], sio_id(f->sockets[0])), EEXIST);
    assert_int_equal(sio_join(f->sockets[0], SLICE("a")), 0);
    assert_int_equal(sio_join(f->sockets[0], SLICE("a")), EEXIST);
    assert_int_equal(sio_join(f->sockets[0], slice_of(long_name, SIO_ROOM_NAME_MAX)), 0);
    assert_int_equal(sio_join(f->sockets[0], SLICE("c")), EMFILE);
    assert_int_equal(sio_leave(f->sockets[0], SLICE("b")), ENOENT);
    assert_int_equal(sio_leave(f->sockets[0], SLICE("a")), 0);
    assert_true(sio_room_at(f->sockets[0], 0, &room));
    assert_int_equal(room.len, SIO_ROOM_NAME_MAX);
    assert_int_equal(sio_server_stats(f->sio)->rooms, 1);
    close_fixture(f);
    mem_free(f);
}

/* A client that does not read is closed at its limit, and the others hear everything. */
static void closes_the_slow(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char *args = mem_alloc(100003), text[65536];
    size_t heard = 0;

    open_fixture(f, &(struct sio_config){.eio = {.max_queue_bytes = 500000}});
    add_client(f);
    add_client(f);
    memset(args, 'x', 100002);
    args[0] = args[100001] = '"';
    skip_all(f);
    for (unsigned i = 0; i < 200 && f->gone == 0; i++) {
        sio_broadcast(f->ns, &(struct sio_target){0}, "e", slice_from(args));
        for (int k = 0; k < 30000 && heard < (i + 1) * (size_t)100000; k++) {
            turn(f, 1);
            heard += read_more(f, 1, text, 0, sizeof text);
            if (k > 20)
                usleep(1000);
        }
    }
    assert_int_equal(f->gone, 1);
    assert_null(f->sockets[0]);
    assert_non_null(f->sockets[1]);
    assert_true(heard > 500000);
    assert_int_equal(eio_server_stats(sio_server_eio(f->sio))->closed[EIO_CLOSED_SLOW], 1);
    close_fixture(f);
    mem_free(args);
    mem_free(f);
}

struct answer {
    unsigned calls;
    int err;
    char args[64];
};

static void on_answer(void *arg, struct sio_socket *socket, int err,
                      const struct sio_event *event) {
    struct answer *answer = arg;
    answer->calls++;
    answer->err = err;
    if (event)
        snprintf(answer->args, sizeof answer->args, "%.*s", SLICE_ARG(event->args));
}

static void asks_clients_for_acks(void **state) {
    static const char rest[] = "\x81\x8a\0\0\0\0"
                               "430[\"yes\"]";
    struct fixture *f = mem_alloc(sizeof *f);
    struct answer good = {0}, late = {0}, lost = {0};
    char text[4096];

    open_fixture(f, &(struct sio_config){0});
    add_client(f);
    skip_all(f);
    sio_call(f->sockets[0], "ask", SLICE("1"), 0, on_answer, &good);
    turn(f, 2);
    read_until(f, 0, text, sizeof text, "420[\"ask\",1]");
    assert_int_equal(send(f->fds[0], rest, sizeof rest - 1, 0), sizeof rest - 1);
    for (int i = 0; i < 30000 && !good.calls; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(good.calls, 1);
    assert_int_equal(good.err, 0);
    assert_string_equal(good.args, "\"yes\"");

    sio_call(f->sockets[0], "ask", SLICE(""), 20, on_answer, &late);
    sio_call(f->sockets[0], "ask", SLICE(""), 0, on_answer, &lost);
    for (int i = 0; i < 30000 && !late.calls; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(late.err, ETIMEDOUT);
    sio_disconnect(f->sockets[0], true);
    assert_int_equal(lost.err, ECONNRESET);
    assert_int_equal(good.calls + late.calls + lost.calls, 3);
    close_fixture(f);
    mem_free(f);
}

static void a_volatile_message_waits_for_nobody(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char *args = mem_alloc(400003);
    unsigned i;

    open_fixture(f, &(struct sio_config){0});
    add_client(f);
    memset(args, 'x', 400002);
    args[0] = args[400001] = '"';
    for (i = 0; i < 200 && sio_server_stats(f->sio)->volatile_dropped == 0; i++) {
        struct sio_target target = {.is_volatile = true};
        sio_broadcast(f->ns, &target, "stats", slice_from(args));
        turn(f, 2);
    }
    assert_true(sio_server_stats(f->sio)->volatile_dropped > 0);
    assert_true(sio_queued_bytes(f->sockets[0]) <= 400100);
    assert_int_equal(f->gone, 0);
    close_fixture(f);
    mem_free(args);
    mem_free(f);
}

/* A frame of 126 bytes to 64 KiB, its mask zero. */
static void send_masked(int fd, unsigned opcode, const char *payload, size_t len) {
    uint8_t head[8] = {(uint8_t)(0x80 | opcode), 0x80 | 126, (uint8_t)(len >> 8), (uint8_t)len};

    assert_int_equal(send(fd, head, sizeof head, 0), sizeof head);
    assert_int_equal(send(fd, payload, len, 0), (ssize_t)len);
}

static void wait_for_packets(struct fixture *f, uint64_t count) {
    const struct eio_stats *stats = eio_server_stats(sio_server_eio(f->sio));

    for (int i = 0; i < 30000 && stats->packets_in < count; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(stats->packets_in, count);
}

static void on_whole(void *arg, struct sio_socket *socket, const struct sio_event *event) {
    sio_emit(socket, "whole", SLICE(""));
}

/* What is half sent has a bounded room: who has been at it longest is closed, and nobody else. */
static void half_sent_attachments_are_bounded(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char head[201], part[1000] = {0}, text[4096];
    uint64_t packets;

    snprintf(head, sizeof head, "%-200s",
             "452-[\"b\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
    open_fixture(f, &(struct sio_config){.pending_bytes = 4000});
    sio_on(f->ns, "b", on_whole);
    for (unsigned i = 0; i < 3; i++)
        add_client(f);
    skip_all(f);
    packets = eio_server_stats(sio_server_eio(f->sio))->packets_in;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f->gone, 0);
        send_masked(f->fds[i], 1, head, sizeof head - 1);
        send_masked(f->fds[i], 2, part, sizeof part);
        wait_for_packets(f, packets += 2);
    }
    turn(f, 3);
    assert_int_equal(sio_server_stats(f->sio)->incomplete_dropped, 1);
    assert_int_equal(f->gone, 1);
    assert_null(f->sockets[0]);
    for (unsigned i = 1; i < 3; i++)
        send_masked(f->fds[i], 2, part, sizeof part);
    wait_for_packets(f, packets + 2);
    turn(f, 3);
    for (unsigned i = 1; i < 3; i++) {
        read_until(f, i, text, sizeof text, "42[\"whole\"]");
    }
    assert_int_equal(f->gone, 1);
    close_fixture(f);
    mem_free(f);
}

/* Whoever asks for a WebSocket and resets the connection in the same breath harms nobody. */
static void a_client_may_vanish_while_it_asks(void **state) {
    static const char ask[] =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    struct fixture *f = mem_alloc(sizeof *f);
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    open_fixture(f, &(struct sio_config){0});
    for (int i = 0; i < 20; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(http_server_port(f->http))};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
        if (i % 2)
            turn(f, 2); /* every other one is known to the server before it asks */
        assert_int_equal(send(fd, ask, sizeof ask - 1, 0), sizeof ask - 1);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        close(fd);
        turn(f, 3);
    }
    add_client(f);
    assert_int_equal(f->connected, 1);
    close_fixture(f);
    mem_free(f);
}

RUN_TESTS(TEST(a_client_may_vanish_while_it_asks), TEST(hands_out_a_broadcast_in_slices),
          TEST(keeps_the_order_for_those_who_move_meanwhile), TEST(aims_at_unions_and_exceptions),
          TEST(rooms_have_rules), TEST(closes_the_slow), TEST(half_sent_attachments_are_bounded),
          TEST(asks_clients_for_acks), TEST(a_volatile_message_waits_for_nobody))
