/* Who belongs to an organization: its members, their roles, and invitations. */
#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "wire/web/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A week to accept. */
#define INVITATION_MS (INT64_C(7) * 24 * HOUR_MS)

enum { MEMBERS_DEFAULT = 50 };

static const char *const roles[] = {"OWNER", "ADMIN", "MEMBER", NULL};

/*
 * The asker's membership in the organization of the path. To whoever is no member there is no such
 * organization: answered 404, and NULL.
 */
static const struct store_membership *find_own(struct errand *errand,
                                               const struct store_account *account) {
    for (size_t i = 0; i < account->membership_count; i++) {
        if (slice_is_equal(account->memberships[i].organization_slug,
                           slice_from(errand->params[0])))
            return &account->memberships[i];
    }
    errand_answer_error(errand, 404, "Organization not found");
    return NULL;
}

/* Members. */

static void on_members(int err, const struct store_member_list *list, void *arg) {
    struct errand *errand = arg;
    struct buf json = {0};
    errand->call = NULL;
    if (err) {
        errand_answer_errno(errand, err, NULL);
        return;
    }
    buf_add_text(&json, "{\"items\":[");
    for (size_t i = 0; i < list->count; i++) {
        const struct store_member *m = &list->members[i];
        char since[TEXT_ISO_SIZE];
        text_iso_time(m->since_ms, since);
        buf_add_text(&json, i ? ",{\"userId\":" : "{\"userId\":");
        text_add_json(&json, m->user_id);
        buf_add_text(&json, ",\"email\":");
        text_add_json(&json, m->email);
        buf_add_text(&json, ",\"name\":");
        if (m->name.len > 0)
            text_add_json(&json, m->name);
        else
            buf_add_text(&json, "null");
        buf_printf(&json, ",\"role\":\"%s\",\"createdAt\":\"%s\"}", store_role_name(m->role),
                   since);
    }
    buf_add_text(&json, "],\"nextCursor\":");
    if (list->next.len > 0)
        text_add_json(&json, list->next);
    else
        buf_add_text(&json, "null");
    buf_add_byte(&json, '}');
    errand_answer_json(errand, 200, buf_slice(&json));
    buf_free(&json);
}

static void list_members(struct errand *errand, const struct store_account *account) {
    const struct store_membership *own = find_own(errand, account);
    struct buf cursor = {0};
    struct slice text = SLICE_NONE;
    uint64_t limit = MEMBERS_DEFAULT;
    if (!own)
        return;
    if (query_find(slice_from(errand->query), "limit", &text) > 0 &&
        !slice_to_uint(text, 200, &limit)) {
        errand_answer_error(errand, 400, "limit must be a number from 1 to 200");
        return;
    }
    (void)query_get(&cursor, slice_from(errand->query), "cursor");
    errand->call = store_member_list(errand->auth->store, own->organization_id, buf_slice(&cursor),
                                     (unsigned)limit, on_members, errand);
    buf_free(&cursor);
}

static void on_list(struct http_request *req, const struct route_match *match, void *owner) {
    auth_check(owner, req, match, false, list_members);
}

/* Changing and removing them. */

static void on_changed(int err, void *arg) {
    struct errand *errand = arg;
    struct auth *auth = errand->auth;
    errand->call = NULL;
    if (err == EACCES) {
        errand_answer_error(errand, 403, "Your role does not allow this");
    } else if (err == EBUSY) {
        errand_answer_error(errand, 409, "An organization keeps at least one owner");
    } else if (err) {
        errand_answer_errno(errand, err, "Member not found");
    } else {
        if (auth->world.on_change)
            auth->world.on_change(auth->world.arg, slice_from(errand->params[1]));
        errand_answer_empty(errand, 204);
    }
}

static const struct field role_fields[] = {
    {"role", .rules = {{RULE_STRING}, {RULE_IN, .choices = roles}}},
};

static void change_role(struct errand *errand, const struct store_account *account) {
    const struct store_membership *own = find_own(errand, account);
    enum store_role role;
    if (!own)
        return;
    if (!body_check(errand->req, errand->body, role_fields, ARRAY_LEN(role_fields)) ||
        !store_role_parse(body_text(errand->body, "role"), &role)) {
        errand_free(errand);
        return;
    }
    const struct store_member_change change = {own->organization_id, slice_from(errand->params[1]),
                                               account->user_id, clock_wall_ms()};
    errand->call = store_member_set_role(errand->auth->store, &change, role, on_changed, errand);
}

static void on_change_role(struct http_request *req, const struct route_match *match, void *owner) {
    auth_check(owner, req, match, true, change_role);
}

static void remove_member(struct errand *errand, const struct store_account *account) {
    const struct store_membership *own = find_own(errand, account);
    if (!own)
        return;
    const struct store_member_change change = {own->organization_id, slice_from(errand->params[1]),
                                               account->user_id, clock_wall_ms()};
    errand->call = store_member_remove(errand->auth->store, &change, on_changed, errand);
}

static void on_remove(struct http_request *req, const struct route_match *match, void *owner) {
    auth_check(owner, req, match, false, remove_member);
}

/* Inviting. */

static const struct field invite_fields[] = {
    {"email", .is_optional = true, .rules = {{RULE_EMAIL}}},
    {"role", .is_optional = true, .rules = {{RULE_STRING}, {RULE_IN, .choices = roles}}},
};

struct invitation {
    char token[TOKEN_TEXT_BYTES + 1];
    char id[RAND_UUID_SIZE];
    enum store_role role;
    int64_t expires_ms;
};

static void on_invited(int err, void *arg) {
    struct errand *errand = arg;
    const struct invitation *invitation = errand->job;
    struct buf json = {0};
    char expires[TEXT_ISO_SIZE];
    errand->call = NULL;
    if (err == EACCES) {
        errand_answer_error(errand, 403, "Your role does not allow this");
        return;
    }
    if (err) {
        errand_answer_errno(errand, err, NULL);
        return;
    }
    text_iso_time(invitation->expires_ms, expires);
    buf_printf(&json, "{\"id\":\"%s\",\"token\":\"%s\",\"role\":\"%s\",\"expiresAt\":\"%s\"}",
               invitation->id, invitation->token, store_role_name(invitation->role), expires);
    http_add_header(errand->req, "Cache-Control", SLICE("no-store"));
    errand_answer_json(errand, 201, buf_slice(&json));
    buf_free(&json);
}

static void invite(struct errand *errand, const struct store_account *account) {
    const struct store_membership *own = find_own(errand, account);
    if (!own)
        return;
    if (!body_check(errand->req, errand->body, invite_fields, ARRAY_LEN(invite_fields))) {
        errand_free(errand);
        return;
    }
    struct invitation *invitation = mem_alloc(sizeof *invitation);
    const int64_t now_ms = clock_wall_ms();
    char hash[TOKEN_HASH_BYTES + 1], email[EMAIL_BYTES];
    errand->job = invitation;
    errand->free_job = mem_free;
    invitation->expires_ms = now_ms + INVITATION_MS;
    if (!store_role_parse(body_text(errand->body, "role"), &invitation->role))
        invitation->role = ROLE_MEMBER;
    rand_token(invitation->token, TOKEN_TEXT_BYTES);
    rand_uuid(invitation->id);
    login_hash(errand->auth, slice_from(invitation->token), hash);
    auth_normalise_email(body_text(errand->body, "email"), email);
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
    errand->call = store_invitation_add(errand->auth->store, &in, on_invited, errand);
}

static void on_invite(struct http_request *req, const struct route_match *match, void *owner) {
    auth_check(owner, req, match, true, invite);
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
