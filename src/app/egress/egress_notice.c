#include "app/config/config.h"
#include "app/egress/egress_track_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/log.h"
#include "meeting/feedback.h"
#include "meeting/rules.h"

#include <stdio.h>

/* How the rule of silences is set for this meeting: it may change while the meeting lasts. */
struct notice_rule {
    bool is_on, includes_host;
    int64_t first_ms;  /* an egress may take so long to begin */
    int64_t remind_ms; /* after the first time that the hosts were told */
    int64_t again_ms;  /* after each further one */
    int64_t over_ms;   /* without it, all begins anew */
    double first_s;
};

static int64_t ms_of(const struct rules *rules, const char *field) {
    double ms = rules_number(rules, FEEDBACK_SILENCIO_PROLONGADO, field) * 1000;
    return ms < 1000 ? 1000 : (int64_t)ms;
}

static struct notice_rule notice_rule(const struct egress_room *room) {
    const struct egress_world *world = room->world;
    struct rules rules = world->config->rules;
    if (world->directory)
        directory_rules(world->directory, slice_from(room->meeting_id), &rules);
    bool is_former = rules.version == 1;
    return (struct notice_rule){
        .is_on =
            world->directory && rules_number(&rules, FEEDBACK_SILENCIO_PROLONGADO, "enabled") != 0,
        .includes_host = rules.include_host,
        .first_s = rules_number(&rules, FEEDBACK_SILENCIO_PROLONGADO, "not_recorded_s"),
        .first_ms = ms_of(&rules, "not_recorded_s"),
        .remind_ms = ms_of(&rules, is_former ? "cooldown_s" : "remind_s"),
        .again_ms = ms_of(&rules, is_former ? "cooldown_s" : "remind_again_s"),
        .over_ms = ms_of(&rules, is_former ? "cooldown_s" : "over_s"),
    };
}

static bool is_told(const struct notice_rule *rule, const struct attendee *attendee) {
    return rule->is_on && (!(attendee && attendee->is_host) || rule->includes_host);
}

/* Encryption is a matter of the room, so it is told about the group, and once. */
static void tell_hosts(struct egress_track *track, const struct notice_rule *rule,
                       const struct attendee *attendee) {
    struct egress_room *room = track->room;
    struct feedback feedback = {
        .type = FEEDBACK_SILENCIO_PROLONGADO,
        .severity = SEVERITY_WARNING,
        .reason = track->is_encrypted ? REASON_ENCRYPTED : REASON_NOT_RECORDED,
        .ts_ms = clock_wall_ms(),
        .is_group = track->is_encrypted,
    };
    int64_t silent_ms = egress_now_ms(track) - track->silent_ms;
    feedback.window_end_ms = feedback.ts_ms;
    feedback.window_start_ms = feedback.ts_ms - silent_ms;
    feedback.facts = track->is_encrypted ? 1 : 2;
    feedback.fact[0].fact = FACT_SILENCE_S;
    feedback.fact[0].value = (double)silent_ms / 1000;
    feedback.fact[1].fact = FACT_LIMIT;
    feedback.fact[1].value = rule->first_s;
    snprintf(feedback.participant, sizeof feedback.participant, "%s",
             feedback.is_group ? "group" : track->identity);
    if (attendee && !feedback.is_group)
        snprintf(feedback.name, sizeof feedback.name, "%s", attendee->name);
    directory_tell(room->world->directory, slice_from(room->meeting_id), &feedback);
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
    const struct notice_rule rule = notice_rule(room);
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
    if (!is_repeated && is_told(&rule, attendee))
        tell_hosts(track, &rule, attendee);
    track->told_ms = now_ms;
    track->tellings++;
    if (!track->is_encrypted)
        notice_in(track, track->tellings == 1 ? rule.remind_ms : rule.again_ms);
}

void egress_notice_begin(struct egress_track *track) {
    const struct notice_rule rule = notice_rule(track->room);
    track->silent_ms = egress_now_ms(track);
    if (track->silent_ms - track->told_ms >= rule.over_ms)
        track->tellings = 0; /* all was well for so long that this is a new matter */
    notice_in(track, rule.first_ms);
}

void egress_notice_end(struct egress_track *track) {
    timer_stop(&track->notice);
    track->is_unrecorded = false;
}
