/*
 * The page's login: as /auth/login, /auth/refresh and /auth/logout, but the refresh token travels in
 * a cookie that no script can read. Browsers take it over HTTPS alone (`Secure`, `__Host-`), send it
 * to no other site (`SameSite=Strict`), and it is read by these routes alone. Pages of other origins
 * of the same site are refused.
 */
#include "app/accounts/auth_private.h"
#include "base/macros.h"

#include <string.h>

#define COOKIE "__Host-prosa-refresh"

void auth_set_cookie(struct http_request *req, const char *token, int64_t lasts_s) {
    struct buf cookie = {0};
    buf_printf(&cookie, COOKIE "=%s; Max-Age=%lld; Path=/; Secure; HttpOnly; SameSite=Strict",
               token, (long long)lasts_s);
    http_add_header(req, "Set-Cookie", buf_slice(&cookie));
    buf_free(&cookie);
}

void auth_clear_cookie(struct http_request *req) {
    auth_set_cookie(req, "", 0);
}

/* The value of the cookie in the request; empty: there is none. */
static struct slice read_cookie(const struct http_head *head) {
    const struct slice *header = http_find_header(head, "cookie");
    struct slice rest = header ? *header : SLICE_NONE, part, name, value;
    while (slice_cut(&rest, ';', &part))
        if (slice_split(slice_trim(part), '=', &name, &value) &&
            slice_is_equal(name, SLICE(COOKIE)))
            return value;
    return SLICE_NONE;
}

static bool is_own_page(const struct http_head *head) {
    const struct slice *site = http_find_header(head, "sec-fetch-site");
    const struct slice *origin = http_find_header(head, "origin");
    const struct slice *host = http_find_header(head, "host");
    struct slice scheme, rest;
    if (site)
        return slice_is_equal(*site, SLICE("same-origin")) || slice_is_equal(*site, SLICE("none"));
    if (!origin)
        return true; /* no browser */
    return slice_split(*origin, ':', &scheme, &rest) && host &&
           slice_has_prefix(rest, SLICE("//")) && slice_is_equal_nocase(slice_skip(rest, 2), *host);
}

static bool is_refused(struct http_request *req) {
    if (is_own_page(req->head))
        return false;
    http_respond_error(req, 403, "Forbidden: only this server's own page may use the cookie");
    return true;
}

void auth_on_page_login(struct http_request *req, const struct route_match *match, void *user) {
    if (!is_refused(req))
        auth_begin_login(user, req, match, true);
}

/* One whose body says what the cookie does. NULL: there is none, and the request is answered. */
static struct errand *errand_of_cookie(struct http_request *req, const struct route_match *match,
                                       void *user, int missing) {
    struct slice token = read_cookie(req->head);
    if (token.len != TOKEN_TEXT_BYTES) {
        if (missing == 204)
            http_respond(req, 204, NULL, SLICE_NONE);
        else
            http_respond_error(req, missing, NULL);
        return NULL;
    }
    struct errand *errand = errand_new(req, match, user);
    errand->body = json_pack("{s:o}", "refreshToken", json_stringn_nocheck(token.ptr, token.len));
    errand->has_cookie = true;
    return errand;
}

void auth_on_page_refresh(struct http_request *req, const struct route_match *match, void *user) {
    struct auth *auth = user;
    if (is_refused(req) ||
        auth_is_throttled(auth, req, "refresh", auth->set.config->refreshes_per_minute, MINUTE_MS))
        return;
    struct errand *errand = errand_of_cookie(req, match, user, 401);
    if (errand)
        auth_refresh(errand);
}

void auth_on_page_logout(struct http_request *req, const struct route_match *match, void *user) {
    if (is_refused(req))
        return;
    struct errand *errand = errand_of_cookie(req, match, user, 204);
    if (errand)
        auth_logout(errand);
}
