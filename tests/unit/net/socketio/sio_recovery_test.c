#include "base/mem.h"
#include "sio_fixture.h"

#include <stdio.h>

/* Who comes back, and to what: the limits of time and memory beside the good case. */

static void say(struct fixture *f, unsigned first, unsigned last) {
    struct slice room = SLICE("room");
    struct sio_target target = {.rooms = &room, .room_count = 1};
    char args[600];

    for (unsigned i = first; i <= last; i++) {
        snprintf(args, sizeof args, "%u,\"%0500u\"", i, i);
        sio_broadcast(f->ns, &target, "news", slice_from(args));
        turn(f, 1);
    }
}

static void wait_for(struct fixture *f, const size_t *value, size_t wanted) {
    for (int i = 0; i < 30000 && *value != wanted; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(*value, wanted);
}

/* One client in a room, who has heard an event and is lost; what he needs to come back. */
static void lose_one(struct fixture *f, char auth[128]) {
    char text[4096];
    const char *pid;

    add_client(f);
    assert_int_equal(sio_join(f->sockets[0], SLICE("room")), 0);
    say(f, 1, 1);
    sio_emit(f->sockets[0], "mark", SLICE(""));
    turn(f, 1);
    read_until(f, 0, text, sizeof text, "[\"mark\",\"2\"]");
    pid = strstr(text, "\"pid\":\"");
    assert_non_null(pid);
    snprintf(auth, 128, "40{\"pid\":\"%.20s\",\"offset\":\"2\"}", pid + 7);
    shutdown(f->fds[0], SHUT_RDWR);
    for (int i = 0; i < 30000 && f->gone == 0; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(f->gone, 1);
}

/* Returns what the server answers, up to the mark; to be freed. */
static char *come_back(struct fixture *f, const char *auth, const char *mark) {
    static const char hello[] =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(f->http))};
    uint8_t head[6] = {0x81, (uint8_t)(0x80 | strlen(auth))};
    char *text = mem_alloc(65536);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    f->fds[f->opened++] = fd;
    assert_int_equal(send(fd, hello, sizeof hello - 1, 0), sizeof hello - 1);
    assert_int_equal(send(fd, head, sizeof head, 0), sizeof head);
    assert_int_equal(send(fd, auth, strlen(auth), 0), (ssize_t)strlen(auth));
    read_until(f, f->opened - 1, text, 65536, mark);
    return text;
}

static void gives_back_what_was_missed(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char auth[128], mark[64], *text, *at;

    open_fixture(f, &(struct sio_settings){.recovery_ms = 120000});
    lose_one(f, auth);
    say(f, 2, 9);
    text = at = come_back(f, auth, "[\"news\",9,");
    for (unsigned i = 2; i <= 9; i++) {
        snprintf(mark, sizeof mark, "[\"news\",%u,", i);
        at = strstr(at, mark);
        assert_non_null(at);
        assert_null(strstr(at + 1, mark));
    }
    assert_null(strstr(text, "[\"news\",1,"));
    assert_int_equal(sio_server_stats(f->sio)->recovered, 1);
    assert_int_equal(sio_server_stats(f->sio)->kept, 0);
    mem_free(text);
    close_fixture(f);
    mem_free(f);
}

static void who_is_too_late_is_a_stranger(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char auth[128], *text;

    open_fixture(f, &(struct sio_settings){.recovery_ms = 50});
    lose_one(f, auth);
    say(f, 2, 3);
    wait_for(f, &sio_server_stats(f->sio)->kept, 0);
    text = come_back(f, auth, "\"pid\":");
    assert_null(strstr(text, "news"));
    assert_int_equal(sio_server_stats(f->sio)->recovered, 0);
    assert_int_equal(f->connected, 2);
    mem_free(text);
    close_fixture(f);
    mem_free(f);
}

/* Better a new session, which asks for what it missed by number, than a gap that nobody sees. */
static void a_gap_is_never_hidden(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char auth[128], *text;

    open_fixture(f, &(struct sio_settings){.recovery_ms = 120000, .recovery_bytes = 3000});
    lose_one(f, auth);
    say(f, 2, 9);
    text = come_back(f, auth, "\"pid\":");
    assert_null(strstr(text, "news"));
    assert_int_equal(sio_server_stats(f->sio)->recovered, 0);
    assert_int_equal(sio_server_stats(f->sio)->recovery_missed, 1);
    assert_int_equal(sio_server_stats(f->sio)->kept, 0);
    assert_int_equal(f->connected, 2);
    mem_free(text);
    close_fixture(f);
    mem_free(f);
}

RUN_TESTS(TEST(gives_back_what_was_missed), TEST(who_is_too_late_is_a_stranger),
          TEST(a_gap_is_never_hidden))
