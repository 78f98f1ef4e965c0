#include "app/config/config.h"
#include "app/rooms/rooms_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "app/sessions/unheard.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/loop.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"
#include "outside/room/room_token.h"

#include <string.h>

enum {
    IDENTITY_RANDOM = 16,
    BACKOFF_FIRST_MS = 500,
    BACKOFF_MAX_MS = 30000,
    FAILED_FIRST_MS = 10000, /* a room that could not be joined, where no egress works either */
    FAILED_MAX_MS = 300000
};

static const struct session *session_of(const struct join *join) {
    return sessions_find(join->rooms->set.sessions, slice_from(join->meeting_id));
}

/* Anybody but recorders and agents: a stream that is fed into the room has sound, too. */
static bool has_person(const struct session *session) {
    MAP_EACH(&session->attendees, at) {
        const struct attendee *attendee = at.value;
        if (attendee->is_present && attendee->is_known && !attendee->is_service)
            return true;
    }
    return false;
}

/* ---- Tickets ---- */

static void write_base(struct buf *out, struct slice url) {
    bool is_secure = slice_has_prefix_nocase(url, SLICE("https"));
    buf_add_text(out, is_secure ? "wss" : "ws");
    buf_add_slice(out, slice_skip(url, is_secure ? sizeof "https" - 1 : sizeof "http" - 1));
}

/* Each attempt has a token of its own, made for it: one that was kept may have expired. */
static int give_ticket(struct join *join) {
    const struct config *config = join->rooms->set.config;
    const struct session *session = session_of(join);
    const struct jwt_key *key = &config->livekit_keys[0];
    struct buf token = {0}, url = {0};
    room_token_write(&token, key->issuer, key->secret, slice_from(join->room_name),
                     slice_from(join->identity), clock_wall_ms() / 1000);
    write_base(&url, slice_from(config->livekit_url));
    const struct shard_ticket ticket = {
        .room = slice_from(join->room_name),
        .sfu = {buf_slice(&url), buf_slice(&token)},
        .is_recorded = !session || session->wish == SESSION_RECORD,
        .is_first = !join->is_on_shard,
    };
    int err =
        directory_join_room(join->rooms->set.directory, slice_from(join->meeting_id), &ticket);
    explicit_bzero(token.data, token.len);
    buf_free(&token);
    buf_free(&url);
    return err;
}

/* ---- Waiting ---- */

static void join_step(struct join *join);

static void join_on_timer(void *arg) {
    struct join *join = arg;
    join->state = JOIN_IDLE;
    join_step(join);
}

static void join_pause(struct join *join, int64_t first_ms, int64_t most_ms) {
    join->failures++;
    join->state = JOIN_PAUSING;
    timer_start(join->rooms->set.loop, &join->timer,
                backoff_ms(join->failures, first_ms, most_ms, rand_u64()), 0, join_on_timer, join);
}

static void leave(struct join *join) {
    livekit_cancel(join->call);
    join->call = NULL;
    timer_stop(&join->timer);
    if (join->is_on_shard)
        directory_leave_room(join->rooms->set.directory, slice_from(join->meeting_id));
    join->state = JOIN_IDLE;
}

/* ---- Steps ---- */

static bool lists_person(const json_t *body) {
    struct livekit_participant participant;
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(body, "participants"), i, item) {
        livekit_read_participant(&participant, item);
        if (!livekit_is_service(&participant) && !participant.is_hidden &&
            !participant.is_disconnected)
            return true;
    }
    return false;
}

/* Nobody is there, so there may be no room. If our own session is still there it is left. */
static void join_give_up(struct join *join) {
    leave(join);
    const struct session *session = session_of(join);
    if (session && session->is_active && has_person(session))
        join_pause(join, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
}

static void join_on_participants(const struct livekit_reply *reply, void *user) {
    struct join *join = user;
    join->call = NULL;
    if (livekit_is_passing(reply)) {
        join_pause(join, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
    } else if (!lists_person(reply->body)) {
        join_give_up(join);
    } else if (give_ticket(join) == 0) {
        join->is_on_shard = true;
        join->state = JOIN_IN;
    } else {
        join_pause(join, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
    }
}

static void join_ask(struct join *join) {
    timer_stop(&join->timer);
    join->state = JOIN_ASKING;
    join->call = livekit_list_participants(join->rooms->set.livekit, slice_from(join->room_name),
                                           join_on_participants, join);
}

static void join_step(struct join *join) {
    const struct session *session = session_of(join);
    bool can = join->state == JOIN_IDLE && join->is_wanted && session && session->is_active;
    if (can && (join->is_on_shard || has_person(session)))
        join_ask(join);
}

void join_look(struct join *join, const struct session *session, bool is_wanted) {
    join->is_wanted = is_wanted;
    bool is_over = join->state == JOIN_FALLEN_BACK || join->state == JOIN_LEFT_ALONE;
    if (!is_wanted && !is_over) {
        leave(join);
        return;
    }
    /* Whoever has just come need not wait for the end of a pause. */
    if (join->state == JOIN_PAUSING && !join->is_failing && !join->is_on_shard) {
        timer_stop(&join->timer);
        join->state = JOIN_IDLE;
    }
    join_step(join);
}

/* ---- What the shard tells ---- */

static void unheard_free(struct unheard_track *track) {
    if (!track)
        return;
    mem_free(track->identity);
    mem_free(track);
}

static void unheard_clear(struct join *join) {
    MAP_EACH(&join->unheard, at)
        unheard_free(map_remove(&join->unheard, at.key));
}

void join_track_heard(struct join *join, struct slice track_sid) {
    unheard_free(map_remove(&join->unheard, track_sid));
}

static void tell_hosts(const struct join *join, struct slice identity, bool is_encrypted) {
    const struct rooms_settings *set = &join->rooms->set;
    struct slice meeting_id = slice_from(join->meeting_id);
    const struct unheard_rule rule = unheard_rule(set->directory, &set->config->rules, meeting_id);
    unheard_tell(set->directory, &rule, meeting_id, session_of(join), identity, is_encrypted,
                 rule.first_ms);
}

static void join_on_notice(void *arg) {
    tell_hosts(arg, SLICE_NONE, true);
}

/* Once for a room: hosts may need as long as other microphones to be there. */
static void note_encrypted(struct join *join) {
    const struct rooms_settings *set = &join->rooms->set;
    if (join->has_told_encrypted)
        return;
    join->has_told_encrypted = true;
    log_warn("room", "audio is encrypted end to end, so nobody here can hear it",
             log_text("meetingId", join->meeting_id));
    const struct unheard_rule rule =
        unheard_rule(set->directory, &set->config->rules, slice_from(join->meeting_id));
    timer_start(set->loop, &join->notice, rule.first_ms, 0, join_on_notice, join);
}

static void unheard_add(struct join *join, const struct shard_room_event *event, const char *why) {
    if (map_find(&join->unheard, event->track))
        return;
    struct unheard_track *track = mem_alloc(sizeof *track);
    track->identity = slice_copy_text(event->identity);
    track->is_encrypted = event->news == SHARD_ROOM_ENCRYPTED;
    track->why = why;
    map_set(&join->unheard, event->track, track);
}

static void join_on_fallen(void *arg);

static void fallen_wait(struct join *join) {
    join->failures++;
    timer_start(join->rooms->set.loop, &join->timer,
                backoff_ms(join->failures, FAILED_FIRST_MS, FAILED_MAX_MS, rand_u64()), 0,
                join_on_fallen, join);
}

/* Where Egress brings nothing either, joining is tried again. */
static void join_on_fallen(void *arg) {
    struct join *join = arg;
    const struct rooms_settings *set = &join->rooms->set;
    const struct session *session = session_of(join);
    if (!session || !session->is_active || set->has_egress(session, set->user)) {
        fallen_wait(join);
        return;
    }
    join->state = JOIN_IDLE;
    set->on_return(session, set->user);
    join_step(join);
}

static void fall_back(struct join *join, enum course_end end) {
    const struct rooms_settings *set = &join->rooms->set;
    const struct session *session = session_of(join);
    bool is_again = join->is_failing, has_egress = set->config->egress_autostart && session;
    join->is_failing = true;
    if (!is_again)
        log_warn("room",
                 has_egress ? "the room cannot be joined; its microphones come by Egress"
                            : "the room cannot be joined; trying again later",
                 log_text("meetingId", join->meeting_id), log_text("why", course_end_name(end)));
    if (!has_egress) {
        join_pause(join, FAILED_FIRST_MS, FAILED_MAX_MS);
        return;
    }
    join->state = JOIN_FALLEN_BACK;
    join->rooms->stats.fallbacks += !is_again;
    set->on_fallback(session, set->user);
    fallen_wait(join);
}

static void join_on_end(struct join *join, const struct shard_room_event *event) {
    join->is_on_shard = false;
    unheard_clear(join);
    livekit_cancel(join->call);
    join->call = NULL;
    timer_stop(&join->timer);
    join->state = JOIN_IDLE;
    switch (event->end) {
    case COURSE_ENDED_REFUSED:
    case COURSE_ENDED_LIMIT:
    case COURSE_ENDED_NO_ANSWER:
    case COURSE_ENDED_NO_WAY:
        fall_back(join, event->end);
        break;
    case COURSE_ENDED_REMOVED:
    case COURSE_ENDED_DUPLICATE:
        log_warn("room", "sent away from the room; it is left alone",
                 log_text("meetingId", join->meeting_id),
                 log_text("why", course_end_name(event->end)));
        join->state = JOIN_LEFT_ALONE;
        break;
    default: /* nobody was there any more, or the room is closed: so say webhooks soon */
        if (join->is_wanted)
            join_pause(join, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
        break;
    }
}

void join_hear(struct join *join, const struct shard_room_event *event) {
    switch (event->news) {
    case SHARD_ROOM_NEEDS_TICKET:
        if (join->state == JOIN_IN)
            join_ask(join);
        break;
    case SHARD_ROOM_JOINED:
        join->failures = 0;
        join->is_failing = false;
        log_info("room", event->is_resume ? "resumed" : "joined",
                 log_text("meetingId", join->meeting_id), log_text("room", join->room_name));
        break;
    case SHARD_ROOM_ENCRYPTED:
        unheard_add(join, event, "");
        note_encrypted(join);
        break;
    case SHARD_ROOM_MISSING:
        unheard_add(join, event, "LiveKit does not send it");
        log_warn("room", "a track does not come", log_text("meetingId", join->meeting_id),
                 log_slice("track", event->track), log_slice("why", event->text));
        tell_hosts(join, event->identity, false);
        break;
    case SHARD_ROOM_HEARD:
        join_track_heard(join, event->track);
        break;
    case SHARD_ROOM_ENDED:
        join_on_end(join, event);
        break;
    case SHARD_ROOM_METADATA:
        break;
    }
}

/* ---- Life ---- */

struct join *join_new(struct rooms *rooms, const struct session *session) {
    char random[IDENTITY_RANDOM + 1];
    struct buf identity = {0};
    struct join *join = mem_alloc(sizeof *join);
    join->rooms = rooms;
    join->meeting_id = mem_copy_text(session->meeting_id);
    join->room_name = mem_copy_text(session->room_name);
    rand_token(random, IDENTITY_RANDOM);
    buf_printf(&identity, "prosa-%s", random);
    join->identity = buf_take_text(&identity);
    map_init(&join->unheard, rand_u64());
    return join;
}

void join_free(struct join *join) {
    livekit_cancel(join->call);
    timer_stop(&join->timer);
    timer_stop(&join->notice);
    unheard_clear(join);
    map_free(&join->unheard);
    mem_free(join->meeting_id);
    mem_free(join->room_name);
    mem_free(join->identity);
    mem_free(join);
}
