/* The polling transport: a GET waits until there is something to send, a POST brings packets. */
#include "base/buf.h"
#include "base/text.h"
#include "net/http/http_server.h"
#include "net/socketio/eio_private.h"
#include "wire/web/base64.h"

void eio_respond(struct http_request *request, int status, const char *content_type,
                 struct slice body) {
    http_add_header(request, "cache-control", SLICE("no-store"));
    http_respond(request, status, content_type, body);
}

static void write_payload(struct buf *out, const struct outbox *queue) {
    for (size_t i = 0; i < queue->count; i++) {
        bool is_text;
        struct slice packet = eio_frame_payload(outbox_at(queue, i), &is_text);
        if (out->len > 0)
            buf_add_byte(out, EIO_SEPARATOR);
        if (is_text) {
            buf_add_slice(out, packet);
        } else {
            buf_add_byte(out, 'b');
            base64_write(out, packet);
        }
    }
}

/* Answers a GET with what is queued and then `last`, a packet or nothing. */
static void answer_get(struct eio_session *session, struct http_request *request,
                       const char *last) {
    struct buf body = {0};
    write_payload(&body, &session->queue);
    outbox_clear(&session->queue);
    if (*last) {
        if (body.len > 0)
            buf_add_byte(&body, EIO_SEPARATOR);
        buf_add_text(&body, last);
    }
    eio_respond(request, 200, "text/plain; charset=UTF-8", buf_slice(&body));
    buf_free(&body);
    eio_session_weigh(session);
}

static struct http_request *release_poll(struct eio_session *session) {
    struct http_request *request = session->poll;
    session->poll = NULL;
    return request;
}

void eio_polling_flush(struct eio_session *session) {
    if (!session->poll)
        return;
    if (session->queue.count > 0)
        answer_get(session, release_poll(session), "");
    else if (session->is_probed)
        answer_get(session, release_poll(session), "6");
}

static void eio_on_poll_aborted(struct http_request *request) {
    struct eio_session *session = request->user;
    release_poll(session);
    eio_close(session, EIO_CLOSED_TRANSPORT);
}

void eio_polling_get(struct eio_session *session, struct http_request *request) {
    if (session->state == EIO_STATE_LINGERING) {
        /* What is still queued comes before the close packet. The noop is how the reference
         * implementation ends an idle poll. */
        static const char noop_and_close[] = {'6', EIO_SEPARATOR, '1', 0};
        answer_get(session, request, session->queue.count > 0 ? "1" : noop_and_close);
        eio_session_forget(session);
        return;
    }
    if (session->poll) {
        eio_respond(request, 400, NULL, SLICE_NONE);
        eio_close(session, EIO_CLOSED_PROTOCOL);
        return;
    }
    session->poll = request;
    http_vouch(request, session->place.rank);
    request->user = session;
    request->on_abort = eio_on_poll_aborted;
    eio_polling_flush(session);
}

static void eio_on_post_aborted(struct http_request *request) {
    struct eio_session *session = request->user;
    if (!session)
        return;
    session->post = NULL;
    eio_close(session, EIO_CLOSED_TRANSPORT);
}

/* The session survives: the client gets a 413 and may send less. */
static void eio_on_post_overflow(struct http_request *request) {
    struct eio_session *session = request->user;
    if (session) {
        session->post = NULL;
        session->server->stats.too_large++;
    }
    eio_respond(request, 413, NULL, SLICE_NONE);
}

void eio_polling_head(struct eio_session *session, struct http_request *request) {
    const struct slice *type = http_find_header(request->head, "content-type");
    struct http_request *other = session->post;
    bool is_octets =
        type && slice_has_prefix_nocase(slice_trim(*type), SLICE("application/octet-stream"));
    if (other || session->unpaid || is_octets) {
        eio_respond(request, 400, NULL, SLICE_NONE);
        eio_close(session, EIO_CLOSED_PROTOCOL);
        if (other)
            http_drop(other);
        return;
    }
    session->post = request;
    request->user = session;
    request->body_limit_bytes = session->server->settings.max_payload_bytes;
    request->on_abort = eio_on_post_aborted;
    request->on_overflow = eio_on_post_overflow;
}

static void eio_on_unpaid_aborted(struct http_request *request) {
    struct eio_session *session = request->user;
    session->unpaid = NULL;
    eio_close(session, EIO_CLOSED_TRANSPORT);
}

/* Another POST before this one is answered breaks the protocol. */
static void wait_for_payment(struct eio_session *session, struct http_request *request) {
    session->unpaid = request;
    request->user = session;
    request->on_abort = eio_on_unpaid_aborted;
}

void eio_polling_post(struct eio_session *session, struct http_request *request) {
    struct slice rest = request->body;
    size_t bytes = rest.len;
    session->post = NULL;
    enum eio_next next = EIO_NEXT_BAD;
    if (rest.len > 0 && text_is_utf8(rest)) {
        struct eio_packet packet;
        while ((next = eio_next_packet(&rest, &packet)) == EIO_NEXT_PACKET) {
            if (!eio_session_take(session, &packet))
                break;
        }
    }
    if (next == EIO_NEXT_BAD) {
        eio_close(session, EIO_CLOSED_PROTOCOL);
        eio_respond(request, 400, NULL, SLICE_NONE);
        return;
    }
    if (session->state == EIO_STATE_OPEN && eio_session_charge(session, bytes) > 0)
        wait_for_payment(session, request);
    else
        eio_respond(request, 200, "text/html", SLICE("ok"));
}

void eio_polling_end(struct eio_session *session) {
    if (session->post) {
        session->post->user = NULL;
        session->post = NULL;
    }
    if (session->poll)
        answer_get(session, release_poll(session),
                   session->reason == EIO_CLOSED_BY_CLIENT ? "6" : "1");
}
