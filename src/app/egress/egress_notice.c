#include "app/config/config.h"
#include "app/egress/egress_track_private.h"
#include "app/sessions/sessions.h"
#include "app/sessions/unheard.h"
#include "base/log.h"

static struct unheard_rule notice_rule(const struct egress_room *room) {
    const struct egress_world *world = room->world;
    return unheard_rule(world->directory, &world->config->rules, slice_from(room->meeting_id));
}

static void egress_on_notice(void *arg);

static void notice_in(struct egress_track *track, int64_t ms) {
    timer_start(track->room->world->loop, &track->notice, ms, 0, egress_on_notice, track);
}

static void egress_on_notice(void *arg) {
    struct egress_track *track = arg;
    struct egress_room *room = track->room;
    const struct session *session = egress_session(room);
    const struct attendee *attendee =
        session ? session_find_attendee(session, slice_from(track->identity)) : NULL;
    int64_t now_ms = egress_now_ms(track);
    const struct unheard_rule rule = notice_rule(room);
    int64_t pause_ms = track->tellings == 0   ? 0
                       : track->tellings == 1 ? rule.remind_ms
                                              : rule.again_ms;

    if (attendee && attendee->is_service)
        return;
    if (!track->is_unrecorded && !track->is_encrypted)
        log_warn("egress", "a microphone is not recorded", log_text("meetingId", room->meeting_id),
                 log_text("track", track->sid), log_text("problem", track->problem));
    track->is_unrecorded = true;
    if (now_ms - track->told_ms < pause_ms) {
        notice_in(track, track->told_ms + pause_ms - now_ms);
        return;
    }
    bool is_repeated = track->is_encrypted && room->has_told_encrypted;
    room->has_told_encrypted = room->has_told_encrypted || track->is_encrypted;
    if (!is_repeated)
        unheard_tell(room->world->directory, &rule, slice_from(room->meeting_id), session,
                     slice_from(track->identity), track->is_encrypted, now_ms - track->silent_ms);
    track->told_ms = now_ms;
    track->tellings++;
    if (!track->is_encrypted)
        notice_in(track, track->tellings == 1 ? rule.remind_ms : rule.again_ms);
}

void egress_notice_begin(struct egress_track *track) {
    const struct unheard_rule rule = notice_rule(track->room);
    track->silent_ms = egress_now_ms(track);
    if (track->silent_ms - track->told_ms >= rule.over_ms)
        track->tellings = 0; /* all was well for so long that this is a new matter */
    notice_in(track, rule.first_ms);
}

void egress_notice_end(struct egress_track *track) {
    timer_stop(&track->notice);
    track->is_unrecorded = false;
}
