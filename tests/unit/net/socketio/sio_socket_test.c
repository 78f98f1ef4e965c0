#include "base/mem.h"
#include "sio_fixture.h"

#include <errno.h>
#include <stdio.h>

/* One socket at a time: its acks, its end, and the transports below it. */

struct answer {
    unsigned calls;
    int err;
    char args[64];
};

static void on_answer(struct sio_socket *socket, int err, const struct sio_event *event,
                      void *arg) {
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

    open_fixture(f, &(struct sio_settings){0});
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

static void on_ask(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    sio_ack_binary(socket, event, event->args, event->attachments, event->attachment_count);
}

static void on_answer_bytes(struct sio_socket *socket, int err, const struct sio_event *answer,
                            void *arg) {
    struct answer *to = arg;
    to->calls++;
    assert_int_equal(err, 0);
    assert_int_equal(answer->attachment_count, 1);
    snprintf(to->args, sizeof to->args, "%.*s", SLICE_ARG(answer->attachments[0]));
}

/* A text frame of less than 126 bytes, its mask zero. */
static void send_text(int fd, const char *text) {
    uint8_t frame[6 + 125] = {0x81, (uint8_t)(0x80 | strlen(text))};

    memcpy(frame + 6, text, strlen(text));
    assert_int_equal(send(fd, frame, 6 + strlen(text), 0), 6 + strlen(text));
}

/* In a namespace of their own: both directions, the first id, bytes. */
static void acks_belong_to_their_namespace(void **state) {
    static const struct sio_handlers handlers = {.on_connect = on_connect,
                                                 .on_disconnect = on_disconnect};
    static const char bytes[] = "\x82\x83\0\0\0\0"
                                "abc";
    struct fixture *f = mem_alloc(sizeof *f);
    struct sio_namespace *live;
    struct answer good = {0};
    char text[4096];

    open_fixture(f, &(struct sio_settings){0});
    live = sio_namespace_add(f->sio, "/live", &handlers, f);
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

    sio_call(f->sockets[1], "you", SLICE(""), 0, on_answer_bytes, &good);
    read_until(f, 0, text, sizeof text, "42/live,0[\"you\"]");
    send_text(f->fds[0], "430[]"); /* of the other namespace: nobody asked there */
    send_text(f->fds[0], "461-/live,0[{\"_placeholder\":true,\"num\":0}]");
    assert_int_equal(send(f->fds[0], bytes, sizeof bytes - 1, 0), sizeof bytes - 1);
    for (int i = 0; i < 30000 && !good.calls; i++, usleep(1000))
        turn(f, 1);
    assert_string_equal(good.args, "abc");
    send_text(f->fds[0], "43/live,0[]"); /* once is enough */
    skip_all(f);
    assert_int_equal(good.calls, 1);
    assert_int_equal(f->gone, 0);
    close_fixture(f);
    mem_free(f);
}

/* 41 dismisses: a client that hears it does not come back by itself. */
static void who_is_dismissed_hears_41(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    char text[4096];

    open_fixture(f, &(struct sio_settings){0});
    add_client(f);
    skip_all(f);
    sio_disconnect(f->sockets[0], false);
    assert_int_equal(f->gone, 1);
    read_until(f, 0, text, sizeof text, "41");
    send_text(f->fds[0], "40"); /* the session has stayed */
    read_until(f, 0, text, sizeof text, "40{\"sid\"");
    sio_disconnect(f->sockets[1], true);
    assert_int_equal(f->gone, 2);
    read_until(f, 0, text, sizeof text, "\x88 ");
    assert_non_null(strstr(text, "41\x88 "));
    assert_int_equal(eio_server_stats(sio_server_eio(f->sio))->sessions, 0);
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

RUN_TESTS(TEST(asks_clients_for_acks), TEST(acks_belong_to_their_namespace),
          TEST(who_is_dismissed_hears_41), TEST(an_upgrade_has_its_time))
