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

    open_fixture(f, &(struct sio_settings){.recovery_ms = 120000, .recovers_all = true});
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

    open_fixture(f, &(struct sio_settings){.recovery_ms = 50, .recovers_all = true});
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

    open_fixture(f, &(struct sio_settings){
                        .recovery_ms = 120000, .recovers_all = true, .recovery_bytes = 6000});
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

/* ---- Clients that did not ask ---- */

/* Loses client 0, who has asked for nothing. */
static void lose_quiet_one(struct fixture *f, char auth[128], bool is_sent_something) {
    char text[4096];

    add_client(f);
    read_until(f, 0, text, sizeof text, "\"pid\":\"");
    snprintf(auth, 128, "40{\"pid\":\"%.20s\"}", strstr(text, "\"pid\":\"") + 7);
    assert_int_equal(sio_join(f->sockets[0], SLICE("room")), 0);
    if (is_sent_something) {
        say(f, 1, 1);
        read_until(f, 0, text, sizeof text, "[\"news\",1,\"");
        assert_null(strstr(text, "\",\""));
    }
    shutdown(f->fds[0], SHUT_RDWR);
    for (int i = 0; i < 30000 && f->gone == 0; i++, usleep(1000))
        turn(f, 1);
}

static void who_did_not_ask_gets_no_offset_until_they_have_come_back(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char auth[128];

    open_fixture(f, &(struct sio_settings){.recovery_ms = 120000});
    lose_quiet_one(f, auth, false);
    say(f, 1, 2);
    char *text = come_back(f, auth, "[\"news\",2,");
    assert_non_null(strstr(text, "\",\"2\"]"));
    assert_int_equal(sio_server_stats(f->sio)->recovered, 1);
    mem_free(text);
    close_fixture(f);
    mem_free(f);
}

/* Without offsets nobody knows whether what was sent has arrived. */
static void what_may_have_arrived_does_not_come_twice(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char auth[128];

    open_fixture(f, &(struct sio_settings){.recovery_ms = 120000});
    lose_quiet_one(f, auth, true);
    char *text = come_back(f, auth, "\"pid\":");
    assert_null(strstr(text, "news"));
    assert_int_equal(sio_server_stats(f->sio)->recovered, 0);
    mem_free(text);
    close_fixture(f);
    mem_free(f);
}

static void offsets_are_for_those_who_asked(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);

    open_fixture(f, &(struct sio_settings){.recovery_ms = 120000});
    mem_free(come_back(f, "40{\"recovery\":true}", "\"pid\":"));
    mem_free(come_back(f, "40{\"recovery\":1}", "\"pid\":"));
    char texts[2][4096];
    for (unsigned i = 0; i < 2; i++)
        sio_emit(f->sockets[i], "alone", SLICE(""));
    sio_broadcast(f->ns, &(struct sio_target){0}, "all", SLICE("{}"));
    turn(f, 1);
    read_until(f, 0, texts[0], sizeof texts[0], "[\"all\",{},\"3\"]");
    assert_non_null(strstr(texts[0], "[\"alone\",\"1\"]"));
    read_until(f, 1, texts[1], sizeof texts[1], "[\"all\",{}]");
    assert_non_null(strstr(texts[1], "[\"alone\"]"));
    close_fixture(f);
    mem_free(f);
}

/* ---- Shares ---- */

static void on_say(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    struct fixture *f = arg;
    struct slice room = SLICE("strangers");
    sio_broadcast(f->ns, &(struct sio_target){.rooms = &room, .room_count = 1}, "said",
                  event->args);
}

/* A client talks `times` times, 300 bytes each, and reads nothing of it. */
static void talk(struct fixture *f, unsigned client, unsigned times) {
    const struct eio_stats *stats = eio_server_stats(sio_server_eio(f->sio));
    char text[400];
    int len = snprintf(text, sizeof text, "42[\"say\",\"%0300u\"]", client);
    for (unsigned i = 0; i < times; i++) {
        send_masked(f->fds[client], 1, text, (size_t)len);
        wait_for_packets(f, stats->packets_in + 1);
    }
}

static void who_talks_without_end_pushes_out_themselves(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char auth[128];

    open_fixture(f, &(struct sio_settings){
                        .recovery_ms = 120000, .recovers_all = true, .recovery_bytes = 40000});
    sio_on(f->ns, "say", on_say);
    lose_one(f, auth);
    for (unsigned i = 1; i <= 3; i++)
        add_client(f);
    say(f, 2, 3);
    talk(f, 1, 100);
    talk(f, 2, 100);
    say(f, 4, 5);
    talk(f, 3, 100);
    char *text = come_back(f, auth, "[\"news\",5,");
    for (unsigned i = 2; i <= 5; i++) {
        char mark[32];
        snprintf(mark, sizeof mark, "[\"news\",%u,", i);
        assert_non_null(strstr(text, mark));
    }
    assert_int_equal(sio_server_stats(f->sio)->recovered, 1);
    mem_free(text);
    close_fixture(f);
    mem_free(f);
}

/* Those in the room of the talk have missed some of it. */
static void who_missed_what_was_pushed_out_is_not_recovered(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char auth[128];

    open_fixture(f, &(struct sio_settings){
                        .recovery_ms = 120000, .recovers_all = true, .recovery_bytes = 40000});
    sio_on(f->ns, "say", on_say);
    add_client(f);
    assert_int_equal(sio_join(f->sockets[0], SLICE("strangers")), 0);
    char text[4096];
    read_until(f, 0, text, sizeof text, "\"pid\":\"");
    snprintf(auth, 128, "40{\"pid\":\"%.20s\"}", strstr(text, "\"pid\":\"") + 7);
    shutdown(f->fds[0], SHUT_RDWR);
    for (int i = 0; i < 30000 && f->gone == 0; i++, usleep(1000))
        turn(f, 1);
    add_client(f);
    talk(f, 1, 100);
    char *back = come_back(f, auth, "\"pid\":");
    assert_null(strstr(back, "said"));
    assert_int_equal(sio_server_stats(f->sio)->recovery_missed, 1);
    mem_free(back);
    close_fixture(f);
    mem_free(f);
}

RUN_TESTS(TEST(gives_back_what_was_missed), TEST(who_is_too_late_is_a_stranger),
          TEST(a_gap_is_never_hidden),
          TEST(who_did_not_ask_gets_no_offset_until_they_have_come_back),
          TEST(what_may_have_arrived_does_not_come_twice), TEST(offsets_are_for_those_who_asked),
          TEST(who_talks_without_end_pushes_out_themselves),
          TEST(who_missed_what_was_pushed_out_is_not_recovered))
