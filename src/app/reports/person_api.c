#include "app/reports/person_api.h"

#include "app/accounts/auth.h"
#include "app/hosts/hosts.h"
#include "app/recordings/erasure.h"
#include "app/recordings/feedback_row.h"
#include "app/recordings/ownership.h"
#include "app/reports/verdicts.h"
#include "app/rest/errand.h"
#include "app/sessions/directory.h"
#include "base/macros.h"
#include "outside/store/store_recording.h"
#include "outside/store/store_report.h"
#include "outside/store/store_verdict.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

#include <errno.h>

enum { EVENTS_PAGE = 500, RECORDINGS_MAX = 1000 };

/* ---- Erasing ---- */

/* While the meeting is still in memory, what is erased could come back from there. */
static void erase_of_session(struct errand *errand, const struct store_session *session) {
    const struct person_api *api = errand->user;
    const struct ownership *own = errand->job;
    struct slice meeting_id = slice_from(errand->params[0]), id, room;
    if (session->status == SESSION_ACTIVE) {
        errand_answer_error(errand, 409, "The meeting is active; it can be erased when it ended");
    } else if (directory_find(api->directory, meeting_id, &id, &room)) {
        errand_answer_error(errand, 409, "The meeting has just ended; try again in two minutes");
    } else {
        hosts_forget_meeting(api->hosts, meeting_id);
        erasure_start_person(api->erasures, errand, meeting_id, slice_from(errand->params[1]),
                             slice_from(own->user_id));
    }
}

static void erase_person(struct errand *errand, const struct store_account *account) {
    const struct person_api *api = errand->user;
    ownership_find_session(ownership_new(errand, account, ROLE_OWNER), errand, api->store,
                           slice_from(errand->params[0]), "Session not found", erase_of_session);
}

static void person_on_delete(struct http_request *req, const struct route_match *match,
                             void *user) {
    const struct person_api *api = user;
    auth_check(api->auth, errand_new(req, match, user), erase_person);
}

/* ---- Export: stay by stay, report, events, verdicts, recordings ---- */

static struct slice meeting_of(const struct errand *errand) {
    return slice_from(errand->params[0]);
}

static bool is_person(const struct errand *errand, struct slice id) {
    return slice_is_equal(id, slice_from(errand->params[1]));
}

static void person_on_recordings(int err, const struct store_recording_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    struct buf *json = &errand->json;
    json_open_array(json, "recordings");
    for (size_t i = 0; i < list->count; i++) {
        const struct recording_info *row = &list->recordings[i];
        json_open(json, NULL);
        json_add_text(json, "id", row->id);
        json_add_text(json, "trackId", row->track);
        json_add_text(json, "format", row->format);
        json_add_time(json, "startedAt", row->started_ms);
        json_add_time_or_null(json, "endedAt", row->ended_ms);
        json_add_uint(json, "bytes", row->bytes);
        json_close(json);
    }
    json_close_array(json);
    json_close(json);
    errand_answer_json(errand, 200);
}

static void person_on_verdicts(int err, const struct store_verdict_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    const struct person_api *api = errand->user;
    json_open_array(&errand->json, "verdicts");
    for (size_t i = 0; i < list->count; i++)
        if (is_person(errand, list->verdicts[i].participant_id))
            verdict_write(&errand->json, &list->verdicts[i]);
    json_close_array(&errand->json);
    errand->call =
        store_recording_list_person(api->store, meeting_of(errand), slice_from(errand->params[1]),
                                    RECORDINGS_MAX, person_on_recordings, errand);
}

static void person_on_events(int err, const struct store_feedback_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    const struct person_api *api = errand->user;
    int64_t last_seq = 0;
    for (size_t i = 0; i < list->count; i++) {
        last_seq = list->events[i].seq;
        if (is_person(errand, list->events[i].participant_id))
            feedback_row_write(&errand->json, &list->events[i]);
    }
    if (list->count == EVENTS_PAGE) { /* another page */
        errand->call = store_feedback_replay(api->store, meeting_of(errand), last_seq, EVENTS_PAGE,
                                             person_on_events, errand);
        return;
    }
    json_close_array(&errand->json);
    errand->call = store_verdict_list(api->store, meeting_of(errand), person_on_verdicts, errand);
}

/* Their own row; what it says of others are sums. */
static void add_report(struct errand *errand, struct slice report) {
    struct slice rest = json_inside(json_member(report, "people")), person;
    struct buf name = {0};
    bool is_there = false;
    while (!is_there && json_next_item(&rest, &person)) {
        buf_clear(&name);
        json_unquote(&name, json_member(person, "participantId"));
        is_there = is_person(errand, buf_slice(&name));
    }
    buf_free(&name);
    if (is_there)
        json_add_raw(&errand->json, "report", person);
    else
        json_add_null(&errand->json, "report");
}

static void person_on_report(int err, struct slice report, void *user) {
    struct errand *errand = errand_resume(user, err == ENOENT ? 0 : err, NULL);
    if (!errand)
        return;
    const struct person_api *api = errand->user;
    if (err == ENOENT)
        json_add_null(&errand->json, "report");
    else
        add_report(errand, report);
    json_open_array(&errand->json, "events");
    errand->call = store_feedback_replay(api->store, meeting_of(errand), 0, EVENTS_PAGE,
                                         person_on_events, errand);
}

static void person_on_stays(int err, const struct store_participant_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    const struct person_api *api = errand->user;
    struct buf *json = &errand->json;
    json_open(json, NULL);
    json_add_text(json, "meetingId", meeting_of(errand));
    json_add_text(json, "participantId", slice_from(errand->params[1]));
    json_open_array(json, "stays");
    for (size_t i = 0; i < list->count; i++) {
        const struct store_participant *stay = &list->stays[i];
        if (!is_person(errand, stay->participant_id))
            continue;
        json_open(json, NULL);
        json_add_text_or_null(json, "name", stay->name);
        json_add_bool(json, "isHost", stay->is_host);
        json_add_time(json, "joinedAt", stay->joined_ms);
        json_add_time_or_null(json, "leftAt", stay->left_ms);
        json_close(json);
    }
    json_close_array(json);
    errand->call = store_report_get(api->store, meeting_of(errand), person_on_report, errand);
}

static void export_of_session(struct errand *errand, const struct store_session *session) {
    const struct person_api *api = errand->user;
    errand->call = store_participant_list(api->store, session->meeting_id, person_on_stays, errand);
}

static void export_person(struct errand *errand, const struct store_account *account) {
    const struct person_api *api = errand->user;
    ownership_find_session(ownership_new(errand, account, ROLE_ADMIN), errand, api->store,
                           meeting_of(errand), "Session not found", export_of_session);
}

static void person_on_export(struct http_request *req, const struct route_match *match,
                             void *user) {
    const struct person_api *api = user;
    auth_check(api->auth, errand_new(req, match, user), export_person);
}

void person_api_add_routes(struct person_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"DELETE", "/meetings/:meetingId/participants/:participantId", person_on_delete},
        {"GET", "/meetings/:meetingId/participants/:participantId/export", person_on_export},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}
