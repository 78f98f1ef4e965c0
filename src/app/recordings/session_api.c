#include "app/recordings/session_api.h"

#include "app/accounts/auth.h"
#include "app/recordings/feedback_row.h"
#include "app/recordings/ownership.h"
#include "base/macros.h"
#include "base/text.h"
#include "outside/store/store_recording.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <errno.h>

#define WRONG_CURSOR "cursor must be one that a page gave"

enum {
    SESSIONS_DEFAULT = 50,
    SESSIONS_MAX = 200,
    EVENTS_DEFAULT = 100,
    EVENTS_MAX = 1000,
    RECORDINGS_MAX = 1000,
    SEARCH_BYTES = 256,
};

/* The query of a list: ?limit=&cursor=&status=&from=&to=&room=&person=. */
struct list_query {
    uint64_t limit;
    int64_t from_ms, to_ms;
    int status;
    struct buf cursor, room, person;
};

static const char *read_time(struct slice query, const char *name, int64_t *unix_ms,
                             const char *complaint) {
    struct buf text = {0};
    uint64_t number;
    int err = query_get(&text, query, name);
    const char *wrong = NULL;
    if (err != ENOENT && text.len > 0) {
        if (slice_to_uint(buf_slice(&text), INT64_C(253402300799999), &number))
            *unix_ms = (int64_t)number;
        else if (!text_parse_iso_time(buf_slice(&text), unix_ms))
            wrong = complaint;
    }
    buf_free(&text);
    return wrong;
}

static const char *read_status(struct slice query, int *status) {
    struct slice text;
    *status = -1;
    if (query_find(query, "status", &text) == 0 || text.len == 0)
        return NULL;
    if (slice_is_equal_nocase(text, SLICE("active")))
        *status = SESSION_ACTIVE;
    else if (slice_is_equal_nocase(text, SLICE("ended")))
        *status = SESSION_ENDED;
    else
        return "status must be one of the following values: ACTIVE, ENDED";
    return NULL;
}

/* NULL, or a sentence about the first value that is wrong. */
static const char *read_list_query(struct slice query, struct list_query *q, unsigned limit,
                                   unsigned limit_max) {
    struct slice text;
    const char *wrong = read_status(query, &q->status);
    q->limit = limit;
    if (!wrong && query_find(query, "limit", &text) > 0 &&
        (!slice_to_uint(text, limit_max, &q->limit) || q->limit == 0))
        wrong = "limit must be a number from 1 to what a page holds";
    if (!wrong)
        wrong = read_time(query, "from", &q->from_ms, "from must be a valid ISO 8601 date string");
    if (!wrong)
        wrong = read_time(query, "to", &q->to_ms, "to must be a valid ISO 8601 date string");
    if (!wrong && query_get(&q->cursor, query, "cursor") == EINVAL)
        wrong = WRONG_CURSOR;
    if (!wrong && (query_get(&q->room, query, "room") == EINVAL ||
                   query_get(&q->person, query, "person") == EINVAL ||
                   q->room.len > SEARCH_BYTES || q->person.len > SEARCH_BYTES))
        wrong = "room and person must be texts of at most 256 bytes";
    return wrong;
}

static void list_query_free(struct list_query *q) {
    buf_free(&q->cursor);
    buf_free(&q->room);
    buf_free(&q->person);
}

/* As errand_resume, for calls that were given the cursor of the query. */
static struct errand *resume_list(void *user, int err) {
    if (err != EINVAL)
        return errand_resume(user, err, "Session not found");
    errand_answer_invalid(user, WRONG_CURSOR);
    return NULL;
}

/* The members of an object that is open. */
static void add_session(struct buf *json, const struct store_session *session) {
    json_add_text_or_null(json, "id", session->id);
    json_add_text_or_null(json, "meetingId", session->meeting_id);
    json_add_text_or_null(json, "roomSid", session->room_sid);
    json_add_text_or_null(json, "roomName", session->room_name);
    json_add_text(json, "status", session->status_name);
    json_add_time_or_null(json, "startedAt", session->started_ms);
    json_add_time_or_null(json, "endedAt", session->ended_ms);
}

/* ---- GET /sessions ---- */

static void on_session_list(int err, const struct store_session_list *list, void *user) {
    struct errand *errand = resume_list(user, err);
    if (!errand)
        return;
    errand_open_list(errand);
    for (size_t i = 0; i < list->count; i++) {
        json_open(&errand->json, NULL);
        add_session(&errand->json, &list->sessions[i]);
        json_close(&errand->json);
    }
    errand_answer_list(errand, list->next);
}

static void list_sessions(struct errand *errand, const struct store_account *account) {
    const struct session_api *api = errand->user;
    struct list_query q = {0};
    if (account->current->role == ROLE_OTHER) {
        auth_refuse_role(errand, account->current);
        return;
    }
    const char *wrong =
        read_list_query(slice_from(errand->query), &q, SESSIONS_DEFAULT, SESSIONS_MAX);
    if (wrong) {
        errand_answer_invalid(errand, wrong);
    } else {
        const struct store_session_filter filter = {
            .organization_id = account->current->organization_id,
            .status = q.status,
            .from_ms = q.from_ms,
            .to_ms = q.to_ms,
            .room = buf_slice(&q.room),
            .person = buf_slice(&q.person),
            .cursor = buf_slice(&q.cursor),
            .limit = (unsigned)q.limit,
        };
        errand->call = store_session_list(api->store, &filter, on_session_list, errand);
    }
    list_query_free(&q);
}

static void on_get_sessions(struct http_request *req, const struct route_match *match, void *user) {
    const struct session_api *api = user;
    auth_check(api->auth, errand_new(req, match, user), list_sessions);
}

/* ---- A meeting of one of the account's organizations ---- */

static void find_own_session(struct errand *errand, const struct store_account *account,
                             ownership_session_fn *run) {
    const struct session_api *api = errand->user;
    ownership_find_session(ownership_new(errand, account, ROLE_MEMBER), errand, api->store,
                           slice_from(errand->params[0]), "Session not found", run);
}

/* ---- GET /sessions/:meetingId ---- */

static void add_recording(struct buf *json, const struct recording_info *row) {
    json_open(json, NULL);
    json_add_text_or_null(json, "id", row->id);
    json_add_text_or_null(json, "participantId", row->participant);
    json_add_text_or_null(json, "participantName", row->name);
    json_add_text_or_null(json, "trackId", row->track);
    json_add_text_or_null(json, "format", row->format);
    json_add_time_or_null(json, "startedAt", row->started_ms);
    json_add_time_or_null(json, "endedAt", row->ended_ms);
    json_add_uint(json, "bytes", row->bytes);
    json_add_int(json, "durationMs", row->duration_ms);
    json_add_text_or_null(json, "sha256", row->sha256);
    json_add_text_or_null(json, "endReason", row->end);
    json_close(json);
}

static void on_recording_list(int err, const struct store_recording_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, "Session not found");
    if (!errand)
        return;
    json_open_array(&errand->json, "recordings");
    for (size_t i = 0; i < list->count; i++)
        add_recording(&errand->json, &list->recordings[i]);
    json_close_array(&errand->json);
    json_close(&errand->json);
    errand_answer_json(errand, 200);
}

static void list_recordings(struct errand *errand, const struct store_session *session) {
    const struct session_api *api = errand->user;
    json_open(&errand->json, NULL);
    add_session(&errand->json, session);
    errand->call = store_recording_list_committed(api->store, session->meeting_id, RECORDINGS_MAX,
                                                  on_recording_list, errand);
}

static void get_session(struct errand *errand, const struct store_account *account) {
    find_own_session(errand, account, list_recordings);
}

static void on_get_session(struct http_request *req, const struct route_match *match, void *user) {
    const struct session_api *api = user;
    auth_check(api->auth, errand_new(req, match, user), get_session);
}

/* ---- GET /feedback/:meetingId ---- */

static void on_stored_events(int err, const struct store_feedback_list *list, void *user) {
    struct errand *errand = resume_list(user, err);
    if (!errand)
        return;
    errand_open_list(errand);
    for (size_t i = 0; i < list->count; i++)
        feedback_row_write(&errand->json, &list->events[i]);
    errand_answer_list(errand, list->next);
}

static void list_feedback(struct errand *errand, const struct store_session *session) {
    const struct session_api *api = errand->user;
    struct list_query q = {0};
    const char *wrong = read_list_query(slice_from(errand->query), &q, EVENTS_DEFAULT, EVENTS_MAX);
    if (wrong) {
        errand_answer_invalid(errand, wrong);
    } else {
        const struct store_feedback_filter filter = {
            .meeting_id = session->meeting_id,
            .from_ms = q.from_ms,
            .to_ms = q.to_ms,
            .cursor = buf_slice(&q.cursor),
            .limit = (unsigned)q.limit,
        };
        errand->call = store_feedback_list(api->store, &filter, on_stored_events, errand);
    }
    list_query_free(&q);
}

static void get_feedback(struct errand *errand, const struct store_account *account) {
    find_own_session(errand, account, list_feedback);
}

static void on_get_feedback(struct http_request *req, const struct route_match *match, void *user) {
    const struct session_api *api = user;
    auth_check(api->auth, errand_new(req, match, user), get_feedback);
}

void session_api_add_routes(struct session_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/sessions", on_get_sessions},
        {"GET", "/sessions/:meetingId", on_get_session},
        {"GET", "/feedback/:meetingId", on_get_feedback},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}
