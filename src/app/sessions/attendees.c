#include "app/sessions/sessions_private.h"

#include "app/sessions/directory.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store_report.h"

#include <string.h>

enum { ATTENDEES_MAX = 5000 };

void attendee_free(struct attendee *attendee) {
    mem_free(attendee->identity);
    mem_free(attendee->sid);
    mem_free(attendee->left_sid);
    mem_free(attendee->name);
    mem_free(attendee->stored_sid);
    mem_free(attendee);
}

/* ---- Who took part, for the store ---- */

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* A stay is one connection of somebody, named by its sid; or, without one, by when it began. */
static void stay_put(const struct sessions *sessions, const struct session *session,
                     const struct attendee *attendee, struct slice sid, int64_t left_ms) {
    int64_t now_ms = clock_wall_ms();
    int64_t joined_ms = attendee->joined_ms ? attendee->joined_ms : now_ms;
    struct buf id = {0};
    if (sid.len > 0)
        buf_printf(&id, "%s/%.*s", session->meeting_id, SLICE_ARG(sid));
    else
        buf_printf(&id, "%s/%s/%lld", session->meeting_id, attendee->identity,
                   (long long)attendee->joined_ms);
    const struct store_participant stay = {
        .id = buf_slice(&id),
        .meeting_id = slice_from(session->meeting_id),
        .participant_id = slice_from(attendee->identity),
        .name = slice_from(attendee->name),
        .is_host = attendee->is_host,
        .joined_ms = joined_ms,
        .left_ms = left_ms,
        .expires_ms = now_ms + sessions->set.participants_ttl_days * DAY_MS,
    };
    store_participant_put(sessions->set.store, &stay, NULL, NULL);
    buf_free(&id);
}

/* Writes what has changed; a recorder or an agent takes no part. */
static void attendee_store(const struct sessions *sessions, const struct session *session,
                           struct attendee *attendee) {
    bool has_name = attendee->name[0] != '\0';
    bool is_same = attendee->stored_sid && strcmp(attendee->stored_sid, attendee->sid) == 0;
    if (!sessions->set.store || !attendee->is_known || !attendee->is_person ||
        (!attendee->is_present && !is_same) ||
        (is_same && attendee->was_present == attendee->is_present &&
         attendee->was_host == attendee->is_host && attendee->had_name == has_name))
        return;
    slice_replace_text(&attendee->stored_sid, slice_from(attendee->sid));
    attendee->was_present = attendee->is_present;
    attendee->was_host = attendee->is_host;
    attendee->had_name = has_name;
    stay_put(sessions, session, attendee, slice_from(attendee->sid),
             attendee->is_present ? 0 : clock_wall_ms());
}

const struct attendee *session_find_attendee(const struct session *session, struct slice identity) {
    return map_find(&session->attendees, identity);
}

static struct attendee *attendee_get(struct sessions *sessions, const struct session *session,
                                     struct slice identity) {
    struct attendee *attendee = map_find(&session->attendees, identity);
    if (attendee)
        return attendee;
    if (session->attendees.len >= ATTENDEES_MAX || !text_is_identity(identity, SESSION_NAME_MAX))
        return NULL;
    struct session_entry *entry = map_find(&sessions->by_id, slice_from(session->meeting_id));
    if (!session_share_weigh(entry))
        return NULL;
    attendee = mem_alloc(sizeof *attendee);
    attendee->identity = slice_copy_text(identity);
    attendee->sid = mem_copy_text("");
    attendee->left_sid = mem_copy_text("");
    attendee->name = mem_copy_text("");
    map_set(&entry->session.attendees, identity, attendee);
    return attendee;
}

static void tell(struct sessions *sessions, const struct session *session,
                 const struct person_news *news) {
    if (sessions->set.directory && session->is_active)
        directory_tell_news(sessions->set.directory, slice_from(session->meeting_id),
                            slice_from(session->room_name), news);
}

/* A recorder, an agent or somebody hidden is not one of those who meet. */
void attendee_tell(struct sessions *sessions, const struct session *session,
                   const struct attendee *attendee) {
    bool is_here = attendee->is_present && attendee->is_person;
    const struct person_news news = {.identity = slice_from(attendee->identity),
                                     .name = slice_from(attendee->name),
                                     .has_role = true,
                                     .is_host = attendee->is_host,
                                     .presence = is_here ? PRESENCE_HERE : PRESENCE_AWAY,
                                     .joined_ms = attendee->joined_ms};
    tell(sessions, session, &news);
}

void sessions_participant_seen(struct sessions *sessions, const struct session *session,
                               const struct livekit_participant *p) {
    struct attendee *attendee = attendee_get(sessions, session, p->identity);
    /* What LiveKit tells of an older connection of the same person is out of date. */
    if (!attendee || (p->joined_ms && p->joined_ms < attendee->joined_ms))
        return;

    struct livekit_person person;
    livekit_read_person(&person, p->metadata);
    struct slice name = person.name.len ? person.name : slice_trim(p->name);
    if (name.len && text_is_identity(name, SESSION_NAME_MAX))
        slice_replace_text(&attendee->name, name);
    attendee->is_host = person.is_host && !p->may_edit_metadata;
    attendee->is_service = livekit_is_service(p);
    attendee->is_person = livekit_is_person(p);
    attendee->is_known = true;
    if (p->joined_ms)
        attendee->joined_ms = p->joined_ms;
    if (p->sid.len)
        slice_replace_text(&attendee->sid, p->sid);
    attendee->is_present = !p->is_disconnected &&
                           !(p->sid.len && slice_is_equal(p->sid, slice_from(attendee->left_sid)));
    json_decref(person.document);

    attendee_store(sessions, session, attendee);
    attendee_tell(sessions, session, attendee);
    const json_t *item;
    size_t i;
    json_array_foreach(p->tracks, i, item) {
        struct livekit_track track;
        livekit_read_track(&track, item);
        sessions_track_seen(sessions, session, p->identity, &track, true);
    }
}

void sessions_track_seen(struct sessions *sessions, const struct session *session,
                         struct slice identity, const struct livekit_track *track,
                         bool is_published) {
    if (track->type != TRACK_TYPE_AUDIO || !track->sid.len)
        return;
    const struct person_news news = {.identity = identity,
                                     .track = track->sid,
                                     .track_news = !is_published     ? TRACK_GONE
                                                   : track->is_muted ? TRACK_MUTED
                                                                     : TRACK_UNMUTED};
    tell(sessions, session, &news);
}

void sessions_participant_left(struct sessions *sessions, const struct session *session,
                               const struct livekit_participant *p) {
    struct attendee *attendee = map_find(&session->attendees, p->identity);
    if (!attendee && p->sid.len) { /* it left before we heard that it joined */
        sessions_participant_seen(sessions, session, p);
        attendee = map_find(&session->attendees, p->identity);
    }
    if (!attendee)
        return;
    if (p->sid.len)
        slice_replace_text(&attendee->left_sid, p->sid);
    if (!p->sid.len || slice_is_equal(p->sid, slice_from(attendee->sid))) {
        attendee->is_present = false;
        attendee_store(sessions, session, attendee);
        attendee_tell(sessions, session, attendee);
    } else if (sessions->set.store && attendee->is_person) {
        stay_put(sessions, session, attendee, p->sid, clock_wall_ms()); /* an older connection */
    }
}
