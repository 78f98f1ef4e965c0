#include "base/mem.h"
#include "sio_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void say(struct fixture *f, const char *room, const char *args) {
    struct slice name = slice_from(room);
    struct sio_target target = {.rooms = &name, .room_count = 1};

    sio_broadcast(f->ns, &target, "e", slice_from(args));
}

static void hands_out_a_broadcast_in_slices(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];

    open_fixture(f, &(struct sio_settings){0});
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

/* Whoever is touched while a broadcast is on its way sees everything in the order in which it was
 * made. */
static void keeps_the_order_for_those_who_move_meanwhile(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];
    enum { COUNT = 600 };

    open_fixture(f, &(struct sio_settings){0});
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

    open_fixture(f, &(struct sio_settings){0});
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

    open_fixture(f, &(struct sio_settings){.max_rooms = 2});
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

    open_fixture(f, &(struct sio_settings){.eio = {.max_queue_bytes = 500000}});
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

static void a_volatile_message_waits_for_nobody(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char *args = mem_alloc(400003);
    unsigned i;

    open_fixture(f, &(struct sio_settings){0});
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

static void on_whole(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    sio_emit(socket, "whole", SLICE(""));
}

static void a_breach_is_counted_and_closes_one_session(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char packet[201], text[4096];

    snprintf(packet, sizeof packet, "%-200s", "47[\"there is no such type\"]");
    open_fixture(f, &(struct sio_settings){0});
    add_client(f);
    add_client(f);
    skip_all(f);
    send_masked(f->fds[0], 1, packet, sizeof packet - 1);
    for (int i = 0; i < 30000 && f->gone == 0; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(f->gone, 1);
    assert_null(f->sockets[0]);
    assert_int_equal(sio_server_stats(f->sio)->bad_packets, 1);
    assert_int_equal(eio_server_stats(sio_server_eio(f->sio))->closed[EIO_CLOSED_PROTOCOL], 1);
    sio_emit(f->sockets[1], "still", SLICE(""));
    turn(f, 1);
    read_until(f, 1, text, sizeof text, "42[\"still\"]");
    close_fixture(f);
    mem_free(f);
}

/* What is half sent has a bounded room: who has been at it longest is closed, and nobody else. */
static void half_sent_attachments_are_bounded(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char head[201], part[1000] = {0}, text[4096];
    uint64_t packets;
    struct budget budget = {0};

    snprintf(head, sizeof head, "%-200s",
             "452-[\"b\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
    pool_init(&budget.memory, &(struct pool_settings){.limit = 4000, .free = 500}, 1);
    open_fixture(f, &(struct sio_settings){.eio.budget = &budget});
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
    assert_int_equal(eio_server_stats(sio_server_eio(f->sio))->closed[EIO_CLOSED_GAVE_WAY], 1);
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
    pool_free(&budget.memory);
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

    open_fixture(f, &(struct sio_settings){0});
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
          TEST(rooms_have_rules), TEST(closes_the_slow),
          TEST(a_breach_is_counted_and_closes_one_session), TEST(half_sent_attachments_are_bounded),
          TEST(a_volatile_message_waits_for_nobody))
