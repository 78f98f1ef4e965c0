/* Broadcasts: encoded once, handed out in slices.
 *
 * Jobs stand in a queue and are served in order. A socket remembers the newest job it is done with; whatever would change
 * its place in the order (a message for it alone, joining, leaving) first settles the jobs that are still before it. So the
 * members of a room, as the slices see them, are those of the moment the broadcast was made. */
#include "base/blob.h"
#include "base/mem.h"
#include "net/socketio/sio_private.h"

#include <assert.h>

static struct sio_room *job_room(const struct sio_job *job, unsigned index) {
    return job->rooms ? job->rooms[index] : &job->ns->everyone;
}

static bool is_excepted(const struct sio_job *job, const struct sio_socket *socket) {
    for (unsigned i = 0; i < job->except_count; i++) {
        if (sio_room_has(job->rooms[job->room_count + i], socket))
            return true;
    }
    return false;
}

static void deliver(const struct sio_job *job, struct sio_socket *socket) {
    struct eio_session *session = socket->session;
    struct sio_stats *stats = &job->ns->server->stats;
    unsigned text = job->pick ? job->pick(socket, job->pick_arg) : 0;
    struct blob **frames;

    socket->last_job = job->number;
    if (is_excepted(job, socket) || text >= job->frame_count / job->frames_each)
        return;
    if (job->is_volatile && !eio_is_writable(session)) {
        stats->volatile_dropped++;
        return;
    }
    frames = job->frames + (size_t)text * job->frames_each;
    for (unsigned i = 0; i < job->frames_each; i++)
        eio_send_now(session, frames[i]);
    stats->deliveries++;
}

static void job_free(struct sio_job *job) {
    list_remove(&job->node);
    for (unsigned i = 0; i < job->frame_count; i++)
        blob_unref(job->frames[i]);
    for (unsigned i = 0; job->rooms && i < job->room_count + job->except_count; i++) {
        job->rooms[i]->pins--;
        sio_room_release(job->rooms[i]);
    }
    mem_free(job->rooms);
    mem_free(job->frames);
    mem_free(job);
}

/* The next sockets are fetched while one is served, each pointer when what holds it has come. */
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

/* Goes through the rooms from their ends, so that who leaves meanwhile moves nobody past the mark. */
static bool serve(struct sio_job *job, unsigned *budget) {
    for (; job->room_at < job->room_count; job->room_at++, job->is_started = false) {
        struct sio_room *room = job_room(job, job->room_at);

        if (!job->is_started || job->member_at > room->count)
            job->member_at = room->count;
        job->is_started = true;
        while (job->member_at > 0) {
            struct sio_socket *socket = room->members[job->member_at - 1].socket;

            if (*budget == 0)
                return false;
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

static void run_jobs(struct sio_server *server);

static void on_next_turn(void *arg) {
    run_jobs(arg);
}

static void on_refill(void *arg) {
    struct sio_server *server = arg;

    server->budget = SIO_SLICE;
    if (!list_is_empty(&server->jobs))
        timer_start(server->loop, &server->next_turn, 0, 0, on_next_turn, server);
}

static void run_jobs(struct sio_server *server) {
    loop_defer(server->loop, &server->refill, on_refill, server);
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
        unsigned i = 0;

        if (job->number <= socket->last_job || job->ns != socket->ns)
            continue;
        while (i < job->room_count && !sio_room_has(job_room(job, i), socket))
            i++;
        if (i < job->room_count)
            deliver(job, socket);
    }
    socket->last_job = server->job_number;
}

void sio_jobs_free(struct sio_server *server) {
    LIST_EACH(&server->jobs, node) {
        job_free(CONTAINER_OF(node, struct sio_job, node));
    }
    timer_stop(&server->next_turn);
    loop_undefer(server->loop, &server->refill);
}

/* A name that is a socket's id is dealt with at once; a room that nobody is in is left out. */
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

/* Excepted rooms first: who is excepted by id must be marked before anybody is served. */
static void aim(struct sio_job *job, const struct sio_target *target) {
    size_t total = (size_t)target->room_count + target->except_count;
    struct sio_room **excepts;

    job->room_count = 1;
    if (total == 0)
        return;
    if (target->room_count == 0) {
        job->rooms = mem_alloc_array(total + 1, sizeof(struct sio_room *));
        job->rooms[0] = &job->ns->everyone;
        job->ns->everyone.pins++;
        job->except_count =
            pin_rooms(job, target->except, target->except_count, job->rooms + 1, true);
        return;
    }
    job->rooms = mem_alloc_array(total, sizeof(struct sio_room *));
    excepts = mem_alloc_array(target->except_count, sizeof(struct sio_room *));
    job->room_count = 0;
    job->except_count = pin_rooms(job, target->except, target->except_count, excepts, true);
    for (unsigned i = 0; i < job->except_count; i++)
        job->rooms[i] = excepts[i];
    job->room_count =
        pin_rooms(job, target->rooms, target->room_count, job->rooms + job->except_count, false);
    /* Served first, excepted last. */
    for (unsigned i = 0; i < job->room_count; i++)
        job->rooms[i] = job->rooms[job->except_count + i];
    for (unsigned i = 0; i < job->except_count; i++)
        job->rooms[job->room_count + i] = excepts[i];
    mem_free(excepts);
}

static void broadcast(struct sio_namespace *ns, const struct sio_target *target,
                      struct blob **frames, unsigned frame_count, unsigned frames_each,
                      uint64_t seq, sio_pick_fn *pick, void *pick_arg) {
    struct sio_server *server = ns->server;
    struct sio_job *job = mem_alloc(sizeof *job);

    if (seq > 0)
        sio_history_add(ns, seq, SLICE_NONE, target, frames, frame_count, frames_each, pick,
                        pick_arg);
    server->stats.broadcasts++;
    list_init(&job->node);
    job->ns = ns;
    job->frames = frames;
    job->frame_count = frame_count;
    job->frames_each = frames_each;
    job->pick = pick;
    job->pick_arg = pick_arg;
    job->is_volatile = target->is_volatile;
    job->number = server->job_number + 1;
    aim(job, target);
    server->job_number = job->number;
    if (job->room_count == 0) {
        job_free(job);
        return;
    }
    list_add(&server->jobs, &job->node);
    run_jobs(server);
}

void sio_broadcast_binary(struct sio_namespace *ns, const struct sio_target *target,
                          const char *event, struct slice args, const struct slice *attachments,
                          unsigned count) {
    uint64_t seq = target->is_volatile ? 0 : sio_history_next(ns->server);
    struct blob **frames = mem_alloc_array(1 + SIO_ATTACHMENTS_MAX, sizeof(struct blob *));
    unsigned each = sio_encode(ns, NULL, event, args, attachments, count, seq, frames);

    broadcast(ns, target, frames, each, each, seq, NULL, NULL);
}

void sio_broadcast(struct sio_namespace *ns, const struct sio_target *target, const char *event,
                   struct slice args) {
    sio_broadcast_binary(ns, target, event, args, NULL, 0);
}

void sio_broadcast_each(struct sio_namespace *ns, const struct sio_target *target,
                        const char *event, const struct slice *args, unsigned count,
                        sio_pick_fn *pick, void *arg) {
    uint64_t seq = target->is_volatile ? 0 : sio_history_next(ns->server);
    struct blob **frames = mem_alloc_array(count, sizeof(struct blob *));

    for (unsigned i = 0; i < count; i++) {
        struct blob *one[1 + SIO_ATTACHMENTS_MAX];

        sio_encode(ns, NULL, event, args[i], NULL, 0, seq, one);
        frames[i] = one[0];
    }
    broadcast(ns, target, frames, count, 1, seq, pick, arg);
}
