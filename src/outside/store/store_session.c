/* Meetings: starting, ending, finding and listing them. */
#include "base/buf.h"
#include "base/macros.h"
#include "base/rand.h"
#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

/* ---- One session ---- */

struct session_call {
    struct store_call call;
    /* of store_session_start */
    struct store_session_start start;
    /* of the others: a meeting or a room */
    struct slice name;
    int64_t at_ms;
    /* the statement that finds it */
    enum store_sql find;
    struct store_session session;
    bool is_found;
    store_session_fn *fn;
};

static const char *const status_names[] = {[SESSION_ACTIVE] = "ACTIVE", [SESSION_ENDED] = "ENDED"};

static void read_session(struct store_call *call, const struct db_row *row,
                         struct store_session *s) {
    STORE_READ(call, row, 0, &s->id, &s->meeting_id, &s->room_sid, &s->room_name,
               &s->organization_id, &s->organization_slug);
    STORE_READ(call, row, 6, &s->status_name);
    s->status = SESSION_OTHER;
    for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
        if (slice_is_equal(s->status_name, slice_from(status_names[i])))
            s->status = (enum session_status)i;
    }
    s->started_ms = db_row_time(row, 7);
    s->ended_ms = db_row_time(row, 8);
}

static void on_session_row(const struct db_row *row, void *arg) {
    struct session_call *s = arg;
    read_session(&s->call, row, &s->session);
    s->is_found = true;
}

static void on_owner(const struct db_row *row, void *arg) {
    struct session_call *s = arg;
    s->session.organization_id = store_call_copy(&s->call, db_row_text(row, 0));
}

/*
 * Only a signed webhook gives a meeting an owner: the organization that it names, if an operator
 * linked that one, else the default organization.
 */
static int find_owner(struct session_call *s, struct db *db) {
    if (!s->start.is_signed)
        return 0;
    int err = 0;
    if (s->start.organization.len > 0)
        err = STORE_RUN(db, SQL_ORGANIZATION_LINKED, on_owner, s, db_text(s->start.organization));
    struct slice otherwise = store_default_organization(s->call.store);
    if (!err && s->session.organization_id.len == 0 && otherwise.len > 0)
        err = STORE_RUN(db, SQL_ORGANIZATION_BY_SLUG, on_owner, s, db_text(otherwise));
    return err;
}

/* Moves recordings that were made under the room's name since the room was created to this session.
 * Some may be from before a restart of this program. */
static int adopt_recordings(const struct store_session_start *start, struct db *db) {
    if (slice_is_equal(start->meeting_id, start->room_name))
        return 0;
    int64_t end_ms = start->ended_ms ? start->ended_ms : STORE_TIME_MAX;
    return STORE_WRITE(db, SQL_RECORDING_RENAME, db_text(start->room_name),
                       db_text(start->meeting_id), db_time(start->at_ms - STORE_SKEW_MS),
                       db_time(end_ms));
}

static int run_session_start(struct db *db, void *question) {
    struct session_call *s = question;
    const struct store_session_start *start = &s->start;
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    int err = find_owner(s, db);
    if (!err)
        err =
            STORE_WRITE(db, SQL_SESSION_UPSERT, db_text(slice_from(id)), db_text(start->meeting_id),
                        db_maybe(start->room_sid), db_text(start->room_name), db_time(start->at_ms),
                        db_maybe(s->session.organization_id));
    if (!err)
        err = adopt_recordings(start, db);
    if (!err)
        err = STORE_RUN(db, SQL_SESSION_GET, on_session_row, s, db_text(start->meeting_id));
    if (!err)
        err = STORE_RUN(db, SQL_FEEDBACK_LAST_SEQ, db_take_int, &s->session.last_seq,
                        db_text(start->meeting_id));
    return err;
}

static int run_session_end(struct db *db, void *question) {
    struct session_call *s = question;
    int err = STORE_WRITE(db, SQL_SESSION_END, db_text(s->name), db_time(s->at_ms));
    if (!err && db->changed == 0)
        err = ENOENT;
    return err ? err
               : STORE_WRITE(db, SQL_PARTICIPANT_LEAVE_ALL, db_text(s->name), db_time(s->at_ms));
}

static int run_session_find(struct db *db, void *question) {
    struct session_call *s = question;
    int err = STORE_RUN(db, s->find, on_session_row, s, db_text(s->name));
    return !err && !s->is_found ? ENOENT : err;
}

static void answer_session(void *question) {
    struct session_call *s = question;
    s->fn(s->call.err, s->call.err ? NULL : &s->session, s->call.arg);
}

struct store_call *store_session_start(struct store *store, const struct store_session_start *start,
                                       store_session_fn *fn, void *arg) {
    struct session_call *s =
        store_call_new(store, sizeof *s, run_session_start, answer_session, arg);
    s->start = *start;
    STORE_COPY(&s->call, &s->start.meeting_id, &s->start.room_sid, &s->start.room_name,
               &s->start.organization);
    s->call.reads_feedback = true; /* because of last_seq */
    s->call.is_patient = true;
    s->fn = fn;
    return store_call_send(&s->call);
}

struct store_call *store_session_end(struct store *store, struct slice meeting_id, int64_t at_ms,
                                     store_done_fn *fn, void *arg) {
    struct session_call *s = store_call_new_done(store, sizeof *s, run_session_end, fn, arg);
    s->name = store_call_copy(&s->call, meeting_id);
    s->at_ms = at_ms;
    s->call.is_patient = true;
    return store_call_send(&s->call);
}

static struct store_call *find_session(struct store *store, enum store_sql find, struct slice name,
                                       store_session_fn *fn, void *arg) {
    struct session_call *s =
        store_call_new(store, sizeof *s, run_session_find, answer_session, arg);
    s->find = find;
    s->name = store_call_copy(&s->call, name);
    s->call.may_overtake = true;
    s->fn = fn;
    return store_call_send(&s->call);
}

struct store_call *store_session_resolve(struct store *store, struct slice room_name,
                                         store_session_fn *fn, void *arg) {
    return find_session(store, SQL_SESSION_RESOLVE, room_name, fn, arg);
}

struct store_call *store_session_get(struct store *store, struct slice meeting_id,
                                     store_session_fn *fn, void *arg) {
    return find_session(store, SQL_SESSION_GET, meeting_id, fn, arg);
}

/* ---- Lists ---- */

struct sessions_call {
    struct store_call call;
    struct store_session_filter filter;
    int64_t cursor_ms;
    struct slice cursor_id;
    struct store_session *sessions;
    struct store_session_list list;
    store_sessions_fn *fn;
};

static void on_listed_row(const struct db_row *row, void *arg) {
    struct sessions_call *s = arg;
    read_session(&s->call, row, &s->sessions[s->list.count++]);
}

/* A pattern for LIKE that finds the text anywhere, whatever is in it; empty stays empty. Of letters
 * the databases agree about ASCII alone. */
static struct slice like(struct store_call *call, struct slice text) {
    struct buf pattern = {0};
    if (text.len == 0)
        return SLICE("");
    buf_add_byte(&pattern, '%');
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        if (byte == '%' || byte == '_' || byte == '!')
            buf_add_byte(&pattern, '!');
        buf_add_byte(&pattern, byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte);
    }
    buf_add_byte(&pattern, '%');
    struct slice copy = store_call_copy(call, buf_slice(&pattern));
    buf_free(&pattern);
    return copy;
}

static int run_session_list(struct db *db, void *question) {
    struct sessions_call *s = question;
    const struct store_session_filter *f = &s->filter;
    const struct slice status = f->status < 0 ? SLICE("") : slice_from(status_names[f->status]);
    s->sessions = store_call_alloc(&s->call, (f->limit + 1) * sizeof *s->sessions);
    s->list.sessions = s->sessions;
    int err = STORE_RUN(db, SQL_SESSION_LIST, on_listed_row, s, db_text(f->organization_id),
                        db_text(status), db_time(f->from_ms), db_time(f->to_ms),
                        db_time(s->cursor_ms), db_text(s->cursor_id),
                        db_text(like(&s->call, f->room)), db_text(like(&s->call, f->person)),
                        db_int(f->limit + 1));
    if (!err && s->list.count > f->limit) {
        const struct store_session *last = &s->sessions[f->limit - 1];
        s->list.count = f->limit;
        s->list.next = store_cursor_write(&s->call, last->started_ms, last->id);
    }
    return err;
}

static int run_session_list_active(struct db *db, void *question) {
    struct sessions_call *s = question;
    s->sessions = store_call_alloc(&s->call, s->filter.limit * sizeof *s->sessions);
    s->list.sessions = s->sessions;
    return STORE_RUN(db, SQL_SESSION_LIST_ACTIVE, on_listed_row, s, db_int(s->filter.limit));
}

static void answer_sessions(void *question) {
    struct sessions_call *s = question;
    s->fn(s->call.err, s->call.err ? NULL : &s->list, s->call.arg);
}

struct store_call *store_session_list(struct store *store,
                                      const struct store_session_filter *filter,
                                      store_sessions_fn *fn, void *arg) {
    struct sessions_call *s =
        store_call_new(store, sizeof *s, run_session_list, answer_sessions, arg);
    s->filter = *filter;
    STORE_COPY(&s->call, &s->filter.organization_id, &s->filter.room, &s->filter.person);
    s->filter.limit = store_limit(filter->limit, 200);
    if (filter->to_ms == 0)
        s->filter.to_ms = STORE_TIME_MAX;
    s->call.may_overtake = true;
    if (!store_cursor_parse(&s->call, filter->cursor, &s->cursor_ms, &s->cursor_id))
        s->call.run = store_call_refuse;
    s->fn = fn;
    return store_call_send(&s->call);
}

struct store_call *store_session_list_active(struct store *store, unsigned limit,
                                             store_sessions_fn *fn, void *arg) {
    struct sessions_call *s =
        store_call_new(store, sizeof *s, run_session_list_active, answer_sessions, arg);
    s->filter.limit = store_limit(limit, 10000);
    s->call.is_patient = true;
    s->fn = fn;
    return store_call_send(&s->call);
}
