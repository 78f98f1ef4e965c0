#include "app/recordings/session_api.h"

#include "app/accounts/auth_private.h"
#include "app/recordings/feedback_row.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/store/store_recording.h"
#include "wire/web/url.h"

#include <errno.h>

enum {
    SESSIONS_DEFAULT = 50,
    SESSIONS_MAX = 200,
    EVENTS_DEFAULT = 100,
    EVENTS_MAX = 1000,
    RECORDINGS_MAX = 1000
};

/* What a list may be asked: ?limit=&cursor=&status=&from=&to=. */
struct question {
    uint64_t limit;
    int64_t from_ms, to_ms;
    int status;
    struct buf cursor;
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

/* NULL, or what is wrong with it. */
static const char *read_question(struct slice query, struct question *q, unsigned limit,
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
        wrong = "cursor must be one that a page gave";
    return wrong;
}

static void answer_bad_query(struct errand *errand, const char *wrong) {
    struct buf json = {0};
    buf_add_text(&json, "{\"message\":[");
    text_add_json(&json, slice_from(wrong));
    buf_add_text(&json, "],\"error\":\"Bad Request\",\"statusCode\":400}");
    errand_answer_json(errand, 400, buf_slice(&json));
    buf_free(&json);
}

static void answer_list_errno(struct errand *errand, int err) {
    if (err == EINVAL)
        answer_bad_query(errand, "cursor must be one that a page gave");
    else
        errand_answer_errno(errand, err, "Session not found");
}

/* Commas stand between members and between items, so none follows a bracket. */
static void add_comma(struct buf *json) {
    const char last = json->data[json->len - 1];
    if (last != '{' && last != '[')
        buf_add_byte(json, ',');
}

static void add_name(struct buf *json, const char *name) {
    add_comma(json);
    buf_printf(json, "\"%s\":", name);
}

static void add_member(struct buf *json, const char *name, struct slice text) {
    add_name(json, name);
    if (text.len > 0)
        text_add_json(json, text);
    else
        buf_add_text(json, "null");
}

static void add_number(struct buf *json, const char *name, int64_t number) {
    add_name(json, name);
    buf_printf(json, "%lld", (long long)number);
}

static void add_time(struct buf *json, const char *name, int64_t unix_ms) {
    char iso[TEXT_ISO_SIZE];
    text_iso_time(unix_ms, iso);
    add_member(json, name, unix_ms ? slice_from(iso) : SLICE_NONE);
}

static void add_next(struct buf *json, struct slice next) {
    buf_add_byte(json, ']');
    add_member(json, "nextCursor", next);
    buf_add_byte(json, '}');
}

/* Without the last brace, so that more may follow. */
static void add_session(struct buf *json, const struct store_session *s) {
    buf_add_byte(json, '{');
    add_member(json, "id", s->id);
    add_member(json, "meetingId", s->meeting_id);
    add_member(json, "roomSid", s->room_sid);
    add_member(json, "roomName", s->room_name);
    add_member(json, "status", s->status == SESSION_ACTIVE ? SLICE("ACTIVE") : SLICE("ENDED"));
    add_time(json, "startedAt", s->started_ms);
    add_time(json, "endedAt", s->ended_ms);
}

/* GET /sessions */

static void on_sessions(int err, const struct store_session_list *list, void *arg) {
    struct errand *errand = arg;
    struct buf json = {0};
    errand->call = NULL;
    if (err) {
        answer_list_errno(errand, err);
        return;
    }
    buf_add_text(&json, "{\"items\":[");
    for (size_t i = 0; i < list->count; i++) {
        add_comma(&json);
        add_session(&json, &list->sessions[i]);
        buf_add_byte(&json, '}');
    }
    add_next(&json, list->next);
    errand_answer_json(errand, 200, buf_slice(&json));
    buf_free(&json);
}

static void list_sessions(struct errand *errand, const struct store_account *account) {
    struct question q = {0};
    const char *wrong =
        read_question(slice_from(errand->query), &q, SESSIONS_DEFAULT, SESSIONS_MAX);
    if (wrong) {
        answer_bad_query(errand, wrong);
    } else {
        const struct store_session_filter filter = {
            .organization_id = account->current->organization_id,
            .status = q.status,
            .from_ms = q.from_ms,
            .to_ms = q.to_ms,
            .cursor = buf_slice(&q.cursor),
            .limit = (unsigned)q.limit,
        };
        errand->call = store_session_list(errand->auth->store, &filter, on_sessions, errand);
    }
    buf_free(&q.cursor);
}

static void on_get_sessions(struct http_request *req, const struct route_match *match,
                            void *owner) {
    auth_check(owner, req, match, false, list_sessions);
}

/* A meeting of one of the asker's organizations, then what is to be read of it. */

struct reading {
    struct buf ids;     /* of the asker's organizations, each with a space behind it */
    struct buf session; /* JSON */
    store_session_fn *next;
};

static void reading_free(void *arg) {
    struct reading *reading = arg;
    buf_free(&reading->ids);
    buf_free(&reading->session);
    mem_free(reading);
}

static bool is_own(const struct reading *reading, struct slice organization_id) {
    struct slice rest = buf_slice(&reading->ids), id;
    while (organization_id.len > 0 && slice_cut(&rest, ' ', &id)) {
        if (slice_is_equal(id, organization_id))
            return true;
    }
    return false;
}

static void on_session(int err, const struct store_session *session, void *arg) {
    struct errand *errand = arg;
    const struct reading *reading = errand->job;
    errand->call = NULL;
    if (!err && !is_own(reading, session->organization_id))
        err = ENOENT;
    if (err)
        errand_answer_errno(errand, err, "Session not found");
    else
        reading->next(0, session, errand);
}

static void find_own_session(struct errand *errand, const struct store_account *account,
                             store_session_fn *next) {
    struct reading *reading = mem_alloc(sizeof *reading);
    for (size_t i = 0; i < account->membership_count; i++) {
        buf_add_slice(&reading->ids, account->memberships[i].organization_id);
        buf_add_byte(&reading->ids, ' ');
    }
    reading->next = next;
    errand->job = reading;
    errand->free_job = reading_free;
    errand->call =
        store_session_get(errand->auth->store, slice_from(errand->params[0]), on_session, errand);
}

/* GET /sessions/:meetingId */

static void add_recording(struct buf *json, const struct recording_info *r) {
    add_comma(json);
    buf_add_byte(json, '{');
    add_member(json, "id", r->id);
    add_member(json, "participantId", r->participant);
    add_member(json, "participantName", r->name);
    add_member(json, "trackId", r->track);
    add_member(json, "format", r->format);
    add_time(json, "startedAt", r->started_ms);
    add_time(json, "endedAt", r->ended_ms);
    add_number(json, "bytes", (int64_t)r->bytes);
    add_number(json, "durationMs", r->duration_ms);
    add_member(json, "sha256", r->sha256);
    add_member(json, "endReason", r->end);
    buf_add_byte(json, '}');
}

static void on_recordings(int err, const struct store_recording_list *list, void *arg) {
    struct errand *errand = arg;
    struct reading *reading = errand->job;
    struct buf *json = &reading->session;
    errand->call = NULL;
    if (err) {
        errand_answer_errno(errand, err, "Session not found");
        return;
    }
    add_name(json, "recordings");
    buf_add_byte(json, '[');
    for (size_t i = 0; i < list->count; i++)
        add_recording(json, &list->recordings[i]);

    buf_add_text(json, "]}");
    http_respond_json(errand->req, 200, buf_slice(json));
    errand_free(errand);
}

static void on_own_session(int err, const struct store_session *session, void *arg) {
    struct errand *errand = arg;
    struct reading *reading = errand->job;
    add_session(&reading->session, session);
    errand->call = store_recording_list(errand->auth->store, session->meeting_id, RECORDINGS_MAX,
                                        on_recordings, errand);
    store_let_overtake(errand->call);
}

static void get_session(struct errand *errand, const struct store_account *account) {
    find_own_session(errand, account, on_own_session);
}

static void on_get_session(struct http_request *req, const struct route_match *match, void *owner) {
    auth_check(owner, req, match, false, get_session);
}

/* GET /feedback/:meetingId */

static void on_events(int err, const struct store_feedback_list *list, void *arg) {
    struct errand *errand = arg;
    struct buf json = {0};
    errand->call = NULL;
    if (err) {
        answer_list_errno(errand, err);
        return;
    }
    buf_add_text(&json, "{\"items\":[");
    for (size_t i = 0; i < list->count; i++) {
        add_comma(&json);
        feedback_row_write(&json, &list->events[i]);
    }

    add_next(&json, list->next);
    errand_answer_json(errand, 200, buf_slice(&json));
    buf_free(&json);
}

static void on_own_feedback(int err, const struct store_session *session, void *arg) {
    struct errand *errand = arg;
    struct question q = {0};
    const char *wrong = read_question(slice_from(errand->query), &q, EVENTS_DEFAULT, EVENTS_MAX);
    if (wrong) {
        answer_bad_query(errand, wrong);
    } else {
        const struct store_feedback_filter filter = {
            .meeting_id = session->meeting_id,
            .from_ms = q.from_ms,
            .to_ms = q.to_ms,
            .cursor = buf_slice(&q.cursor),
            .limit = (unsigned)q.limit,
        };
        errand->call = store_feedback_list(errand->auth->store, &filter, on_events, errand);
    }
    buf_free(&q.cursor);
}

static void get_feedback(struct errand *errand, const struct store_account *account) {
    find_own_session(errand, account, on_own_feedback);
}

static void on_get_feedback(struct http_request *req, const struct route_match *match,
                            void *owner) {
    auth_check(owner, req, match, false, get_feedback);
}

void session_api_add_routes(struct session_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/sessions", on_get_sessions},
        {"GET", "/sessions/:meetingId", on_get_session},
        {"GET", "/feedback/:meetingId", on_get_feedback},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api->auth);
}
