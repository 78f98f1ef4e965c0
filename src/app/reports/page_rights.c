#include "app/reports/page_rights.h"

#include "app/accounts/auth.h"
#include "app/config/config.h"
#include "app/hosts/hosts.h"
#include "app/hosts/hosts_token.h"
#include "app/recordings/ownership.h"
#include "app/rest/bearer.h"
#include "app/rest/errand.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/store/store_verdict.h"
#include "wire/web/json_write.h"
#include "wire/web/jwt.h"
#include "wire/web/url.h"

#include <errno.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* ---- POST /page/rights ---- */

static void page_on_added(int err, void *arg) {
    struct errand *errand = errand_resume(arg, err, NULL);
    if (errand)
        errand_answer_json(errand, 201);
}

static void give(struct errand *errand, const struct host_token *token,
                 const struct session *session) {
    const struct page_rights *rights = errand->user;
    char id[RAND_UUID_SIZE], text[HOSTS_PAGE_TOKEN_SIZE], hash[HOSTS_PAGE_HASH_SIZE];
    int64_t now_ms = clock_wall_ms();
    rand_uuid(id);
    hosts_make_page_token(text);
    hosts_page_hash(slice_from(text), hash);
    const struct store_right row = {
        .id = slice_from(id),
        .token_hash = slice_from(hash),
        .meeting_id = slice_from(session->meeting_id),
        .room_name = slice_from(session->room_name),
        .subject = jwt_text(token->claims, "sub"),
        .created_ms = now_ms,
        .expires_ms = now_ms + rights->config->page_right_days * DAY_MS,
    };
    json_open(&errand->json, NULL);
    json_add_text(&errand->json, "id", row.id);
    json_add_text(&errand->json, "token", slice_from(text));
    json_add_text(&errand->json, "meetingId", row.meeting_id);
    json_add_text(&errand->json, "roomName", row.room_name);
    json_add_int(&errand->json, "expiresAt", row.expires_ms);
    json_close(&errand->json);
    errand->call = store_right_add(rights->store, &row, page_on_added, errand);
}

static void page_on_ask(struct http_request *req, const struct route_match *match, void *user) {
    static const struct body_field fields[] = {
        {"token", .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}, {RULE_MAX_LENGTH, 8192}}},
    };
    const struct page_rights *rights = user;
    struct errand *errand = errand_new_with_body(req, match, user);
    if (!errand || !errand_check_body(errand, fields, ARRAY_LEN(fields)))
        return;
    struct host_token token;
    const char *fault = host_token_read(&token, rights->config, body_text(errand->body, "token"),
                                        clock_wall_ms() / 1000);
    if (fault) {
        errand_answer_error(errand, 401, fault);
        return;
    }
    const struct session *session =
        token.is_livekit ? sessions_find_active(rights->sessions, token.room) : NULL;
    if (!token.is_livekit)
        errand_answer_error(errand, 403, "Forbidden: a right comes from a LiveKit host's token");
    else if (!session)
        errand_answer_error(errand, 409, "The room has no active session");
    else
        give(errand, &token, session);
    host_token_free(&token);
}

/* ---- GET /page/rights ---- */

static void page_on_list(int err, const struct store_right_list *list, void *arg) {
    struct errand *errand = errand_resume(arg, err, NULL);
    if (!errand)
        return;
    errand_open_list(errand);
    for (size_t i = 0; i < list->count; i++) {
        const struct store_right *row = &list->rights[i];
        json_open(&errand->json, NULL);
        json_add_text(&errand->json, "id", row->id);
        json_add_text(&errand->json, "meetingId", row->meeting_id);
        json_add_text(&errand->json, "subject", row->subject);
        json_add_time(&errand->json, "createdAt", row->created_ms);
        json_add_time(&errand->json, "expiresAt", row->expires_ms);
        json_add_time_or_null(&errand->json, "revokedAt", row->revoked_ms);
        json_close(&errand->json);
    }
    errand_answer_list(errand, SLICE_NONE);
}

static void list_of_session(struct errand *errand, const struct store_session *session) {
    const struct page_rights *rights = errand->user;
    errand->call = store_right_list(rights->store, session->meeting_id, page_on_list, errand);
}

static void list_rights(struct errand *errand, const struct store_account *account) {
    const struct page_rights *rights = errand->user;
    struct buf meeting = {0};
    int err = query_get(&meeting, slice_from(errand->query), "meetingId");
    if (err || meeting.len == 0)
        errand_answer_invalid(errand, "meetingId must be the id of a meeting");
    else
        ownership_find_session(ownership_new(errand, account, ROLE_ADMIN), errand, rights->store,
                               buf_slice(&meeting), "Session not found", list_of_session);
    buf_free(&meeting);
}

static void page_on_get(struct http_request *req, const struct route_match *match, void *user) {
    const struct page_rights *rights = user;
    auth_check(rights->auth, errand_new(req, match, user), list_rights);
}

/* ---- DELETE /page/rights/:id ---- */

static void page_on_revoked(int err, void *arg) {
    struct errand *errand = errand_resume(arg, err, "Right not found");
    if (!errand)
        return;
    const struct page_rights *rights = errand->user;
    hosts_page_revoked(rights->hosts, slice_from(errand->params[0]));
    errand_answer_empty(errand, 204);
}

static void revoke(struct errand *errand) {
    const struct page_rights *rights = errand->user;
    errand->call = store_right_revoke(rights->store, slice_from(errand->params[0]), clock_wall_ms(),
                                      page_on_revoked, errand);
}

static void page_on_own(int err, const struct store_right *row, void *arg) {
    struct errand *errand = arg;
    if (err == ENOENT || (!err && (row->revoked_ms || row->expires_ms <= clock_wall_ms())))
        errand_answer_error(errand, 401, NULL);
    else if (!errand_resume(errand, err, NULL))
        return;
    else if (!slice_is_equal(row->id, slice_from(errand->params[0])))
        errand_answer_error(errand, 404, "Right not found");
    else
        revoke(errand);
}

static void revoke_of_session(struct errand *errand, const struct store_session *session) {
    revoke(errand);
}

static void page_on_found(int err, const struct store_right *row, void *arg) {
    struct errand *errand = errand_resume(arg, err, "Right not found");
    if (!errand)
        return;
    const struct page_rights *rights = errand->user;
    ownership_find_session(errand->job, errand, rights->store, row->meeting_id, "Right not found",
                           revoke_of_session);
}

static void revoke_as_admin(struct errand *errand, const struct store_account *account) {
    const struct page_rights *rights = errand->user;
    ownership_new(errand, account, ROLE_ADMIN);
    errand->call =
        store_right_get(rights->store, slice_from(errand->params[0]), page_on_found, errand);
}

static void page_on_delete(struct http_request *req, const struct route_match *match, void *user) {
    const struct page_rights *rights = user;
    struct errand *errand = errand_new(req, match, user);
    struct slice token = bearer_token(req->head);
    if (!hosts_is_page_token(token)) {
        auth_check(rights->auth, errand, revoke_as_admin);
        return;
    }
    char hash[HOSTS_PAGE_HASH_SIZE];
    hosts_page_hash(token, hash);
    errand->call = store_right_find(rights->store, slice_from(hash), page_on_own, errand);
}

void page_rights_add_routes(struct page_rights *rights, struct routes *routes) {
    static const struct route rows[] = {
        {"POST", "/page/rights", page_on_ask},
        {"GET", "/page/rights", page_on_get},
        {"DELETE", "/page/rights/:id", page_on_delete},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), rights);
}
