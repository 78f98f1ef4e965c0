#include "base/mem.h"
#include "sio_fixture.h"

#include <stdio.h>

/* One socket at a time: its acks, its end, and the transports below it. */

/* A text frame of less than 126 bytes, its mask zero. */
static void send_text(int fd, const char *text) {
    uint8_t frame[6 + 125] = {0x81, (uint8_t)(0x80 | strlen(text))};
    memcpy(frame + 6, text, strlen(text));
    assert_int_equal(send(fd, frame, 6 + strlen(text), 0), 6 + strlen(text));
}

static void turn_until_gone(struct fixture *f, unsigned count) {
    for (int i = 0; i < 30000 && f->gone < count; i++, usleep(1000))
        turn(f, 1);
    assert_int_equal(f->gone, count);
}

/* An ack of any kind that was not asked for changes nothing. */
static void acks_that_were_not_asked_for_are_ignored(void **state) {
    static const char bytes[] = "\x82\x83\0\0\0\0"
                                "abc";
    struct fixture *f = mem_alloc(sizeof *f);
    open_fixture(f, &(struct sio_settings){0});
    add_client(f);
    skip_all(f);
    uint64_t before = eio_server_stats(sio_server_eio(f->sio))->packets_in;
    send_text(f->fds[0], "430[\"yes\"]");
    send_text(f->fds[0], "43[]");
    send_text(f->fds[0], "461-7[{\"_placeholder\":true,\"num\":0}]");
    assert_int_equal(send(f->fds[0], bytes, sizeof bytes - 1, 0), sizeof bytes - 1);
    wait_for_packets(f, before + 4);
    assert_int_equal(sio_server_stats(f->sio)->bad_packets, 0);
    assert_int_equal(sio_server_stats(f->sio)->events_in, 0);
    skip_all(f);
    assert_int_equal(f->gone, 0);
    close_fixture(f);
    mem_free(f);
}

static void on_ask(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    sio_ack_binary(socket, event, event->args, event->attachments, event->attachment_count);
}

/* In a namespace of its own: the first id, bytes. */
static void acks_belong_to_their_namespace(void **state) {
    static const struct sio_handlers handlers = {.on_connect = on_connect,
                                                 .on_disconnect = on_disconnect};
    static const char bytes[] = "\x82\x83\0\0\0\0"
                                "abc";
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];
    open_fixture(f, &(struct sio_settings){0});
    struct sio_namespace *live = sio_namespace_add(f->sio, "/live", &handlers, f);
    sio_on(live, "ask", on_ask);
    add_client(f);
    skip_all(f);
    send_text(f->fds[0], "40/live,{\"a\":1}");
    read_until(f, 0, text, sizeof text, "40/live,{\"sid\":");
    assert_int_equal(f->connected, 2);
    send_text(f->fds[0], "42/live,0[\"ask\",{\"a\":[]}]");
    read_until(f, 0, text, sizeof text, "43/live,0[{\"a\":[]}]");
    send_text(f->fds[0], "451-/live,1[\"ask\",{\"_placeholder\":true,\"num\":0}]");
    assert_int_equal(send(f->fds[0], bytes, sizeof bytes - 1, 0), sizeof bytes - 1);
    read_until(f, 0, text, sizeof text, "abc");
    assert_non_null(strstr(text, "461-/live,1[{\"_placeholder\":true,\"num\":0}]"));
    assert_int_equal(f->gone, 0);
    close_fixture(f);
    mem_free(f);
}

/* 41 ends a socket, not the session it came by; the session's end is the transport's. */
static void a_client_leaves_a_namespace_and_keeps_its_session(void **state) {
    static const char close_frame[] = "\x88\x80\0\0\0";
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];
    open_fixture(f, &(struct sio_settings){0});
    add_client(f);
    skip_all(f);
    send_text(f->fds[0], "41");
    turn_until_gone(f, 1);
    const struct eio_stats *stats = eio_server_stats(sio_server_eio(f->sio));
    assert_int_equal(stats->sessions, 1);
    send_text(f->fds[0], "40");
    read_until(f, 0, text, sizeof text, "40{\"sid\"");
    assert_int_equal(f->connected, 2);
    assert_int_equal(send(f->fds[0], close_frame, sizeof close_frame, 0), sizeof close_frame);
    turn_until_gone(f, 2);
    assert_int_equal(stats->sessions, 0);
    assert_int_equal(stats->closed[EIO_CLOSED_BY_CLIENT], 1);
    close_fixture(f);
    mem_free(f);
}

static unsigned dial(struct fixture *f, const char *request) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(f->http))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    f->fds[f->opened] = fd;
    return f->opened++;
}

/* A WebSocket that probes and then keeps the session waiting is dropped; by polls all goes on. */
static void an_upgrade_has_its_time(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096], heard[4096], request[512], *sid;
    unsigned polls, candidate;

    open_fixture(f, &(struct sio_settings){.eio = {.upgrade_timeout_ms = 300}});
    polls = dial(f, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
    read_until(f, polls, text, sizeof text, "maxPayload\":");
    sid = strstr(text, "\"sid\":\"");
    assert_non_null(sid);
    sid += strlen("\"sid\":\"");
    sid[EIO_SID_LEN] = 0;
    snprintf(request, sizeof request,
             "GET /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
             sid);
    candidate = dial(f, request);
    send_text(f->fds[candidate], "2probe");
    read_until(f, candidate, heard, sizeof heard, "\x88 ");
    assert_non_null(strstr(heard, "3probe"));
    snprintf(request, sizeof request,
             "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n"
             "Content-Length: 2\r\n\r\n40GET /socket.io/?EIO=4&transport=polling&sid=%s "
             "HTTP/1.1\r\nHost: x\r\n\r\n",
             sid, sid);
    assert_int_equal(send(f->fds[polls], request, strlen(request), 0), strlen(request));
    read_until(f, polls, heard, sizeof heard, "40{\"sid\":");
    assert_non_null(strstr(heard, "\r\n\r\nok"));
    assert_int_equal(f->connected, 1);
    close_fixture(f);
    mem_free(f);
}

RUN_TESTS(TEST(acks_that_were_not_asked_for_are_ignored), TEST(acks_belong_to_their_namespace),
          TEST(a_client_leaves_a_namespace_and_keeps_its_session), TEST(an_upgrade_has_its_time))
