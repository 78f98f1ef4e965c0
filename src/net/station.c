#include "net/station.h"

#include "base/mem.h"
#include "net/thread.h"

struct station {
    struct loop *loop;
    bool owns_loop;
    struct mailbox *inbox;
    struct thread *thread;
    struct mail stop;
};

static void run(void *arg) {
    struct station *station = arg;
    loop_run(station->loop);
}

int station_open_on(struct station **out, struct loop *loop, void *owner) {
    struct station *station = mem_alloc(sizeof *station);
    station->loop = loop;
    int err = mailbox_open(&station->inbox, loop, owner);
    if (err) {
        mem_free(station);
        return err;
    }
    *out = station;
    return 0;
}

int station_open(struct station **out, void *owner) {
    struct loop *loop;
    int err = loop_open(&loop);
    if (err)
        return err;
    err = station_open_on(out, loop, owner);
    if (err)
        loop_close(loop);
    else
        (*out)->owns_loop = true;
    return err;
}

void station_gather(struct station *station, int64_t ms) {
    mailbox_gather(station->inbox, ms);
}

int station_start(struct station *station, const char *name, int nice) {
    return thread_start(&station->thread, name, nice, run, station);
}

struct loop *station_loop(const struct station *station) {
    return station->loop;
}

void station_send(struct station *station, struct mail *mail) {
    mailbox_send(station->inbox, mail);
}

size_t station_depth(struct station *station) {
    return mailbox_depth(station->inbox);
}

void station_stop(struct station *station) {
    loop_stop(station->loop);
}

void station_wait(struct station *station) {
    thread_join(station->thread);
    station->thread = NULL;
}

static void deliver_stop(struct mail *mail, void *owner) {
    station_stop(CONTAINER_OF(mail, struct station, stop));
}

void station_end(struct station *station) {
    if (!station || !station->thread)
        return;
    station->stop.deliver = deliver_stop;
    station_send(station, &station->stop);
    station_wait(station);
}

void station_shut(struct station *station) {
    station_end(station);
    mailbox_close(station->inbox);
    station->inbox = NULL;
}

void station_close(struct station *station) {
    if (!station)
        return;
    station_shut(station);
    if (station->owns_loop)
        loop_close(station->loop);
    mem_free(station);
}
