#include "base/blob.h"
#include "base/buf.h"
#include "certificate.h"
#include "frames.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/stream.h"
#include "net/ws/media_conn.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

/* Two streams of one pair of sockets; both ends in this thread. */
struct fixture {
    struct stream *a, *b;
    struct tls *server, *client;
    struct certificate certificate;
};

static void open_pair(struct fixture *f) {
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    f->a = stream_new(fds[0]);
    f->b = stream_new(fds[1]);
}

static void open_plain(struct fixture *f) {
    memset(f, 0, sizeof *f);
    open_pair(f);
}

static void open_tls(struct fixture *f, const char *host) {
    char why[128];
    memset(f, 0, sizeof *f);
    signal(SIGPIPE, SIG_IGN); /* as loop_open does: TLS writes cannot ask for MSG_NOSIGNAL */
    certificate_make(&f->certificate);
    const char *cert = f->certificate.cert_file;
    assert_int_equal(tls_open_server(&f->server,
                                     &(struct tls_files){cert, f->certificate.key_file, NULL}, why,
                                     sizeof why),
                     0);
    assert_int_equal(tls_open_client(&f->client, cert, why, sizeof why), 0);
    open_pair(f);
    stream_start_tls_server(f->a, f->server);
    stream_start_tls_client(f->b, f->client, host);
}

static void close_fixture(struct fixture *f) {
    stream_close(f->a);
    stream_close(f->b);
    tls_close(f->server);
    tls_close(f->client);
    if (f->server)
        certificate_remove(&f->certificate);
}

static void shake(struct fixture *f) {
    char c;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(stream_read(f->b, &c, 1), -EAGAIN);
        assert_int_equal(stream_read(f->a, &c, 1), -EAGAIN);
    }
}

static void reads_and_writes_are_those_of_the_socket(void **state) {
    struct fixture f;
    char bytes[8];
    open_plain(&f);
    assert_int_equal(stream_read(f.a, bytes, sizeof bytes), -EAGAIN);
    assert_int_equal(stream_read_wants(f.a), WATCH_READ);
    char one[] = "ab", two[] = "c";
    struct iovec pieces[] = {{one, 2}, {two, 1}};
    assert_int_equal(stream_writev(f.a, pieces, 2), 3);
    assert_int_equal(stream_read(f.b, bytes, sizeof bytes), 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(stream_shutdown(f.a), 0);
    assert_int_equal(stream_read(f.b, bytes, sizeof bytes), 0);
    stream_close(f.b);
    f.b = NULL;
    assert_int_equal(stream_write(f.a, "x", 1), -EPIPE);
    close_fixture(&f);
}

static void bytes_given_back_come_first(void **state) {
    struct fixture f;
    char bytes[8];
    open_plain(&f);
    assert_int_equal(stream_write(f.a, "socket", 6), 6);
    stream_unread(f.b, SLICE_NONE);
    assert_false(stream_has_pending(f.b));
    stream_unread(f.b, SLICE("second"));
    stream_unread(f.b, SLICE("first"));
    assert_true(stream_has_pending(f.b));
    assert_int_equal(stream_read(f.b, bytes, 7), 7);
    assert_memory_equal(bytes, "firstse", 7);
    assert_int_equal(stream_read(f.b, bytes, 8), 4);
    assert_memory_equal(bytes, "cond", 4);
    assert_int_equal(stream_read(f.b, bytes, 8), 6);
    close_fixture(&f);
}

static void tls_carries_what_plain_carries(void **state) {
    struct fixture f;
    static char sent[50000], got[50000];
    open_tls(&f, "localhost");
    shake(&f);
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)(i * 31);
    struct outbox box = {0};
    for (size_t at = 0; at < sizeof sent; at += 1000)
        outbox_add_copy(&box, slice_of(sent + at, 1000));
    size_t n = 0;
    for (int i = 0; i < 1000 && n < sizeof got; i++) {
        int err = outbox_flush(&box, f.a);
        assert_true(err == 0 || err == EAGAIN);
        ssize_t more = stream_read(f.b, got + n, sizeof got - n);
        assert_true(more > 0 || more == -EAGAIN);
        n += more > 0 ? (size_t)more : 0;
    }
    assert_int_equal(n, sizeof sent);
    assert_memory_equal(sent, got, sizeof sent);
    outbox_clear(&box);

    assert_int_equal(stream_write(f.b, "a whole record", 14), 14);
    assert_int_equal(stream_read(f.a, got, 5), 5);
    assert_true(stream_has_pending(f.a)); /* decrypted, and no poll will tell */
    assert_int_equal(stream_shutdown(f.b), 0);
    assert_int_equal(stream_read(f.a, got, 50), 9);
    assert_int_equal(stream_read(f.a, got, 50), 0);
    close_fixture(&f);
}

static void a_wrong_name_ends_the_handshake(void **state) {
    struct fixture f;
    char c;
    open_tls(&f, "elsewhere.example");
    ssize_t got = -EAGAIN;
    for (int i = 0; i < 5 && got == -EAGAIN; i++) {
        got = stream_read(f.b, &c, 1);
        stream_read(f.a, &c, 1);
    }
    assert_int_equal(got, -EPROTO);
    assert_string_equal(stream_error(f.b), "hostname mismatch");
    close_fixture(&f);
}

static void garbage_instead_of_tls_is_an_error(void **state) {
    struct fixture f;
    char c;
    open_tls(&f, "localhost");
    assert_int_equal(send(stream_fd(f.b), "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    assert_int_equal(stream_read(f.a, &c, 1), -EPROTO);
    assert_true(strlen(stream_error(f.a)) > 0);
    close_fixture(&f);
}

static void bad_files_are_named(void **state) {
    struct tls *tls;
    char why[128];
    assert_int_equal(tls_open_server(&tls, &(struct tls_files){"/nonexistent.pem", "/none", NULL},
                                     why, sizeof why),
                     EINVAL);
    assert_non_null(strstr(why, "certificate /nonexistent.pem"));
    assert_int_equal(tls_open_client(&tls, "/nonexistent.pem", why, sizeof why), EINVAL);
}

/* ---- a media connection over TLS ---- */

static struct buf audio;
static int closed;

static void on_binary(const uint8_t *bytes, size_t n, bool last, void *arg) {
    buf_add(&audio, bytes, n);
}

static void on_text(struct slice message, void *arg) {
}

static void on_closed(uint16_t code, struct slice reason, void *arg) {
    closed++;
    assert_int_equal(code, WS_CLOSE_NO_STATUS);
}

static void media_over_tls_is_read_to_its_last_record(void **state) {
    static const struct media_handlers handlers = {on_binary, on_text, on_closed};
    static const char accept[WS_ACCEPT_SIZE] = "accept";
    static uint8_t buffer[LOOP_SCRATCH_BYTES];
    struct media_stats stats = {0};
    struct fixture f;
    struct buf out = {0};
    char reply[512], payload[1920];
    open_tls(&f, "localhost");
    shake(&f);
    struct media_conn *conn = media_conn_new(f.a, accept, 1 << 20, &handlers, NULL, &stats, 1000);
    f.a = NULL;
    memset(payload, 'a', sizeof payload);
    for (int i = 0; i < 50; i++)
        add_frame(&out, WS_BINARY, true, payload, sizeof payload);
    add_frame(&out, WS_CLOSE, true, "", 0);
    size_t sent = 0;
    for (int i = 0; i < 30000 && !closed; i++) {
        ssize_t put = sent < out.len ? stream_write(f.b, out.data + sent, out.len - sent) : 0;
        sent += put > 0 ? (size_t)put : 0;
        media_conn_drain(conn, buffer, 1000 + i);
    }
    assert_int_equal(audio.len, 50 * 1920);
    assert_int_equal(closed, 1);
    assert_true(stream_read(f.b, reply, sizeof reply) > 12);
    assert_memory_equal(reply, "HTTP/1.1 101", 12);
    media_conn_free(conn);
    buf_free(&audio);
    buf_free(&out);
    close_fixture(&f);
}

RUN_TESTS(TEST(reads_and_writes_are_those_of_the_socket), TEST(bytes_given_back_come_first),
          TEST(tls_carries_what_plain_carries), TEST(a_wrong_name_ends_the_handshake),
          TEST(garbage_instead_of_tls_is_an_error), TEST(bad_files_are_named),
          TEST(media_over_tls_is_read_to_its_last_record))
