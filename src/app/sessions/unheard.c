#include "app/sessions/unheard.h"

#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "meeting/feedback.h"
#include "meeting/rules.h"

#include <stdio.h>

static int64_t ms_of(const struct rules *rules, const char *field) {
    double ms = rules_number(rules, FEEDBACK_SILENCIO_PROLONGADO, field) * 1000;
    return ms < 1000 ? 1000 : (int64_t)ms;
}

struct unheard_rule unheard_rule(const struct directory *directory, const struct rules *standard,
                                 struct slice meeting_id) {
    struct rules rules = *standard;
    if (directory)
        directory_rules(directory, meeting_id, &rules);
    bool is_former = rules.version == 1;
    return (struct unheard_rule){
        .is_on = directory && rules_number(&rules, FEEDBACK_SILENCIO_PROLONGADO, "enabled") != 0,
        .includes_host = rules.include_host,
        .first_s = rules_number(&rules, FEEDBACK_SILENCIO_PROLONGADO, "not_recorded_s"),
        .first_ms = ms_of(&rules, "not_recorded_s"),
        .remind_ms = ms_of(&rules, is_former ? "cooldown_s" : "remind_s"),
        .again_ms = ms_of(&rules, is_former ? "cooldown_s" : "remind_again_s"),
        .over_ms = ms_of(&rules, is_former ? "cooldown_s" : "over_s"),
    };
}

void unheard_tell(struct directory *directory, const struct unheard_rule *rule,
                  struct slice meeting_id, const struct session *session, struct slice identity,
                  bool is_encrypted, int64_t silent_ms) {
    const struct attendee *attendee = session ? session_find_attendee(session, identity) : NULL;
    if (!rule->is_on || (attendee && attendee->is_host && !rule->includes_host))
        return;
    struct feedback feedback = {
        .type = FEEDBACK_SILENCIO_PROLONGADO,
        .severity = SEVERITY_WARNING,
        .reason = is_encrypted ? REASON_ENCRYPTED : REASON_NOT_RECORDED,
        .ts_ms = clock_wall_ms(),
        .is_group = is_encrypted,
    };
    feedback.window_end_ms = feedback.ts_ms;
    feedback.window_start_ms = feedback.ts_ms - silent_ms;
    feedback.facts = is_encrypted ? 1 : 2;
    feedback.fact[0].fact = FACT_SILENCE_S;
    feedback.fact[0].value = (double)silent_ms / 1000;
    feedback.fact[1].fact = FACT_LIMIT;
    feedback.fact[1].value = rule->first_s;
    if (is_encrypted)
        snprintf(feedback.participant, sizeof feedback.participant, "group");
    else
        snprintf(feedback.participant, sizeof feedback.participant, "%.*s", SLICE_ARG(identity));
    if (attendee && !is_encrypted)
        snprintf(feedback.name, sizeof feedback.name, "%s", attendee->name);
    directory_tell(directory, meeting_id, &feedback);
}
