#include "app/reports/reports.h"

#include "app/hosts/hosts.h"
#include "app/recordings/feedback_row.h"
#include "app/rest/bearer.h"
#include "app/rest/refusal.h"
#include "app/rest/routes.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/http/http_server.h"
#include "outside/store/store_report.h"
#include "outside/store/store_verdict.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

#include <errno.h>

enum {
    REPORT_VERSION = 1,
    EVENTS_MAX = 500,
    SKEW_MS = 5000, /* LiveKit counts in seconds, and its clock may be behind */
};

#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct reports {
    struct reports_settings set;
    bool is_freed;
    unsigned jobs; /* keep the struct alive */
    void (*on_drained)(void *user);
    void *drained_user;
};

/*
 * One report on its way: to a client, or into the store.
 *
 *     right?  ->  the shard  ->  the stored events  ->  answer, or row
 */
struct report_job {
    struct reports *reports;
    struct http_request *req; /* NULL: there is none, or it has gone */
    bool is_for_store;
    char *name;      /* as asked; the meeting's id once it is known */
    struct buf core; /* what the shard said */
    struct buf json;
};

static struct report_job *job_new(struct reports *reports, struct slice name,
                                  struct http_request *req) {
    struct report_job *job = mem_alloc(sizeof *job);
    job->reports = reports;
    job->req = req;
    job->is_for_store = !req;
    job->name = slice_copy_text(name);
    reports->jobs++;
    return job;
}

static void reports_unref(struct reports *reports) {
    if (reports->jobs > 0)
        return;
    void (*on_drained)(void *) = reports->on_drained;
    reports->on_drained = NULL;
    if (on_drained)
        on_drained(reports->drained_user);
    if (reports->is_freed)
        mem_free(reports);
}

static void job_free(struct report_job *job) {
    struct reports *reports = job->reports;
    buf_free(&job->core);
    buf_free(&job->json);
    mem_free(job->name);
    mem_free(job);
    reports->jobs--;
    reports_unref(reports);
}

/* Whether nobody waits for it any more. */
static bool job_is_idle(const struct report_job *job) {
    return job->reports->is_freed || (!job->req && !job->is_for_store);
}

static void job_refuse(struct report_job *job, int status, const char *message) {
    if (job->req)
        refuse(job->req, status, message);
    job_free(job);
}

static void reports_on_abort(struct http_request *req) {
    struct report_job *job = req->user;
    job->req = NULL;
}

/* ---- Writing ---- */

static void add_core(struct buf *json, struct slice core, bool was_heard_whole) {
    struct slice rest = json_inside(core), key, value;
    while (json_next_member(&rest, &key, &value)) {
        if (json->len > 0 && json->data[json->len - 1] != '{')
            buf_add_byte(json, ',');
        buf_add_slice(json, key);
        buf_add_byte(json, ':');
        if (json_text_is(key, "isComplete") && !was_heard_whole)
            buf_add_text(json, "false");
        else
            buf_add_slice(json, value);
    }
}

/* Who presents, as hosts said. */
static void add_marks(struct buf *json, const struct store_verdict_list *list) {
    json_open_array(json, "marks");
    for (size_t i = 0; list && i < list->count; i++) {
        if (!slice_is_equal(list->verdicts[i].verdict, SLICE("mark")))
            continue;
        json_open(json, NULL);
        json_add_text(json, "type", list->verdicts[i].type);
        json_add_text_or_null(json, "participantId", list->verdicts[i].participant_id);
        json_close(json);
    }
    json_close_array(json);
}

/* list NULL: the database is away. */
static void job_write(struct report_job *job, const struct store_feedback_list *list) {
    const struct reports *reports = job->reports;
    const struct session *session = sessions_find(reports->set.sessions, slice_from(job->name));
    struct slice id = SLICE_NONE, room = SLICE_NONE;
    struct buf *json = &job->json;
    directory_find(reports->set.directory, slice_from(job->name), &id, &room);
    if (session)
        room = slice_from(session->room_name);
    json_open(json, NULL);
    json_add_int(json, "version", REPORT_VERSION);
    json_add_text(json, "meetingId", slice_from(job->name));
    json_add_text_or_null(json, "roomName", room);
    json_add_text(json, "source", SLICE("live"));
    json_add_bool(json, "isFinal", session && !session->is_active);
    add_core(json, buf_slice(&job->core),
             !session || session->started_ms + SKEW_MS >= reports->set.started_ms);
    if (!list) {
        json_add_null(json, "events");
    } else {
        json_open_array(json, "events");
        for (size_t i = 0; i < list->count; i++)
            feedback_row_write(json, &list->events[i]);
        json_close_array(json);
    }
}

static bool is_empty(const struct report_job *job) {
    return job->core.len == 0 ||
           slice_is_equal(json_member(buf_slice(&job->core), "people"), SLICE("[]"));
}

/* ---- Into the store, or to the client ---- */

static void tell_ready(const struct report_job *job) {
    const struct reports_settings *set = &job->reports->set;
    const struct session *session =
        job->reports->is_freed ? NULL : sessions_find(set->sessions, slice_from(job->name));
    if (session && !session->is_active && set->on_ready)
        set->on_ready(session, set->user);
}

static void reports_on_stored(int err, void *arg) {
    struct report_job *job = arg;
    if (err && err != ECANCELED) {
        char name[TEXT_NAME_SIZE];
        text_reduce(slice_from(job->name), name);
        log_limited(LOG_WARN, 10, NULL, "reports", "a report could not be stored",
                    log_text("meeting", name), log_errno(err));
    }
    if (!err)
        tell_ready(job);
    job_free(job);
}

static void job_store(struct report_job *job) {
    int64_t now_ms = clock_wall_ms();
    const struct store_report row = {
        .meeting_id = slice_from(job->name),
        .version = REPORT_VERSION,
        .json = buf_slice(&job->json),
        .created_ms = now_ms,
        .expires_ms = now_ms + job->reports->set.ttl_days * DAY_MS,
    };
    store_report_put(job->reports->set.store, &row, reports_on_stored, job);
}

static void reports_on_verdicts(int err, const struct store_verdict_list *list, void *arg) {
    struct report_job *job = arg;
    if (job_is_idle(job)) {
        job_free(job);
        return;
    }
    add_marks(&job->json, err ? NULL : list);
    json_close(&job->json);
    if (job->is_for_store) {
        job_store(job);
        return;
    }
    http_respond_json(job->req, 200, buf_slice(&job->json));
    job_free(job);
}

static void reports_on_events(int err, const struct store_feedback_list *list, void *arg) {
    struct report_job *job = arg;
    if (job_is_idle(job)) {
        job_free(job);
        return;
    }
    job_write(job, err ? NULL : list);
    store_verdict_list(job->reports->set.store, slice_from(job->name), reports_on_verdicts, job);
}

static void job_compose(struct report_job *job) {
    store_feedback_replay(job->reports->set.store, slice_from(job->name), 0, EVENTS_MAX,
                          reports_on_events, job);
}

/* ---- Asking ---- */

static void reports_on_row(int err, struct slice json, void *arg) {
    struct report_job *job = arg;
    if (err == ENOENT) {
        job_refuse(job, 404, "There is no report of this meeting");
    } else if (err) {
        job_refuse(job, 503, NULL);
    } else {
        if (job->req)
            http_respond_json(job->req, 200, json);
        job_free(job);
    }
}

static void reports_on_core(struct slice json, void *arg) {
    struct report_job *job = arg;
    buf_add_slice(&job->core, json);
    if (job_is_idle(job) || (job->is_for_store && is_empty(job)))
        job_free(job);
    else if (is_empty(job)) /* what is known here of an older run is in the store */
        store_report_get(job->reports->set.store, slice_from(job->name), reports_on_row, job);
    else
        job_compose(job);
}

static void job_start(struct report_job *job) {
    struct slice id, room;
    if (directory_find(job->reports->set.directory, slice_from(job->name), &id, &room))
        slice_replace_text(&job->name, id);
    directory_ask(job->reports->set.directory, slice_from(job->name), SHARD_REPORT, reports_on_core,
                  job);
}

static void reports_on_right(int status, void *arg) {
    struct report_job *job = arg;
    if (job_is_idle(job))
        job_free(job);
    else if (status != 200)
        job_refuse(job, status, status == 404 ? "Meeting not found" : NULL);
    else
        job_start(job);
}

static void reports_on_get(struct http_request *req, const struct route_match *match, void *owner) {
    struct reports *reports = owner;
    struct report_job *job = job_new(reports, match->params[0], req);
    req->user = job;
    req->on_abort = reports_on_abort;
    hosts_check_bearer(reports->set.hosts, bearer_token(req->head), slice_from(job->name),
                       reports_on_right, job);
}

/* ---- GET /meetings/:meetingId/participants ---- */

static void reports_on_stays(int err, const struct store_participant_list *list, void *arg) {
    struct report_job *job = arg;
    if (job_is_idle(job)) {
        job_free(job);
        return;
    }
    if (err) {
        job_refuse(job, 503, NULL);
        return;
    }
    json_open(&job->json, NULL);
    json_open_array(&job->json, "items");
    for (size_t i = 0; i < list->count; i++) {
        const struct store_participant *stay = &list->stays[i];
        json_open(&job->json, NULL);
        json_add_text(&job->json, "participantId", stay->participant_id);
        json_add_text_or_null(&job->json, "name", stay->name);
        json_add_bool(&job->json, "isHost", stay->is_host);
        json_add_time(&job->json, "joinedAt", stay->joined_ms);
        json_add_time_or_null(&job->json, "leftAt", stay->left_ms);
        json_close(&job->json);
    }
    json_close_array(&job->json);
    json_close(&job->json);
    http_respond_json(job->req, 200, buf_slice(&job->json));
    job_free(job);
}

static void reports_on_people_right(int status, void *arg) {
    struct report_job *job = arg;
    struct slice id, room;
    if (job_is_idle(job)) {
        job_free(job);
        return;
    }
    if (status != 200) {
        job_refuse(job, status, status == 404 ? "Meeting not found" : NULL);
        return;
    }
    if (directory_find(job->reports->set.directory, slice_from(job->name), &id, &room))
        slice_replace_text(&job->name, id);
    store_participant_list(job->reports->set.store, slice_from(job->name), reports_on_stays, job);
}

static void reports_on_get_people(struct http_request *req, const struct route_match *match,
                                  void *owner) {
    struct reports *reports = owner;
    struct report_job *job = job_new(reports, match->params[0], req);
    req->user = job;
    req->on_abort = reports_on_abort;
    hosts_check_bearer(reports->set.hosts, bearer_token(req->head), slice_from(job->name),
                       reports_on_people_right, job);
}

/* ---- Ends ---- */

void reports_session_ended(struct reports *reports, const struct session *session) {
    job_start(job_new(reports, slice_from(session->meeting_id), NULL));
}

void reports_meeting_gone(struct reports *reports, struct slice meeting_id, struct slice json) {
    struct report_job *job = job_new(reports, meeting_id, NULL);
    reports_on_core(json, job);
}

static void drain_meeting(struct slice meeting_id, struct slice room_name, void *user) {
    struct reports *reports = user;
    if (sessions_find(reports->set.sessions, meeting_id))
        job_start(job_new(reports, meeting_id, NULL));
}

void reports_drain(struct reports *reports, void (*on_drained)(void *user), void *user) {
    reports->jobs++; /* until all have begun */
    directory_each(reports->set.directory, drain_meeting, reports);
    reports->on_drained = on_drained;
    reports->drained_user = user;
    reports->jobs--;
    reports_unref(reports);
}

/* ---- Life ---- */

struct reports *reports_new(const struct reports_settings *settings) {
    struct reports *reports = mem_alloc(sizeof *reports);
    reports->set = *settings;
    return reports;
}

void reports_free(struct reports *reports) {
    if (!reports)
        return;
    reports->is_freed = true;
    reports->on_drained = NULL;
    reports_unref(reports);
}

void reports_add_routes(struct reports *reports, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/meetings/:meetingId/report", reports_on_get},
        {"GET", "/meetings/:meetingId/participants", reports_on_get_people},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), reports);
}
