#include "base/mem.h"
#include "net/timer.h"
#include "outside/redis/redis_link.h"
#include "outside/redis/redis_private.h"
#include "wire/redis/resp.h"

#include <string.h>

enum { ANSWER_MS = 1500 };

struct redis_seek {
    struct loop *loop;
    const struct redis_place *place;
    const struct tls *tls;
    redis_seek_fn *fn;
    void *arg;
    unsigned next; /* the Sentinel to ask after this one */
    struct redis_link *link;
    struct timer deadline;
};

void redis_seek_cancel(struct redis_seek *seek) {
    if (!seek)
        return;
    timer_stop(&seek->deadline);
    redis_link_close(seek->link);
    mem_free(seek);
}

static void end(struct redis_seek *seek, const struct redis_endpoint *master) {
    redis_seek_fn *fn = seek->fn;
    void *arg = seek->arg;
    redis_seek_cancel(seek);
    fn(master, arg);
}

static void ask_next(struct redis_seek *seek);

static void redis_seek_on_open(void *arg) {
    struct redis_seek *seek = arg;
    const struct slice parts[] = {SLICE("SENTINEL"), SLICE("get-master-addr-by-name"),
                                  slice_from(seek->place->sentinel_name)};
    redis_link_send(seek->link, parts, 3);
}

/* [host, port], or nil where the name is unknown. */
static bool read_master(struct slice reply, struct redis_endpoint *out) {
    struct resp_value list, host, port;
    uint64_t number;
    if (!resp_next(&reply, &list) || list.kind != RESP_ARRAY || list.number != 2 ||
        !resp_next(&reply, &host) || !resp_next(&reply, &port) || host.kind != RESP_TEXT ||
        port.kind != RESP_TEXT || !slice_to_uint(port.text, UINT16_MAX, &number) ||
        host.text.len == 0 || host.text.len >= sizeof out->host ||
        slice_find_byte(host.text, 0) < host.text.len)
        return false;
    memcpy(out->host, host.text.ptr, host.text.len);
    out->host[host.text.len] = 0;
    out->port = (uint16_t)number;
    return true;
}

static void redis_seek_on_reply(struct slice reply, void *arg) {
    struct redis_seek *seek = arg;
    struct redis_endpoint master;
    if (read_master(reply, &master))
        end(seek, &master);
    else
        ask_next(seek);
}

static void redis_seek_on_close(const char *why, void *arg) {
    struct redis_seek *seek = arg;
    seek->link = NULL;
    ask_next(seek);
}

static void redis_seek_on_deadline(void *arg) {
    ask_next(arg);
}

static void redis_seek_on_nobody(void *arg) {
    end(arg, NULL);
}

static void ask_next(struct redis_seek *seek) {
    static const struct redis_link_handlers handlers = {redis_seek_on_open, redis_seek_on_reply,
                                                        redis_seek_on_close};
    redis_link_close(seek->link);
    seek->link = NULL;
    timer_stop(&seek->deadline);
    while (seek->next < seek->place->sentinel_count) {
        const struct redis_endpoint *sentinel = &seek->place->sentinels[seek->next++];
        const struct redis_address address = {sentinel->host, sentinel->port, seek->tls};
        if (redis_link_open(&seek->link, seek->loop, &address, &handlers, seek) != 0)
            continue;
        timer_start(seek->loop, &seek->deadline, ANSWER_MS, 0, redis_seek_on_deadline, seek);
        return;
    }
    /* In a later turn, as the caller may still be starting the search. */
    timer_start(seek->loop, &seek->deadline, 0, 0, redis_seek_on_nobody, seek);
}

struct redis_seek *redis_seek_start(struct loop *loop, const struct redis_place *place,
                                    const struct tls *tls, redis_seek_fn *fn, void *arg) {
    struct redis_seek *seek = mem_alloc(sizeof *seek);
    *seek = (struct redis_seek){.loop = loop, .place = place, .tls = tls, .fn = fn, .arg = arg};
    ask_next(seek);
    return seek;
}
