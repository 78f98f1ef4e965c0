#include "outside/redis/redis_link.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/dial.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/stream.h"
#include "wire/redis/resp.h"

#include <errno.h>
#include <string.h>

enum { READS_A_TURN = 16, INPUT_KEPT_BYTES = 256 * 1024 };

struct redis_link {
    struct loop *loop;
    const struct redis_link_handlers *handlers;
    void *arg;
    char *host;
    const struct tls *tls;
    struct dial *dial; /* until it is connected */
    struct stream *stream;
    struct watch *watch;
    struct outbox out;
    struct deferred flush;
    struct deferred resume; /* input that no event announces */
    struct buf in;
    bool *is_gone; /* set when it is closed by a handler it has called */
};

void redis_link_close(struct redis_link *link) {
    if (!link)
        return;
    if (link->is_gone)
        *link->is_gone = true;
    dial_cancel(link->dial);
    loop_undefer(link->loop, &link->flush);
    loop_undefer(link->loop, &link->resume);
    watch_close(link->watch);
    stream_close(link->stream);
    outbox_clear(&link->out);
    buf_free(&link->in);
    mem_free(link->host);
    mem_free(link);
}

static void fail(struct redis_link *link, const char *why) {
    const struct redis_link_handlers *handlers = link->handlers;
    void *arg = link->arg;
    char text[128];
    size_t len = strlen(why) < sizeof text ? strlen(why) : sizeof text - 1;
    memcpy(text, why, len);
    text[len] = 0;
    redis_link_close(link);
    handlers->on_close(text, arg);
}

static void fail_stream(struct redis_link *link, int err) {
    const char *tls_error = stream_error(link->stream);
    fail(link, *tls_error ? tls_error : strerror(err));
}

/* ---- Writing ---- */

static void want(struct redis_link *link, bool to_write) {
    int events = stream_read_wants(link->stream);
    watch_set(link->watch, events | (to_write ? stream_write_wants(link->stream) : 0));
}

static void redis_link_on_flush(void *arg) {
    struct redis_link *link = arg;
    int err = outbox_flush(&link->out, link->stream);
    if (err == 0 || err == EAGAIN)
        want(link, err == EAGAIN);
    else
        fail_stream(link, err);
}

void redis_link_send(struct redis_link *link, const struct slice *parts, unsigned count) {
    struct buf command = {0};
    resp_write(&command, parts, count);
    outbox_add_copy(&link->out, buf_slice(&command));
    buf_free(&command);
    loop_defer(link->loop, &link->flush, redis_link_on_flush, link);
}

size_t redis_link_unsent_bytes(const struct redis_link *link) {
    return link->out.queued_bytes;
}

/* ---- Reading ---- */

/* Hands over what is whole; false when the link is gone. */
static bool take_replies(struct redis_link *link) {
    bool is_gone = false;
    size_t taken = 0, used;
    enum resp_state state;
    link->is_gone = &is_gone;
    while ((state = resp_find(slice_skip(buf_slice(&link->in), taken), REDIS_REPLY_BYTES_MAX,
                              &used)) == RESP_WHOLE) {
        struct slice reply = slice_take(slice_skip(buf_slice(&link->in), taken), used);
        taken += used;
        link->handlers->on_reply(reply, link->arg);
        if (is_gone)
            return false;
    }
    link->is_gone = NULL;
    if (state == RESP_BAD) {
        fail(link, "the answer is not Redis's protocol");
        return false;
    }
    buf_consume(&link->in, taken);
    if (link->in.len == 0 && link->in.cap > INPUT_KEPT_BYTES)
        buf_free(&link->in);
    return true;
}

static void redis_link_on_resume(void *arg);

static void read_some(struct redis_link *link) {
    uint8_t *scratch = loop_scratch(link->loop);
    for (unsigned i = 0; i < READS_A_TURN; i++) {
        ssize_t got = stream_read(link->stream, scratch, LOOP_SCRATCH_BYTES);
        if (got == -EAGAIN) {
            want(link, link->out.count > 0);
            return;
        }
        if (got <= 0) {
            fail_stream(link, got < 0 ? (int)-got : ECONNRESET);
            return;
        }
        buf_add(&link->in, scratch, (size_t)got);
        if (!take_replies(link))
            return;
    }
    if (stream_has_pending(link->stream))
        loop_defer(link->loop, &link->resume, redis_link_on_resume, link);
}

static void redis_link_on_resume(void *arg) {
    read_some(arg);
}

/* ---- Connecting ---- */

static void redis_link_on_events(int events, void *arg) {
    struct redis_link *link = arg;
    if (link->out.count > 0)
        loop_defer(link->loop, &link->flush, redis_link_on_flush, link);
    read_some(link);
}

static void redis_link_on_dialled(struct stream *stream, const char *why, void *arg) {
    struct redis_link *link = arg;
    link->dial = NULL;
    link->stream = stream;
    if (!stream) {
        fail(link, why);
        return;
    }
    int err = watch_open(&link->watch, link->loop, stream_fd(stream), redis_link_on_events, link);
    if (err) {
        fail(link, strerror(err));
        return;
    }
    if (link->tls)
        stream_start_tls_client(stream, link->tls, link->host);
    want(link, false);
    link->handlers->on_open(link->arg);
}

int redis_link_open(struct redis_link **out, struct loop *loop, const struct redis_address *address,
                    const struct redis_link_handlers *handlers, void *arg) {
    struct redis_link *link = mem_alloc(sizeof *link);
    link->loop = loop;
    link->handlers = handlers;
    link->arg = arg;
    link->tls = address->tls;
    link->host = mem_copy_text(address->host);
    int err = dial_start(&link->dial, loop, link->host, address->port, REDIS_CONNECT_MS,
                         redis_link_on_dialled, link);
    if (err) {
        redis_link_close(link);
        return err;
    }
    *out = link;
    return 0;
}
