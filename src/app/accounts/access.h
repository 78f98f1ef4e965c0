/*
 * Access tokens: HS256, valid for JWT_ACCESS_TTL, for one user in one organization by one login.
 * The claims: sub (user), org, sid (the login: a family of refresh tokens), typ "access", aud and
 * iss "prosa", jti.
 */
#ifndef APP_ACCESS_H
#define APP_ACCESS_H

#include "base/buf.h"
#include "wire/web/jwt.h"

struct config;

struct access_holder {
    struct slice user_id;
    struct slice organization_id;
    struct slice family_id;
};

void access_sign(const struct config *, const struct access_holder *, int64_t now_s,
                 struct buf *out);

/*
 * On JWT_OK *claims is the caller's, and the holder's texts lie in it. The expiry has no leeway; a
 * token of a node whose clock is up to JWT_LEAD_S ahead is good.
 */
enum jwt_fault access_verify(const struct config *, struct slice token, int64_t now_s,
                             json_t **claims, struct access_holder *);

#endif
