/* The last events by number, for sessions that come back.
 *
 * Its memory is shared out. What the owner broadcasts by itself has one half. The other half belongs
 * to what single clients cause: what they make others hear, and what only they are sent. When that
 * half is full, the client that has most of it loses its oldest event; so a few who talk without end
 * push out themselves.
 *
 * An event that is pushed out leaves its number with those it was for: a room, everyone, a socket or
 * a session that may come back. They are not recovered across it. */
#include "base/blob.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/socketio/sio_private.h"

#include <string.h>

enum { LEVEL_SHIFT = 10 }; /* the first level is that of sources with up to 1 KiB */

uint64_t sio_history_next(struct sio_server *server) {
    return server->settings.recovery_ms > 0 ? ++server->seq : 0;
}

/* ---- Sources ---- */

/* Sources of about the same size share a list, so that one of the largest is found at once. */
static unsigned level_of(size_t bytes) {
    unsigned level = 0;
    for (bytes >>= LEVEL_SHIFT; bytes > 0 && level < SIO_SOURCE_LEVELS - 1; bytes >>= 1)
        level++;
    return level;
}

static void source_change(struct sio_server *server, struct sio_source *source, size_t bytes) {
    server->history_clients_bytes += bytes - source->bytes;
    source->bytes = bytes;
    unsigned level = level_of(bytes);
    if (level == source->level && !list_is_empty(&source->node))
        return;
    source->level = level;
    list_remove(&source->node);
    list_add(&server->history_sources[level], &source->node);
}

static struct sio_source *source_of(struct sio_client *client) {
    if (client->source)
        return client->source;
    struct sio_source *source = mem_alloc(sizeof *source);
    source->client = client;
    list_init(&source->node);
    list_init(&source->pasts);
    client->source = source;
    return source;
}

static void source_release(struct sio_source *source) {
    if (source->client || !list_is_empty(&source->pasts))
        return;
    list_remove(&source->node);
    mem_free(source);
}

void sio_history_leave(struct sio_client *client) {
    struct sio_source *source = client->source;
    if (!source)
        return;
    client->source = NULL;
    source->client = NULL;
    source_release(source);
}

/* ---- Events that leave ---- */

/* A name is a room, or the id of a socket or of a session that may come back. */
static void mark_name(struct sio_namespace *ns, struct slice name, uint64_t seq) {
    struct sio_room *room = sio_room_find(ns, name);
    struct sio_socket *socket = room ? NULL : map_find(&ns->ids, name);
    if (room)
        room->lost_seq = seq;
    else if (socket)
        socket->lost_seq = seq;
    else
        sio_kept_lost(ns, name, seq);
}

static void mark_lost(const struct sio_past *past) {
    if (past->id[0])
        mark_name(past->ns, slice_from(past->id), past->seq);
    else if (past->room_count == 0)
        past->ns->everyone.lost_seq = past->seq;
    for (unsigned i = 0; i < past->room_count; i++)
        mark_name(past->ns, past->names[i], past->seq);
}

static void past_free(struct sio_server *server, struct sio_past *past) {
    list_remove(&past->node);
    list_remove(&past->in_source);
    if (past->source) {
        source_change(server, past->source, past->source->bytes - past->bytes);
        source_release(past->source);
    } else {
        server->history_own_bytes -= past->bytes;
    }
    for (unsigned i = 0; i < past->frame_count; i++)
        blob_unref(past->frames[i]);
    mem_free(past->frames);
    mem_free(past);
}

static void past_drop(struct sio_server *server, struct sio_past *past) {
    mark_lost(past);
    past_free(server, past);
}

/* How long an event may stay unconfirmed: until a dead connection is noticed, and then until its
 * client is back. */
static int64_t history_ms(const struct sio_server *server) {
    const struct eio_settings *eio = &server->settings.eio;
    return (int64_t)server->settings.recovery_ms + eio->ping_interval_ms +
           2 * (int64_t)eio->ping_timeout_ms;
}

static struct sio_past *oldest_of(struct list *pasts) {
    return CONTAINER_OF(pasts->next, struct sio_past, in_source);
}

static struct sio_past *oldest_of_largest(struct sio_server *server) {
    unsigned level = SIO_SOURCE_LEVELS - 1;
    while (list_is_empty(&server->history_sources[level]))
        level--;
    struct list *first = server->history_sources[level].next;
    return oldest_of(&CONTAINER_OF(first, struct sio_source, node)->pasts);
}

void sio_history_prune(struct sio_server *server) {
    int64_t oldest_ms = loop_now_ms(server->loop) - history_ms(server);
    size_t half = server->settings.recovery_bytes / 2;
    while (server->history_own_bytes > half)
        past_drop(server, oldest_of(&server->history_own));
    while (server->history_clients_bytes > half)
        past_drop(server, oldest_of_largest(server));
    while (!list_is_empty(&server->history)) {
        struct sio_past *past = CONTAINER_OF(server->history.next, struct sio_past, node);
        if (past->at_ms >= oldest_ms)
            return;
        past_drop(server, past);
    }
}

/* ---- Events that come ---- */

static char *copy_names(struct slice *to, const struct slice *from, unsigned count, char *text) {
    for (unsigned i = 0; i < count; i++) {
        memcpy(text, from[i].ptr, from[i].len);
        to[i] = slice_of(text, from[i].len);
        text += from[i].len;
    }
    return text;
}

static size_t names_bytes(const struct slice *names, unsigned count) {
    size_t bytes = count * sizeof(struct slice);
    for (unsigned i = 0; i < count; i++)
        bytes += names[i].len;
    return bytes;
}

static void past_account(struct sio_server *server, struct sio_past *past,
                         struct sio_client *client) {
    list_add(&server->history, &past->node);
    if (client) {
        past->source = source_of(client);
        list_add(&past->source->pasts, &past->in_source);
        source_change(server, past->source, past->source->bytes + past->bytes);
    } else {
        list_add(&server->history_own, &past->in_source);
        server->history_own_bytes += past->bytes;
    }
    sio_history_prune(server);
}

void sio_history_add(struct sio_namespace *ns, uint64_t seq, const struct sio_socket *socket,
                     const struct sio_target *target, const struct sio_frames *frames) {
    static const struct sio_target nobody;
    struct sio_server *server = ns->server;
    const struct sio_target *to = target ? target : &nobody;
    size_t bytes = sizeof(struct sio_past) + names_bytes(to->rooms, to->room_count) +
                   names_bytes(to->except, to->except_count);
    struct sio_past *past = mem_alloc(bytes);
    past->seq = seq;
    past->at_ms = loop_now_ms(server->loop);
    past->ns = ns;
    past->frames = mem_alloc_array(frames->count, sizeof(struct blob *));
    past->frame_count = frames->count;
    past->frames_each = frames->each;
    past->pick = frames->pick;
    past->pick_arg = frames->pick_arg;
    past->room_count = to->room_count;
    past->except_count = to->except_count;
    if (socket)
        memcpy(past->id, socket->id, sizeof past->id);
    char *text = (char *)(past->names + to->room_count + to->except_count);
    text = copy_names(past->names, to->rooms, to->room_count, text);
    copy_names(past->names + to->room_count, to->except, to->except_count, text);
    for (unsigned i = 0; i < frames->count; i++) {
        past->frames[i] = blob_ref(frames->blobs[i]);
        bytes += frames->blobs[i]->len;
    }
    past->bytes = bytes;
    past_account(server, past, socket ? socket->client : server->acting);
}

void sio_history_open(struct sio_server *server) {
    list_init(&server->history);
    list_init(&server->history_own);
    for (unsigned i = 0; i < SIO_SOURCE_LEVELS; i++)
        list_init(&server->history_sources[i]);
}

void sio_history_free(struct sio_server *server) {
    while (!list_is_empty(&server->history))
        past_free(server, CONTAINER_OF(server->history.next, struct sio_past, node));
}
