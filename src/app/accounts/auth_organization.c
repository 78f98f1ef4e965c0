/* Organizations: their members, the roles of those, and invitations. */
#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <assert.h>
#include <errno.h>

#define INVITATION_MS (INT64_C(7) * 24 * HOUR_MS)
#define WRONG_ROLE    "Your role does not allow this"

enum { MEMBERS_DEFAULT = 50, MEMBERS_MAX = 200 };

static const char *const roles[] = {"OWNER", "ADMIN", "MEMBER", NULL};

/*
 * The account's membership in the organization of the path. NULL: it is not a member, and the
 * errand is answered 404 as for an organization that does not exist.
 */
static const struct store_membership *find_own(struct errand *errand,
                                               const struct store_account *account) {
    const struct store_membership *own =
        auth_find_membership(account, slice_from(errand->params[0]));
    if (!own)
        errand_answer_error(errand, 404, "Organization not found");
    return own;
}

/* ---- Members ---- */

static void on_members(int err, const struct store_member_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    struct buf *json = &errand->json;
    errand_open_list(errand);
    for (size_t i = 0; i < list->count; i++) {
        const struct store_member *member = &list->members[i];
        json_open(json, NULL);
        json_add_text(json, "userId", member->user_id);
        json_add_text(json, "email", member->email);
        json_add_text_or_null(json, "name", member->name);
        json_add_text(json, "role", member->role_name);
        json_add_time(json, "createdAt", member->since_ms);
        json_close(json);
    }
    errand_answer_list(errand, list->next);
}

static void list_members(struct errand *errand, const struct store_account *account) {
    struct auth *auth = errand->user;
    const struct store_membership *own = find_own(errand, account);
    if (!own)
        return;
    if (own->role == ROLE_OTHER) {
        auth_refuse_role(errand, own);
        return;
    }
    struct slice query = slice_from(errand->query), text = SLICE_NONE;
    uint64_t limit = MEMBERS_DEFAULT;
    if (query_find(query, "limit", &text) > 0 && !slice_to_uint(text, MEMBERS_MAX, &limit)) {
        errand_answer_error(errand, 400, "limit must be a number from 1 to 200");
        return;
    }
    struct buf cursor = {0};
    (void)query_get(&cursor, query, "cursor");
    errand->call = store_member_list(auth->set.store, own->organization_id, buf_slice(&cursor),
                                     (unsigned)limit, on_members, errand);
    buf_free(&cursor);
}

static void on_list(struct http_request *req, const struct route_match *match, void *user) {
    auth_check(user, errand_new(req, match, user), list_members);
}

/* ---- Changing roles, removing members ---- */

static void on_member_changed(int err, void *user) {
    struct errand *errand = user;
    struct auth *auth = errand->user;
    if (err == EACCES) {
        errand_answer_error(errand, 403, WRONG_ROLE);
    } else if (err == EBUSY) {
        errand_answer_error(errand, 409, "An organization keeps at least one owner");
    } else if (errand_resume(errand, err, "Member not found")) {
        auth_tell_change(auth, slice_from(errand->params[1]));
        errand_answer_empty(errand, 204);
    }
}

static const struct body_field role_fields[] = {
    {"role", .rules = {{RULE_STRING}, {RULE_IN, .choices = roles}}},
};

static struct store_member_change change_by(const struct errand *errand,
                                            const struct store_membership *own,
                                            const struct store_account *account) {
    return (struct store_member_change){own->organization_id, slice_from(errand->params[1]),
                                        account->user_id, clock_wall_ms()};
}

static void change_role(struct errand *errand, const struct store_account *account) {
    struct auth *auth = errand->user;
    const struct store_membership *own = find_own(errand, account);
    if (!own || !errand_check_body(errand, role_fields, ARRAY_LEN(role_fields)))
        return;
    enum store_role role = ROLE_MEMBER;
    bool is_role = store_role_parse(body_text(errand->body, "role"), &role);
    assert(is_role); /* the body was checked */
    (void)is_role;
    const struct store_member_change change = change_by(errand, own, account);
    errand->call = store_member_set_role(auth->set.store, &change, role, on_member_changed, errand);
}

static void on_change_role(struct http_request *req, const struct route_match *match, void *user) {
    auth_check(user, errand_new_with_body(req, match, user), change_role);
}

static void remove_member(struct errand *errand, const struct store_account *account) {
    struct auth *auth = errand->user;
    const struct store_membership *own = find_own(errand, account);
    if (!own)
        return;
    const struct store_member_change change = change_by(errand, own, account);
    errand->call = store_member_remove(auth->set.store, &change, on_member_changed, errand);
}

static void on_remove(struct http_request *req, const struct route_match *match, void *user) {
    auth_check(user, errand_new(req, match, user), remove_member);
}

/* ---- Inviting ---- */

static const struct body_field invite_fields[] = {
    {"email", .is_optional = true, .rules = {{RULE_EMAIL}}},
    {"role", .is_optional = true, .rules = {{RULE_STRING}, {RULE_IN, .choices = roles}}},
};

struct invitation {
    char token[TOKEN_TEXT_BYTES + 1];
    char id[RAND_UUID_SIZE];
    enum store_role role;
    int64_t expires_ms;
};

static void on_invited(int err, void *user) {
    struct errand *errand = user;
    if (err == EACCES) {
        errand_answer_error(errand, 403, WRONG_ROLE);
        return;
    }
    if (!errand_resume(errand, err, NULL))
        return;
    const struct invitation *invitation = errand->job;
    struct buf *json = &errand->json;
    json_open(json, NULL);
    json_add_text(json, "id", slice_from(invitation->id));
    json_add_text(json, "token", slice_from(invitation->token));
    json_add_text(json, "role", slice_from(store_role_name(invitation->role)));
    json_add_time(json, "expiresAt", invitation->expires_ms);
    json_close(json);
    http_add_header(errand->req, "Cache-Control", SLICE("no-store"));
    errand_answer_json(errand, 201);
}

static void invite(struct errand *errand, const struct store_account *account) {
    struct auth *auth = errand->user;
    const struct store_membership *own = find_own(errand, account);
    if (!own || !errand_check_body(errand, invite_fields, ARRAY_LEN(invite_fields)))
        return;
    struct invitation *invitation = mem_alloc(sizeof *invitation);
    errand_set_job(errand, invitation, mem_free);
    const int64_t now_ms = clock_wall_ms();
    invitation->expires_ms = now_ms + INVITATION_MS;
    if (!store_role_parse(body_text(errand->body, "role"), &invitation->role))
        invitation->role = ROLE_MEMBER;
    rand_token(invitation->token, TOKEN_TEXT_BYTES);
    rand_uuid(invitation->id);
    char hash[TOKEN_HASH_BYTES + 1], email[EMAIL_SIZE];
    login_hash(auth, slice_from(invitation->token), hash);
    email_normalise(body_text(errand->body, "email"), email);
    const struct store_invitation in = {
        .id = slice_from(invitation->id),
        .organization_id = own->organization_id,
        .role = invitation->role,
        .email = slice_from(email),
        .token_hash = slice_from(hash),
        .invited_by = account->user_id,
        .now_ms = now_ms,
        .expires_ms = invitation->expires_ms,
    };
    errand->call = store_invitation_add(auth->set.store, &in, on_invited, errand);
}

static void on_invite(struct http_request *req, const struct route_match *match, void *user) {
    auth_check(user, errand_new_with_body(req, match, user), invite);
}

void auth_add_organization_routes(struct auth *auth, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/organizations/:slug/members", on_list},
        {"PATCH", "/organizations/:slug/members/:userId", on_change_role},
        {"DELETE", "/organizations/:slug/members/:userId", on_remove},
        {"POST", "/organizations/:slug/invitations", on_invite},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), auth);
}
