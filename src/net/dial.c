#include "net/dial.h"

#include "base/mem.h"
#include "net/loop.h"
#include "net/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Outlives a cancelled dial: libuv cannot cancel a lookup that is running. */
struct dial_lookup {
    uv_getaddrinfo_t request;
    struct dial *dial; /* NULL once cancelled */
};

struct dial {
    struct loop *loop;
    dial_fn *fn;
    void *arg;
    struct dial_lookup *lookup;
    struct addrinfo *addresses, *next_address;
    struct stream *stream;
    struct watch *watch;
    struct timer deadline;
    char why[128];
};

void dial_cancel(struct dial *dial) {
    if (!dial)
        return;
    if (dial->lookup) {
        dial->lookup->dial = NULL;
        uv_cancel((uv_req_t *)&dial->lookup->request);
    }
    timer_stop(&dial->deadline);
    watch_close(dial->watch);
    stream_close(dial->stream);
    uv_freeaddrinfo(dial->addresses);
    mem_free(dial);
}

static void fail(struct dial *dial, const char *what, const char *detail) {
    snprintf(dial->why, sizeof dial->why, "%s%s%s", what, *detail ? ": " : "", detail);
    dial->fn(NULL, dial->why, dial->arg);
    dial_cancel(dial);
}

static void dial_on_deadline(void *arg) {
    fail(arg, "timed out", "");
}

static void succeed(struct dial *dial) {
    struct stream *stream = dial->stream;
    watch_close(dial->watch);
    dial->watch = NULL;
    dial->stream = NULL;
    dial->fn(stream, "", dial->arg);
    dial_cancel(dial);
}

static void try_next_address(struct dial *dial, int err);

static void dial_on_events(int events, void *arg) {
    struct dial *dial = arg;
    int err = stream_connected(dial->stream);
    if (err == 0)
        succeed(dial);
    else if (err != EINPROGRESS)
        try_next_address(dial, err);
}

static void try_next_address(struct dial *dial, int err) {
    watch_close(dial->watch);
    dial->watch = NULL;
    stream_close(dial->stream);
    dial->stream = NULL;
    while (dial->next_address) {
        struct addrinfo *address = dial->next_address;
        dial->next_address = address->ai_next;
        err = stream_connect(&dial->stream, address->ai_addr, address->ai_addrlen);
        if (err)
            continue;
        err = watch_open(&dial->watch, dial->loop, stream_fd(dial->stream), dial_on_events, dial);
        if (err == 0) {
            watch_set(dial->watch, WATCH_WRITE);
            return;
        }
        stream_close(dial->stream);
        dial->stream = NULL;
    }
    fail(dial, "cannot connect", strerror(err));
}

static void dial_on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses) {
    struct dial_lookup *lookup = CONTAINER_OF(request, struct dial_lookup, request);
    struct dial *dial = lookup->dial;
    mem_free(lookup);
    if (!dial) {
        uv_freeaddrinfo(addresses);
        return;
    }
    dial->lookup = NULL;
    if (status < 0) {
        fail(dial, "cannot resolve the name", uv_strerror(status));
        return;
    }
    dial->addresses = dial->next_address = addresses;
    try_next_address(dial, ECONNREFUSED);
}

int dial_start(struct dial **out, struct loop *loop, const char *host, uint16_t port,
               int64_t timeout_ms, dial_fn *fn, void *arg) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct dial_lookup *lookup = mem_alloc(sizeof *lookup);
    char port_text[6];
    snprintf(port_text, sizeof port_text, "%u", port);
    int err =
        -uv_getaddrinfo(loop_uv(loop), &lookup->request, dial_on_resolved, host, port_text, &hints);
    if (err) {
        mem_free(lookup);
        return err;
    }
    struct dial *dial = mem_alloc(sizeof *dial);
    dial->loop = loop;
    dial->fn = fn;
    dial->arg = arg;
    dial->lookup = lookup;
    lookup->dial = dial;
    timer_start(loop, &dial->deadline, timeout_ms, 0, dial_on_deadline, dial);
    *out = dial;
    return 0;
}
