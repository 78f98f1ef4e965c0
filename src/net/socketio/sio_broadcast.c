/* Broadcasts: encoded once, sent in slices.
 *
 * Jobs wait in a queue and are served in order. A socket remembers the newest job it is done with.
 * Whatever would change its place in the order (a message to it alone, joining, leaving) first
 * settles the jobs that are still due to it. So the members of a room, as the slices see them, are
 * those of the moment the broadcast was made. */
#include "base/blob.h"
#include "base/mem.h"
#include "net/socketio/sio_private.h"

#include <string.h>

/* A broadcast whose sockets have not all been served. */
struct sio_job {
    struct list node;
    uint64_t number;
    struct sio_namespace *ns;
    uint64_t seq;           /* 0: it cannot be recovered */
    struct blob **frames;   /* of each text: itself and its attachments */
    struct blob **numbered; /* the texts with the number, made when a socket needs it */
    unsigned text_count, frames_each;
    sio_pick_fn *pick; /* NULL: everybody gets frames[0] */
    void *pick_arg;
    struct sio_room **rooms, **excepts;
    unsigned room_count, except_count;
    unsigned room_at, member_at; /* members still to serve: [0, member_at) of rooms[room_at] */
    bool is_started;
    bool is_volatile;
};

static bool is_excepted(const struct sio_job *job, const struct sio_socket *socket) {
    for (unsigned i = 0; i < job->except_count; i++) {
        if (sio_room_has(job->excepts[i], socket))
            return true;
    }
    return false;
}

static struct blob *frame_for(const struct sio_job *job, const struct sio_socket *socket,
                              unsigned text) {
    struct blob *frame = job->frames[text * job->frames_each];
    if (!socket->has_offsets || job->seq == 0)
        return frame;
    if (!job->numbered[text])
        job->numbered[text] = sio_number_frame(frame, job->seq);
    return job->numbered[text];
}

static void deliver(const struct sio_job *job, struct sio_socket *socket) {
    struct sio_stats *stats = &job->ns->server->stats;
    unsigned text = job->pick ? job->pick(socket, job->pick_arg) : 0;
    socket->last_job = job->number;
    if (is_excepted(job, socket) || text >= job->text_count)
        return;
    if (job->is_volatile && !eio_is_writable(socket->session)) {
        stats->volatile_dropped++;
        return;
    }
    eio_send_now(socket->session, frame_for(job, socket, text));
    for (unsigned i = 1; i < job->frames_each; i++)
        eio_send_now(socket->session, job->frames[text * job->frames_each + i]);
    if (job->seq > 0)
        socket->sent_seq = job->seq;
    stats->deliveries++;
}

static void unpin_rooms(struct sio_room **rooms, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        sio_room_unpin(rooms[i]);
    mem_free(rooms);
}

static void job_free(struct sio_job *job) {
    list_remove(&job->node);
    for (unsigned i = 0; i < job->text_count * job->frames_each; i++)
        blob_unref(job->frames[i]);
    for (unsigned i = 0; i < job->text_count; i++) {
        if (job->numbered[i])
            blob_unref(job->numbered[i]);
    }
    mem_free(job->numbered);
    unpin_rooms(job->rooms, job->room_count);
    unpin_rooms(job->excepts, job->except_count);
    mem_free(job->frames);
    mem_free(job);
}

/* ---- serving ---- */

/* Fetches the next sockets into the cache while one is served: each pointer when what holds it has
 * arrived. */
static void look_ahead(const struct sio_room *room, unsigned at) {
    enum { STREAM = 2, LINK = 4, SESSION = 6, SOCKET = 8 };
    const struct sio_member *next = room->members + at - 1;
    if (at > SOCKET)
        __builtin_prefetch(next[-SOCKET].socket);
    if (at > SESSION)
        eio_prefetch(next[-SESSION].socket->session, EIO_PREFETCH_SESSION);
    if (at > LINK)
        eio_prefetch(next[-LINK].socket->session, EIO_PREFETCH_LINK);
    if (at > STREAM)
        eio_prefetch(next[-STREAM].socket->session, EIO_PREFETCH_STREAM);
}

/* Walks the rooms backwards: a socket that leaves meanwhile is replaced by the last one, which has
 * been served already. False when the budget is spent. */
static bool serve(struct sio_job *job, unsigned *budget) {
    for (; job->room_at < job->room_count; job->room_at++, job->is_started = false) {
        struct sio_room *room = job->rooms[job->room_at];
        if (!job->is_started || job->member_at > room->count)
            job->member_at = room->count;
        job->is_started = true;
        while (job->member_at > 0) {
            if (*budget == 0)
                return false;
            struct sio_socket *socket = room->members[job->member_at - 1].socket;
            look_ahead(room, job->member_at);
            job->member_at--;
            if (socket->last_job >= job->number)
                continue;
            deliver(job, socket);
            (*budget)--;
        }
    }
    return true;
}

static void sio_run_jobs(void *arg);

static void sio_on_refill(void *arg) {
    struct sio_server *server = arg;
    server->budget = SIO_SLICE;
    if (!list_is_empty(&server->jobs))
        timer_start(server->loop, &server->next_turn, 0, 0, sio_run_jobs, server);
}

static void sio_run_jobs(void *arg) {
    struct sio_server *server = arg;
    loop_defer(server->loop, &server->refill, sio_on_refill, server);
    while (!list_is_empty(&server->jobs)) {
        struct sio_job *job = CONTAINER_OF(server->jobs.next, struct sio_job, node);
        if (!serve(job, &server->budget))
            return;
        job_free(job);
    }
}

void sio_settle(struct sio_socket *socket) {
    struct sio_server *server = socket->ns->server;
    if (list_is_empty(&server->jobs))
        return;
    LIST_EACH(&server->jobs, node) {
        struct sio_job *job = CONTAINER_OF(node, struct sio_job, node);
        if (job->number <= socket->last_job || job->ns != socket->ns)
            continue;
        unsigned i = 0;
        while (i < job->room_count && !sio_room_has(job->rooms[i], socket))
            i++;
        if (i < job->room_count)
            deliver(job, socket);
    }
    socket->last_job = server->job_number;
}

void sio_jobs_free(struct sio_server *server) {
    LIST_EACH(&server->jobs, node)
        job_free(CONTAINER_OF(node, struct sio_job, node));
    timer_stop(&server->next_turn);
    loop_undefer(server->loop, &server->refill);
}

/* ---- making ---- */

/* A name that is a socket's id is dealt with at once; a room without members is left out. */
static unsigned pin_rooms(struct sio_job *job, const struct slice *names, unsigned count,
                          struct sio_room **rooms, bool is_except) {
    unsigned used = 0;
    for (unsigned i = 0; i < count; i++) {
        struct sio_room *room = sio_room_find(job->ns, names[i]);
        struct sio_socket *socket = room ? NULL : map_find(&job->ns->ids, names[i]);
        if (room) {
            room->pins++;
            rooms[used++] = room;
        } else if (socket && socket->last_job < job->number) {
            sio_settle(socket);
            if (!is_except)
                deliver(job, socket);
            socket->last_job = job->number;
        }
    }
    return used;
}

/* Excepted rooms first: a socket that is excepted by id must be marked before any is served. */
static void aim(struct sio_job *job, const struct sio_target *target) {
    job->excepts = mem_alloc_array(target->except_count, sizeof(struct sio_room *));
    job->except_count = pin_rooms(job, target->except, target->except_count, job->excepts, true);
    if (target->room_count > 0) {
        job->rooms = mem_alloc_array(target->room_count, sizeof(struct sio_room *));
        job->room_count = pin_rooms(job, target->rooms, target->room_count, job->rooms, false);
    } else {
        job->rooms = mem_alloc(sizeof(struct sio_room *));
        job->rooms[job->room_count++] = &job->ns->everyone;
        job->ns->everyone.pins++;
    }
}

/* Takes over the frames. */
static void broadcast(struct sio_namespace *ns, const struct sio_target *target,
                      const struct sio_frames *frames) {
    struct sio_server *server = ns->server;
    struct sio_job *job = mem_alloc(sizeof *job);
    list_init(&job->node);
    job->ns = ns;
    job->seq = target->is_volatile ? 0 : sio_history_next(server);
    if (job->seq > 0)
        sio_history_add(ns, job->seq, NULL, target, frames);
    job->frames = mem_alloc_array(frames->count, sizeof(struct blob *));
    memcpy(job->frames, frames->blobs, frames->count * sizeof(struct blob *));
    job->frames_each = frames->each;
    job->text_count = frames->count / frames->each;
    job->numbered = mem_alloc_array(job->text_count, sizeof(struct blob *));
    job->pick = frames->pick;
    job->pick_arg = frames->pick_arg;
    job->is_volatile = target->is_volatile;
    job->number = server->job_number + 1;
    aim(job, target);
    server->job_number = job->number;
    if (job->room_count == 0) {
        job_free(job);
        return;
    }
    list_add(&server->jobs, &job->node);
    sio_run_jobs(server);
}

void sio_broadcast_each(struct sio_namespace *ns, const struct sio_target *target,
                        const char *event, const struct slice *args, unsigned count,
                        sio_pick_fn *pick, void *arg) {
    struct blob **texts = mem_alloc_array(count, sizeof(struct blob *));
    for (unsigned i = 0; i < count; i++) {
        struct blob *one[1 + SIO_ATTACHMENTS_MAX];
        sio_encode(ns, event, args[i], NULL, 0, one);
        texts[i] = one[0];
    }
    broadcast(ns, target, &(struct sio_frames){texts, count, 1, pick, arg});
    mem_free(texts);
}

void sio_broadcast_binary(struct sio_namespace *ns, const struct sio_target *target,
                          const char *event, struct slice args, const struct slice *attachments,
                          unsigned count) {
    struct blob *frames[1 + SIO_ATTACHMENTS_MAX];
    unsigned each = sio_encode(ns, event, args, attachments, count, frames);
    broadcast(ns, target, &(struct sio_frames){frames, each, each, NULL, NULL});
}

void sio_broadcast(struct sio_namespace *ns, const struct sio_target *target, const char *event,
                   struct slice args) {
    sio_broadcast_binary(ns, target, event, args, NULL, 0);
}
