/*
 * Joins of feedback rooms that take time:
 *
 *     right?  ->  what the client missed, from the store  ->  from memory  ->  join
 *
 * The last page from memory and the join happen in one turn of the loop, so that no feedback is
 * missed between them and none comes twice.
 */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/recordings/feedback_row.h"
#include "app/sessions/sessions.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/store/store.h"

#include <errno.h>
#include <string.h>

enum {
    PAGE = 200,              /* events at a time */
    AHEAD_BYTES = 256 << 10, /* that may wait for the client before we pause */
    PAUSE_MS = 50,
};

static void hosts_on_step(void *arg);
static void judge(struct host_ticket *);

static void ticket_stop(struct host_ticket *ticket) {
    if (ticket->call)
        store_cancel(ticket->call);
    ticket->call = NULL;
    hosts_ask_end(&ticket->ask);
    timer_stop(&ticket->pause);
}

static void ticket_free(struct host_ticket *ticket) {
    ticket_stop(ticket);
    list_remove(&ticket->node);
    ticket->client->ticket_count--;
    buf_free(&ticket->room);
    mem_free(ticket->meeting_id);
    mem_free(ticket);
}

void hosts_tickets_end(struct host_client *client) {
    while (!list_is_empty(&client->tickets))
        ticket_free(CONTAINER_OF(client->tickets.next, struct host_ticket, node));
}

bool hosts_tickets_drop(struct host_client *client, struct slice room, bool is_waiting) {
    bool was_listener = false;
    LIST_EACH(&client->tickets, node) {
        struct host_ticket *ticket = CONTAINER_OF(node, struct host_ticket, node);
        if ((is_waiting && !ticket->is_waiting) || !slice_is_equal(buf_slice(&ticket->room), room))
            continue;
        was_listener |= ticket->wish.is_listener;
        ticket_free(ticket);
    }
    return was_listener;
}

static struct slice meeting_name(const struct host_ticket *ticket) {
    struct slice name = SLICE_NONE;
    hosts_is_feedback_room(buf_slice(&ticket->room), &name);
    return name;
}

/* The meeting to play back: the session that the ticket was judged for, even if the room's name
 * means another by now. */
static struct slice meeting_of(const struct host_ticket *ticket) {
    return ticket->meeting_id ? slice_from(ticket->meeting_id) : meeting_name(ticket);
}

static void remember_session(struct host_ticket *ticket) {
    const struct session *session = hosts_find_session(ticket->client->hosts, meeting_name(ticket));
    mem_free(ticket->meeting_id);
    ticket->meeting_id = session ? mem_copy_text(session->meeting_id) : NULL;
}

/* True when the name has come to mean another meeting since it was judged. */
static bool is_outdated(const struct host_ticket *ticket) {
    const struct hosts *hosts = ticket->client->hosts;
    const struct session *session = hosts_find_session(hosts, meeting_name(ticket));
    const char *now = session ? session->meeting_id : "";
    return hosts->settings.config->feedback_access == ACCESS_HOST &&
           strcmp(now, ticket->meeting_id ? ticket->meeting_id : "") != 0;
}

static void ticket_finish(struct host_ticket *ticket) {
    struct host_client *client = ticket->client;
    struct buf room = ticket->room;
    struct host_wish wish = ticket->wish;
    ticket->room = (struct buf){0};
    ticket_free(ticket);
    hosts_enter(client, buf_slice(&room), wish.wants_stats, wish.is_silent);
    buf_free(&room);
}

static bool is_ahead(struct host_ticket *ticket) {
    if (sio_queued_bytes(ticket->client->socket) < AHEAD_BYTES)
        return false;
    timer_start(ticket->client->hosts->settings.loop, &ticket->pause, PAUSE_MS, 0, hosts_on_step,
                ticket);
    return true;
}

static void replay(struct host_ticket *ticket, struct slice json, uint64_t seq) {
    sio_emit(ticket->client->socket, "feedback", json);
    ticket->client->hosts->counters.replayed++;
    ticket->wish.after = seq;
}

/* The number of the oldest event in memory; what is older comes from the store. */
static uint64_t oldest_seq(const struct host_meeting *meeting) {
    if (!meeting || meeting->events.len == 0)
        return UINT64_MAX;
    const struct host_event *oldest = ring_at(&meeting->events, 0);
    return oldest->seq;
}

static void hosts_on_page(int err, const struct store_feedback_list *list, void *arg) {
    struct host_ticket *ticket = arg;
    const struct host_meeting *meeting =
        hosts_find_meeting(ticket->client->hosts, meeting_of(ticket));
    uint64_t oldest = oldest_seq(meeting);

    ticket->call = NULL;
    ticket->is_store_done = err || list->count < PAGE;
    for (size_t i = 0; !err && i < list->count; i++) {
        const struct store_feedback *row = &list->events[i];
        if ((uint64_t)row->seq >= oldest || (uint64_t)row->seq <= ticket->wish.after) {
            ticket->is_store_done = true;
            break;
        }
        struct buf json = {0};
        feedback_row_write(&json, row);
        replay(ticket, buf_slice(&json), (uint64_t)row->seq);
        buf_free(&json);
    }
    hosts_on_step(ticket);
}

/* True when the store was asked; the ticket continues in hosts_on_page. */
static bool ask_store(struct host_ticket *ticket, const struct host_meeting *meeting) {
    struct hosts *hosts = ticket->client->hosts;
    struct slice name = meeting ? slice_from(meeting->id) : meeting_of(ticket);

    if (ticket->is_store_done || oldest_seq(meeting) <= ticket->wish.after + 1)
        return false;
    ticket->call = store_feedback_replay(hosts->settings.store, name, (int64_t)ticket->wish.after,
                                         PAGE, hosts_on_page, ticket);
    return true;
}

/* One page from memory; true when that was the last. */
static bool replay_memory(struct host_ticket *ticket, const struct host_meeting *meeting) {
    enum locale locale = (enum locale)ticket->client->locale;
    unsigned sent = 0;

    for (size_t i = 0; meeting && i < meeting->events.len; i++) {
        const struct host_event *event = ring_at(&meeting->events, i);
        if (event->seq <= ticket->wish.after)
            continue;
        if (sent++ == PAGE)
            return false;
        struct buf json = {0};
        feedback_write_json(&json, &event->feedback, locale, slice_from(event->id),
                            slice_from(meeting->id), event->seq);
        replay(ticket, buf_slice(&json), event->seq);
        buf_free(&json);
    }
    return true;
}

static void hosts_on_step(void *arg) {
    struct host_ticket *ticket = arg;
    if (is_outdated(ticket)) {
        ticket->is_store_done = false;
        judge(ticket);
        return;
    }
    const struct host_meeting *meeting =
        hosts_find_meeting(ticket->client->hosts, meeting_of(ticket));
    if (ticket->wish.has_after) {
        if (is_ahead(ticket) || ask_store(ticket, meeting))
            return;
        while (!replay_memory(ticket, meeting)) {
            if (is_ahead(ticket))
                return;
        }
    }
    ticket_finish(ticket);
}

static void ticket_refuse(struct host_ticket *ticket) {
    struct host_client *client = ticket->client;
    client->hosts->counters.joins_refused++;
    hosts_exception(client, "Forbidden: FEEDBACK_ACCESS lets only hosts of this meeting listen",
                    "join-room", NULL);
    ticket_free(ticket);
}

/* Applies FEEDBACK_ACCESS to the verdict. */
static void decide(struct host_ticket *ticket, enum host_verdict verdict) {
    struct hosts *hosts = ticket->client->hosts;
    int access = hosts->settings.config->feedback_access;

    if (verdict != HOST_YES && access == ACCESS_REPORT) {
        hosts->counters.joins_reported++;
        char name[TEXT_NAME_SIZE];
        text_reduce(meeting_name(ticket), name);
        log_limited(LOG_WARN, 10, NULL, "hosts", "FEEDBACK_ACCESS=host would refuse this listener",
                    log_text("meeting", name));
    }
    if (verdict == HOST_YES || access != ACCESS_HOST) {
        hosts_on_step(ticket);
    } else if (verdict == HOST_WAIT) {
        ticket->is_waiting = true;
    } else {
        ticket_refuse(ticket);
    }
}

static void hosts_on_member(int err, void *user) {
    struct host_ticket *ticket = user;
    bool may_wait = err == ESRCH && ticket->wish.is_listener;
    decide(ticket, !err ? HOST_YES : may_wait ? HOST_WAIT : HOST_NO);
}

static void judge(struct host_ticket *ticket) {
    struct host_client *client = ticket->client;
    enum host_verdict verdict = HOST_YES;
    remember_session(ticket);
    if (client->hosts->settings.config->feedback_access != ACCESS_OPEN)
        verdict = hosts_judge(client, meeting_name(ticket));
    const struct session *session = hosts_find_session(client->hosts, meeting_name(ticket));
    if (verdict == HOST_ASK && session && !session->is_stored)
        ticket->is_waiting = true;
    else if (verdict == HOST_ASK)
        hosts_ask_start(&ticket->ask, client, meeting_name(ticket), hosts_on_member, ticket);
    else
        decide(ticket, verdict);
}

static struct host_ticket *ticket_new(struct host_client *client, struct slice room,
                                      const struct host_wish *wish) {
    struct host_ticket *ticket = mem_alloc(sizeof *ticket);
    ticket->client = client;
    buf_add_slice(&ticket->room, room);
    ticket->wish = *wish;
    list_add(&client->tickets, &ticket->node);
    client->ticket_count++;
    return ticket;
}

void hosts_ticket_start(struct host_client *client, struct slice room,
                        const struct host_wish *wish) {
    judge(ticket_new(client, room, wish));
}

/* ---- Waiting ---- */

void hosts_ticket_wait(struct host_client *client, struct slice room,
                       const struct host_wish *wish) {
    ticket_new(client, room, wish)->is_waiting = true;
}

static bool waits_for(const struct host_ticket *ticket, const struct session *session) {
    return ticket->is_waiting &&
           hosts_find_session(ticket->client->hosts, meeting_name(ticket)) == session;
}

static void wake_client(struct host_client *client, const struct session *session) {
    LIST_EACH(&client->tickets, node) {
        struct host_ticket *ticket = CONTAINER_OF(node, struct host_ticket, node);
        if (!waits_for(ticket, session))
            continue;
        ticket->is_waiting = false;
        judge(ticket);
    }
}

void hosts_tickets_wake(struct hosts *hosts, const struct session *session) {
    LIST_EACH(&hosts->clients, node) {
        struct host_client *client = CONTAINER_OF(node, struct host_client, node);
        if (client->socket)
            wake_client(client, session);
    }
}

void hosts_tickets_expire(struct host_client *client) {
    LIST_EACH(&client->tickets, node) {
        struct host_ticket *ticket = CONTAINER_OF(node, struct host_ticket, node);
        if (!ticket->is_waiting || hosts_judge(client, meeting_name(ticket)) != HOST_NO)
            continue;
        hosts_remember_room(&client->expired, buf_slice(&ticket->room));
        if (ticket->wish.wants_stats) {
            struct buf stats_room = hosts_stats_room(meeting_name(ticket));
            hosts_remember_room(&client->expired, buf_slice(&stats_room));
            buf_free(&stats_room);
        }
        ticket_free(ticket);
    }
}

/* ---- While the connection is away ---- */

void hosts_tickets_pause(struct host_client *client) {
    LIST_EACH(&client->tickets, node) {
        ticket_stop(CONTAINER_OF(node, struct host_ticket, node));
    }
}

void hosts_tickets_resume(struct host_client *client, uint64_t sio_seq) {
    LIST_EACH(&client->tickets, node) {
        struct host_ticket *ticket = CONTAINER_OF(node, struct host_ticket, node);
        struct slice name = meeting_name(ticket);
        const struct session *session = hosts_find_session(client->hosts, name);
        if (!ticket->wish.has_after) {
            ticket->wish.has_after = true;
            ticket->wish.after = hosts_seq_at(client->hosts, name, sio_seq);
        }
        if (ticket->is_waiting && !(session && session->is_active))
            continue;
        ticket->is_waiting = false;
        ticket->is_store_done = false;
        judge(ticket);
    }
}
