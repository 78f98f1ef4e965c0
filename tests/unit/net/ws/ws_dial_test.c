#include "certificate.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/ws/ws_conn.h"
#include "net/ws/ws_dial.h"
#include "peer.h"
#include "wire/web/url.h"

/* A real client and a real server on one loop. */

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct tls *server_tls, *client_tls;
    struct certificate certificate;
    struct ws_conn *client, *accepted;
    bool asked_proxy;
    int opened, closed;
    uint16_t code;
    int http_status;
    char reason[96];
    char key[32];
    struct buf heard;
};

static void on_server_message(enum ws_opcode opcode, struct slice message, void *arg) {
    ws_conn_send(((struct fixture *)arg)->accepted, opcode, message);
}

static void on_server_close(uint16_t code, struct slice reason, void *arg) {
    ((struct fixture *)arg)->accepted = NULL;
}

static void on_upgrade(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    static const struct ws_handlers handlers = {.on_message = on_server_message,
                                                .on_close = on_server_close};
    struct ws_settings settings = {0};
    const struct slice *key = http_find_header(request->head, "x-key");
    if (!slice_is_equal(request->path, SLICE("/echo")) || !key) {
        http_respond_error(request, 401, NULL);
        return;
    }
    snprintf(f->key, sizeof f->key, "%.*s", SLICE_ARG(*key));
    struct stream *stream = http_accept_websocket(request);
    if (stream)
        ws_conn_open(&f->accepted, f->loop, stream, &settings, &handlers, f);
}

/* As a proxy it "connects" to itself: what follows the CONNECT is served right here. */
static void on_request(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    if (slice_is_equal(request->method, SLICE("CONNECT"))) {
        f->asked_proxy = slice_is_equal(request->target, SLICE("far.example:80"));
        http_respond(request, 200, NULL, SLICE_NONE);
        return;
    }
    http_respond_not_found(request);
}

static void open_fixture(struct fixture *f, bool is_secure) {
    char why[128];
    memset(f, 0, sizeof *f);
    assert_int_equal(loop_open(&f->loop), 0);
    struct http_settings settings = {.host = "localhost"};
    if (is_secure) {
        certificate_make(&f->certificate);
        const char *cert = f->certificate.cert_file;
        assert_int_equal(tls_open_server(&f->server_tls,
                                         &(struct tls_files){cert, f->certificate.key_file, NULL},
                                         why, sizeof why),
                         0);
        assert_int_equal(tls_open_client(&f->client_tls, cert, why, sizeof why), 0);
        settings.tls = f->server_tls;
    }
    struct http_handlers handlers = {.on_request = on_request, .on_upgrade = on_upgrade, .arg = f};
    assert_int_equal(http_server_open(&f->server, f->loop, &settings, &handlers), 0);
}

static void close_fixture(struct fixture *f) {
    ws_conn_abort(f->client);
    ws_conn_abort(f->accepted);
    http_server_close(f->server);
    loop_close(f->loop);
    tls_close(f->server_tls);
    tls_close(f->client_tls);
    if (f->server_tls)
        certificate_remove(&f->certificate);
    buf_free(&f->heard);
}

static void on_open(void *arg) {
    ((struct fixture *)arg)->opened++;
}

static void on_message(enum ws_opcode opcode, struct slice message, void *arg) {
    buf_add_slice(&((struct fixture *)arg)->heard, message);
}

static void on_close(uint16_t code, struct slice reason, void *arg) {
    struct fixture *f = arg;
    f->closed++;
    f->code = code;
    f->http_status = ws_conn_http_status(f->client);
    snprintf(f->reason, sizeof f->reason, "%.*s", SLICE_ARG(reason));
    f->client = NULL;
}

static void dial(struct fixture *f, const char *text, const char *proxy_text, int64_t timeout_ms) {
    static const struct ws_handlers handlers = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    struct url url, proxy;
    struct ws_settings settings = {0};
    struct ws_target target = {.url = &url,
                               .tls = f->client_tls,
                               .headers = SLICE("X-Key: secret\r\n"),
                               .timeout_ms = timeout_ms};
    assert_int_equal(url_parse(&url, slice_from(text)), 0);
    if (proxy_text) {
        assert_int_equal(url_parse(&proxy, slice_from(proxy_text)), 0);
        target.proxy = &proxy;
    }
    assert_int_equal(ws_conn_connect(&f->client, f->loop, &target, &settings, &handlers, f), 0);
}

static void turn_until(struct fixture *f, const int *what) {
    for (int i = 0; i < 30000 && !*what; i++) {
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_true(*what);
}

static void assert_echo(struct fixture *f) {
    struct buf sent = {0};
    for (int i = 0; i < 3000; i++)
        buf_printf(&sent, "%d ", i);
    turn_until(f, &f->opened);
    assert_string_equal(f->key, "secret");
    ws_conn_send(f->client, WS_TEXT, buf_slice(&sent));
    for (int i = 0; i < 30000 && f->heard.len < sent.len; i++) {
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_true(slice_is_equal(buf_slice(&sent), buf_slice(&f->heard)));
    ws_conn_close(f->client, 1000, SLICE("done"));
    turn_until(f, &f->closed);
    assert_int_equal(f->code, 1000);
    buf_free(&sent);
}

static char *url_to(struct fixture *f, const char *format) {
    static char text[128];
    char port[8];
    snprintf(port, sizeof port, "%u", http_server_port(f->server));
    const char *at = strchr(format, '#');
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - format), format, port, at + 1);
    return text;
}

static void a_client_reaches_a_server(void **state) {
    struct fixture f;
    open_fixture(&f, false);
    dial(&f, url_to(&f, "ws://localhost:#/echo?x=1"), NULL, 0);
    assert_echo(&f);
    close_fixture(&f);
}

static void tls_verifies_the_name(void **state) {
    struct fixture f;
    open_fixture(&f, true);
    dial(&f, url_to(&f, "wss://localhost:#/echo"), NULL, 0);
    assert_echo(&f);
    f.opened = f.closed = 0;
    f.heard.len = 0;
    dial(&f, url_to(&f, "wss://127.0.0.1:#/echo"), NULL, 0);
    assert_echo(&f);

    f.closed = 0;
    dial(&f, url_to(&f, "wss://[::1]:#/echo"), NULL, 0); /* not in the certificate */
    turn_until(&f, &f.closed);
    assert_int_equal(f.code, WS_CLOSE_ABNORMAL);
    assert_non_null(strstr(f.reason, "IP address mismatch"));
    close_fixture(&f);
}

static void tls_trusts_only_its_authorities(void **state) {
    struct fixture f;
    char why[128];
    open_fixture(&f, true);
    tls_close(f.client_tls);
    assert_int_equal(tls_open_client(&f.client_tls, NULL, why, sizeof why), 0);
    dial(&f, url_to(&f, "wss://localhost:#/echo"), NULL, 0);
    turn_until(&f, &f.closed);
    assert_int_equal(f.opened, 0);
    assert_non_null(strstr(f.reason, "self"));
    close_fixture(&f);
}

static void a_refusal_tells_its_status(void **state) {
    struct fixture f;
    open_fixture(&f, false);
    dial(&f, url_to(&f, "ws://localhost:#/other"), NULL, 0);
    turn_until(&f, &f.closed);
    assert_int_equal(f.http_status, 401);
    assert_string_equal(f.reason, "HTTP 401");
    close_fixture(&f);
}

static void nobody_there_is_an_end_too(void **state) {
    struct fixture f;
    open_fixture(&f, false);
    char *text = url_to(&f, "ws://localhost:#/echo");
    http_server_close(f.server);
    f.server = NULL;
    dial(&f, text, NULL, 0);
    turn_until(&f, &f.closed);
    assert_non_null(strstr(f.reason, "refused"));
    assert_int_equal(f.http_status, 0);
    close_fixture(&f);
}

static void a_server_that_never_answers_times_out(void **state) {
    struct fixture f;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    open_fixture(&f, false);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    char text[64];
    snprintf(text, sizeof text, "ws://127.0.0.1:%u/", ntohs(address.sin_port));
    dial(&f, text, NULL, 50);
    turn_until(&f, &f.closed);
    assert_string_equal(f.reason, "timed out");
    close(fd);
    close_fixture(&f);
}

static void a_proxy_is_asked_first(void **state) {
    struct fixture f;
    open_fixture(&f, false);
    dial(&f, "ws://far.example/echo", url_to(&f, "http://user:pass@localhost:#"), 0);
    assert_echo(&f);
    assert_true(f.asked_proxy);
    close_fixture(&f);
}

static void an_attempt_can_be_aborted_at_any_time(void **state) {
    struct fixture f;
    for (int turns = 0; turns < 30; turns++) {
        open_fixture(&f, turns & 1);
        dial(&f, url_to(&f, turns & 1 ? "wss://localhost:#/echo" : "ws://localhost:#/echo"), NULL,
             0);
        for (int i = 0; i < turns; i++) {
            uv_run(loop_uv(f.loop), UV_RUN_NOWAIT);
            usleep(300);
        }
        close_fixture(&f);
    }
}

RUN_TESTS(TEST(a_client_reaches_a_server), TEST(tls_verifies_the_name),
          TEST(tls_trusts_only_its_authorities), TEST(a_refusal_tells_its_status),
          TEST(nobody_there_is_an_end_too), TEST(a_server_that_never_answers_times_out),
          TEST(a_proxy_is_asked_first), TEST(an_attempt_can_be_aborted_at_any_time))
