/* Engine.IO sessions as a state machine. A few clients connect, poll, post, upgrade, are cut off,
 * come back and take each other's sessions over, in the order that the input says. Whatever they
 * do, the server counts right, and nothing is left when all are gone. */
#include "base/mem.h"
#include "base/slice.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/socketio/sio_server.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 4, STEPS_MAX = 200, ID_BYTES = 20, TURNS = 3 };

struct client {
    int fd; /* -1: not connected */
    char sid[ID_BYTES + 1], pid[ID_BYTES + 1];
};

struct world {
    struct loop *loop;
    struct http_server *http;
    struct sio_server *sio;
    struct sio_namespace *ns;
    struct client clients[CLIENTS];
    unsigned opened, gone, kept, forgotten;
};

static void require(bool holds) {
    if (!holds)
        abort();
}

/* ---- The server ---- */

static void on_connect(struct sio_socket *socket, struct slice auth, void *arg) {
    struct world *w = arg;
    w->opened++;
    sio_set_data(socket, w);
    sio_join(socket, SLICE("room"));
}

static void on_disconnect(struct sio_socket *socket, bool may_return, void *arg) {
    struct world *w = arg;
    w->gone++;
    w->kept += may_return;
}

static void on_return(struct sio_socket *socket, struct slice auth, void *arg) {
    struct world *w = arg;
    w->opened++;
    w->kept--;
}

static void on_forget(void *data, void *arg) {
    struct world *w = arg;
    w->kept--;
    w->forgotten++;
}

static void on_say(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    struct world *w = arg;
    struct slice room = SLICE("room");
    struct sio_target target = {.rooms = &room, .room_count = 1};
    sio_broadcast_binary(w->ns, &target, "said", event->args, event->attachments,
                         event->attachment_count);
    sio_ack(socket, event, SLICE("1"));
}

static void on_head(struct http_request *request, void *arg) {
    eio_server_head(sio_server_eio(((struct world *)arg)->sio), request);
}

static void on_request(struct http_request *request, void *arg) {
    eio_server_request(sio_server_eio(((struct world *)arg)->sio), request);
}

static void on_upgrade(struct http_request *request, void *arg) {
    eio_server_upgrade(sio_server_eio(((struct world *)arg)->sio), request);
}

static void open_world(struct world *w, bool recovers_all) {
    static const struct sio_handlers handlers = {.on_connect = on_connect,
                                                 .on_disconnect = on_disconnect,
                                                 .on_return = on_return,
                                                 .on_forget = on_forget};
    struct sio_settings sio = {
        .recovery_ms = 60000, .recovers_all = recovers_all, .recovery_bytes = 4000};
    sio.eio.max_payload_bytes = 2000;
    sio.eio.max_queue_bytes = 8000;
    struct http_settings http = {.host = "127.0.0.1"};
    struct http_handlers doors = {
        .on_head = on_head, .on_request = on_request, .on_upgrade = on_upgrade, .arg = w};
    require(loop_open(&w->loop) == 0);
    w->sio = sio_server_new(w->loop, &sio);
    w->ns = sio_namespace_add(w->sio, "/", &handlers, w);
    sio_on(w->ns, "say", on_say);
    require(http_server_open(&w->http, w->loop, &http, &doors) == 0);
    for (int i = 0; i < CLIENTS; i++)
        w->clients[i].fd = -1;
}

static void turn(struct world *w) {
    for (int i = 0; i < TURNS; i++)
        uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
}

/* ---- The clients ---- */

static void note_id(const char *text, const char *name, char id[ID_BYTES + 1]) {
    const char *at = strstr(text, name);
    if (at && strlen(at) >= strlen(name) + ID_BYTES)
        snprintf(id, ID_BYTES + 1, "%s", at + strlen(name));
}

static void read_client(struct client *client) {
    char text[4096];
    ssize_t n = client->fd < 0 ? 0 : recv(client->fd, text, sizeof text - 1, MSG_DONTWAIT);
    for (ssize_t i = 0; i < n; i++)
        text[i] = text[i] ? text[i] : ' ';
    text[n > 0 ? n : 0] = 0;
    /* The session's id comes first on a connection, the socket's later. */
    if (strstr(text, "\"upgrades\""))
        note_id(text, "\"sid\":\"", client->sid);
    note_id(text, "\"pid\":\"", client->pid);
}

static void cut(struct client *client) {
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static void dial(struct world *w, struct client *client) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(w->http)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    cut(client);
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    require(connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0);
}

static void send_text(struct client *client, const char *text, size_t len) {
    if (client->fd >= 0)
        (void)!send(client->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_request(struct client *client, const char *method, const char *query,
                         const char *head, const char *body) {
    char text[1024];
    int len = snprintf(text, sizeof text,
                       "%s /socket.io/?EIO=4&%s HTTP/1.1\r\nHost: x\r\n%s%s%zu\r\n\r\n%s", method,
                       query, head, *body ? "Content-Length: " : "X: ", strlen(body), body);
    send_text(client, text, (size_t)len);
}

static void shake_hands(struct client *client, const char *sid) {
    char query[64];
    snprintf(query, sizeof query, "transport=websocket%s%s", *sid ? "&sid=" : "", sid);
    send_request(client, "GET", query,
                 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
                 "");
}

/* A masked frame of less than 126 bytes, its mask zero. */
static void send_frame(struct client *client, unsigned opcode, const char *payload) {
    char frame[140] = {(char)(0x80 | opcode), (char)(0x80 | strlen(payload))};
    memcpy(frame + 6, payload, strlen(payload));
    send_text(client, frame, 6 + strlen(payload));
}

static const char *const packets[] = {
    "40",
    "40{\"recovery\":true}",
    "2probe",
    "5",
    "3",
    "42[\"say\",1]",
    "420[\"say\",{}]",
    "451-[\"say\",{\"_placeholder\":true,\"num\":0}]",
    "41",
    "1",
    "2",
    "42[\"say\"",
    "bAAEC",
    "6",
};

static void connect_back(struct client *client, const struct client *whose, unsigned offset) {
    char packet[100];
    snprintf(packet, sizeof packet, "40{\"pid\":\"%s\",\"offset\":\"%u\"}", whose->pid, offset);
    send_frame(client, 1, packet);
}

static void step(struct world *w, uint8_t op, uint8_t arg) {
    struct client *client = &w->clients[op % CLIENTS], *other = &w->clients[arg % CLIENTS];
    const char *packet = packets[arg % (sizeof packets / sizeof packets[0])];
    char query[64];
    snprintf(query, sizeof query, "transport=polling&sid=%s", other->sid);
    switch (op / CLIENTS % 10) {
    case 0:
        dial(w, client);
        shake_hands(client, "");
        break;
    case 1:
        dial(w, client);
        send_request(client, "GET", "transport=polling", "", "");
        break;
    case 2:
        dial(w, client);
        shake_hands(client, other->sid);
        break;
    case 3:
        send_frame(client, 1, packet);
        break;
    case 4:
        send_request(client, "POST", query, "", packet);
        break;
    case 5:
        send_request(client, "GET", query, "", "");
        break;
    case 6:
        connect_back(client, other, arg / CLIENTS);
        break;
    case 7:
        send_frame(client, 2, "bytes");
        break;
    case 8:
        cut(client);
        break;
    default:
        sio_broadcast(w->ns, &(struct sio_target){.is_volatile = arg & 1}, "news", SLICE("{}"));
    }
    turn(w);
    read_client(client);
    require(w->opened - w->gone == sio_server_stats(w->sio)->sockets);
    require(w->kept == sio_server_stats(w->sio)->kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct world *w = mem_alloc(sizeof *w);
    open_world(w, size > 0 && data[0] & 1);
    for (size_t i = 1; i + 1 < size && i < STEPS_MAX * 2; i += 2)
        step(w, data[i], data[i + 1]);
    for (int i = 0; i < CLIENTS; i++)
        cut(&w->clients[i]);
    turn(w);
    http_server_close(w->http);
    sio_server_close(w->sio);
    require(w->opened == w->gone && w->kept == 0);
    loop_close(w->loop);
    mem_free(w);
    return 0;
}
