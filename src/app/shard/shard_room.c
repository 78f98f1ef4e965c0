/* What control and a shard tell each other about joined rooms, each as one message. */
#include "app/shard/shard_private.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

/* ---- From control to the shard ---- */

struct ticket_mail {
    struct mail mail;
    uint64_t key;
    bool is_first, is_leave, is_recorded;
    char *room, *url, *token;
};

static void ticket_deliver(struct mail *mail, void *owner) {
    struct ticket_mail *m = (struct ticket_mail *)mail;
    struct shard *shard = owner;
    shard->core.now_ms = clock_mono_ms();
    const struct shard_ticket ticket = {
        .room = slice_from(m->room),
        .sfu = {slice_from(m->url), slice_from(m->token)},
        .is_first = m->is_first,
        .is_recorded = m->is_recorded,
    };
    if (m->is_leave)
        shard_on_leave(shard, m->key);
    else
        shard_on_join(shard, m->key, &ticket);
    if (m->token)
        explicit_bzero(m->token, strlen(m->token));
    mem_free(m->room);
    mem_free(m->url);
    mem_free(m->token);
    mem_free(m);
}

void shard_join_room(struct shard *shard, uint64_t key, const struct shard_ticket *ticket) {
    struct ticket_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = ticket_deliver;
    m->key = key;
    m->is_first = ticket->is_first;
    m->is_recorded = ticket->is_recorded;
    m->room = slice_copy_text(ticket->room);
    m->url = slice_copy_text(ticket->sfu.url);
    m->token = slice_copy_text(ticket->sfu.token);
    station_send(shard->station, &m->mail);
}

void shard_leave_room(struct shard *shard, uint64_t key) {
    struct ticket_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = ticket_deliver;
    m->key = key;
    m->is_leave = true;
    station_send(shard->station, &m->mail);
}

/* ---- From the shard to control ---- */

struct room_mail {
    struct mail mail;
    struct shard_listener listener;
    struct shard_room_event event;
    char *identity, *track, *text;
};

static void room_deliver(struct mail *mail, void *owner) {
    struct room_mail *m = (struct room_mail *)mail;
    m->event.identity = slice_from(m->identity);
    m->event.track = slice_from(m->track);
    m->event.text = slice_from(m->text);
    m->listener.on_room(&m->event, m->listener.user);
    mem_free(m->identity);
    mem_free(m->track);
    mem_free(m->text);
    mem_free(m);
}

void shard_tell_room(const struct shard_room_event *event, void *user) {
    struct shard *shard = user;
    struct room_mail *m = mem_alloc(sizeof *m);
    m->mail.deliver = room_deliver;
    m->listener = shard->listener;
    m->event = *event;
    m->identity = slice_copy_text(event->identity);
    m->track = slice_copy_text(event->track);
    m->text = slice_copy_text(event->text);
    mailbox_send(shard->control, &m->mail);
}
