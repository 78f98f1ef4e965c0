#include "app/config/config.h"
#include "app/egress/egress_track_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/log.h"
#include "meeting/feedback.h"
#include "meeting/rule.h"

#include <stdio.h>

enum {
    FIRST_MS = 10000, /* an egress may take so long to begin */
    LEAST_MS = 1000,  /* between two notices, whatever the settings are */
};

/* The meeting's rule for silence: whether hosts are told, and when again. */
struct notice_rule {
    struct rule_settings settings;
    bool include_host;
};

static struct notice_rule rule_for(const struct egress_room *room) {
    const struct directory *directory = room->world->directory;
    struct rules rules;
    rules_init(&rules);
    if (directory)
        directory_rules(directory, slice_from(room->meeting_id), &rules);
    const struct rule_settings *rule = (const void *)rules.values[FEEDBACK_SILENCIO_PROLONGADO];
    return (struct notice_rule){*rule, rules.include_host};
}

static bool is_told(const struct egress_room *room, const struct notice_rule *rule,
                    const struct attendee *attendee) {
    bool is_host = attendee && attendee->is_host;
    return room->world->directory && rule->settings.enabled != 0 &&
           (!is_host || rule->include_host);
}

/* From the latest telling to the next. */
static int64_t pause_ms_of(const struct egress_track *track, const struct notice_rule *rule) {
    double pause_s = track->tellings == 1 ? rule->settings.remind_s : rule->settings.remind_again_s;
    int64_t pause_ms = (int64_t)(pause_s * 1000);
    return track->tellings == 0 ? 0 : pause_ms > LEAST_MS ? pause_ms : LEAST_MS;
}

/* Encryption is a matter of the room, so it is told about the group, and once. */
static void tell_hosts(struct egress_track *track, const struct attendee *attendee) {
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
    feedback.facts = 1;
    feedback.fact[0].fact = FACT_SILENCE_S;
    feedback.fact[0].value = (double)silent_ms / 1000;
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
    const struct notice_rule rule = rule_for(room);
    int64_t pause_ms = pause_ms_of(track, &rule);

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
    if (!is_repeated && is_told(room, &rule, attendee))
        tell_hosts(track, attendee);
    track->told_ms = now_ms;
    track->tellings++;
    if (!track->is_encrypted)
        notice_in(track, pause_ms_of(track, &rule));
}

void egress_notice_begin(struct egress_track *track) {
    const struct notice_rule rule = rule_for(track->room);
    track->silent_ms = egress_now_ms(track);
    if (track->silent_ms - track->told_ms >= (int64_t)(rule.settings.over_s * 1000))
        track->tellings = 0; /* all was well for so long that this is a new matter */
    notice_in(track, FIRST_MS);
}

void egress_notice_end(struct egress_track *track) {
    timer_stop(&track->notice);
    track->is_unrecorded = false;
}
