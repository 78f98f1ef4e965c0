#include "socketio_servers.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/socketio/eio_server.h"
#include "net/socketio/sio_server.h"
#include "wire/web/json.h"
#include "wire/web/ws.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* About as long as a real feedback. */
int write_event_args(char out[EVENT_ARGS_MAX]) {
    return snprintf(
        out, EVENT_ARGS_MAX,
        "{\"t\":%020llu,\"id\":\"mwrsswtr-1g1x2p\",\"type\":\"volume_baixo\",\"severity\":"
        "\"critical\","
        "\"meetingId\":\"RM_bench\",\"participantId\":\"bob\",\"window\":{\"start\":1795349606774,"
        "\"end\":1795349609774},\"message\":\"bob: quase inaudível; aumente o ganho "
        "imediatamente.\","
        "\"tips\":[\"Aumente o ganho de entrada\",\"Aproxime-se do microfone\"],"
        "\"metadata\":{\"rmsDbfs\":-36.97945032927197,\"speechCoverage\":1},\"seq\":1}",
        (unsigned long long)clock_mono_ns());
}

static void tell_port(int port_fd, int port) {
    if (write(port_fd, &port, sizeof port) != sizeof port)
        _exit(1);
    close(port_fd);
}

struct ours {
    struct loop *loop;
    struct sio_server *sio;
    struct sio_namespace *ns;
    struct timer next;
    unsigned rounds, interval_ms;
    uint64_t wanted; /* deliveries, once all that was broadcast is handed out */
};

/* As in the others, a round that is late puts off the next: it waits until all is handed out. */
static void on_round(void *arg) {
    struct ours *ours = arg;
    if (sio_server_stats(ours->sio)->deliveries < ours->wanted) {
        timer_start(ours->loop, &ours->next, 1, 0, on_round, ours);
        return;
    }
    struct slice room = SLICE("room");
    struct sio_target target = {.rooms = &room, .room_count = 1};
    char args[EVENT_ARGS_MAX];
    int len = write_event_args(args);

    ours->wanted += sio_room_size(ours->ns, room);
    sio_broadcast(ours->ns, &target, "feedback", slice_of(args, (size_t)len));
    if (--ours->rounds > 0)
        timer_start(ours->loop, &ours->next, ours->interval_ms, 0, on_round, ours);
}

static void on_join(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    sio_join(socket, SLICE("room"));
}

static void on_blast(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    struct ours *ours = arg;
    struct slice rest = event->args, item;
    uint64_t rounds = 0, interval_us = 0;

    if (json_next_item(&rest, &item))
        json_to_count(item, &rounds);
    if (json_next_item(&rest, &item))
        json_to_count(item, &interval_us);
    ours->rounds = (unsigned)rounds;
    ours->interval_ms = (unsigned)(interval_us / 1000);
    timer_start(ours->loop, &ours->next, ours->interval_ms, 0, on_round, ours);
}

static void on_head(struct http_request *request, void *arg) {
    eio_server_head(sio_server_eio(((struct ours *)arg)->sio), request);
}

static void on_request(struct http_request *request, void *arg) {
    eio_server_request(sio_server_eio(((struct ours *)arg)->sio), request);
}

static void on_upgrade(struct http_request *request, void *arg) {
    eio_server_upgrade(sio_server_eio(((struct ours *)arg)->sio), request);
}

void serve_ours(int port_fd) {
    static const struct sio_handlers handlers;
    struct ours ours = {0};
    struct sio_settings config = {.eio = {.ping_interval_ms = 600000}};
    struct http_settings settings = {0};
    struct http_handlers doors = {
        .on_head = on_head, .on_request = on_request, .on_upgrade = on_upgrade, .arg = &ours};
    struct http_server *http;

    if (loop_open(&ours.loop))
        _exit(1);
    ours.sio = sio_server_new(ours.loop, &config);
    ours.ns = sio_namespace_add(ours.sio, "/", &handlers, &ours);
    sio_on(ours.ns, "join", on_join);
    sio_on(ours.ns, "blast", on_blast);
    settings.host = "127.0.0.1";
    if (http_server_open(&http, ours.loop, &settings, &doors))
        _exit(1);
    tell_port(port_fd, http_server_port(http));
    loop_run(ours.loop);
    _exit(0);
}

static void sleep_until(int64_t at_ns) {
    struct timespec at = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* send() to each, and nothing else. A round begins so long after the one before began, as in the servers. */
static void blast_bare(const int *fds, unsigned count, unsigned rounds, unsigned interval_us) {
    int64_t due_ns = clock_mono_ns();

    for (unsigned i = 0; i < rounds; i++) {
        static const char head_text[] = "42[\"feedback\",";
        char args[EVENT_ARGS_MAX], text[EVENT_ARGS_MAX + 32];
        uint8_t frame[EVENT_ARGS_MAX + 64];
        size_t text_len, head_len;

        due_ns += (int64_t)interval_us * 1000;
        sleep_until(due_ns);
        due_ns = clock_mono_ns();
        write_event_args(args);
        text_len = (size_t)snprintf(text, sizeof text, "%s%s]", head_text, args);
        head_len = ws_write_head(frame, WS_TEXT, true, text_len, NULL);
        memcpy(frame + head_len, text, text_len);
        for (unsigned k = 0; k < count; k++)
            send(fds[k], frame, head_len + text_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static void send_text(int fd, const char *text) {
    uint8_t frame[WS_HEAD_MAX + 256];
    size_t n = ws_write_head(frame, WS_TEXT, true, strlen(text), NULL);

    memcpy(frame + n, text, strlen(text));
    send(fd, frame, n + strlen(text), MSG_NOSIGNAL);
}

/* The words of the handshakes, so that the clients are the same as the others' down to their TCP: a peer that has sent
 * something itself delays its acknowledgements, and they come in while the server sends; one that never spoke acknowledges
 * when it reads, on its own account. */
static void answer_bare(int fd, const char *text, size_t n) {
    static const char switching[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                    "Connection: Upgrade\r\n"
                                    "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

    if (memmem(text, n, "GET ", 4)) {
        send(fd, switching, sizeof switching - 1, MSG_NOSIGNAL);
        send_text(fd, "0{\"sid\":\"mwrsswtr1g1x2pmwrsst\",\"upgrades\":[],\"pingInterval\":600000,"
                      "\"pingTimeout\":20000,\"maxPayload\":1000000}");
    } else if (!memmem(text, n, "join", 4)) {
        send_text(fd, "40{\"sid\":\"mwrsswtr1g1x2pmwrsst\"}");
    }
}

void serve_bare(int port_fd) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int *fds = mem_alloc_array(20000, sizeof *fds);
    unsigned count = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        _exit(1);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    tell_port(port_fd, ntohs(address.sin_port));
    for (;;) {
        char text[512];
        ssize_t n;
        unsigned rounds, interval_us;
        const char *at;

        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        if (event.data.fd == listener) {
            fds[count] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            setsockopt(fds[count], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
            event = (struct epoll_event){.events = EPOLLIN, .data.fd = fds[count++]};
            epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            continue;
        }
        n = recv(event.data.fd, text, sizeof text - 1, 0);
        if (n <= 0)
            _exit(0);
        text[n] = 0;
        at = memmem(text, (size_t)n, "[\"blast\",", 9);
        if (at && sscanf(at, "[\"blast\",%u,%u]", &rounds, &interval_us) == 2)
            blast_bare(fds, count, rounds, interval_us);
        else
            answer_bare(event.data.fd, text, (size_t)n);
    }
}
