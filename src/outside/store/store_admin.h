/*
 * What an operator does with the database from the command line, even while a server uses it. All
 * of these block. On failure `why` holds one sentence.
 */
#ifndef OUTSIDE_STORE_ADMIN_H
#define OUTSIDE_STORE_ADMIN_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct store_admin;
struct store_feedback;
struct store_verdict;

/* Is told, each time that it becomes another, what is waited for. */
typedef void store_admin_wait_fn(const char *what);

/*
 * Opens the database without migrating it. `url` NULL: SQLite at default_path. A SQLite file that
 * another program holds is waited for, ten seconds at most.
 */
int store_admin_open(struct store_admin **, const char *url, const char *default_path,
                     store_admin_wait_fn *, char *why, size_t why_bytes);
void store_admin_close(struct store_admin *); /* NULL is fine */

/* Appends a line for each migration: its number, whether it is applied, its name. */
int store_admin_status(struct store_admin *, struct buf *lines, char *why, size_t why_bytes);
/*
 * Applies what is missing and appends its SQL; with is_dry it is only read. Tables that others hold
 * are waited for, a minute at most. Must have been called before the functions below.
 */
int store_admin_migrate(struct store_admin *, bool is_dry, struct buf *sql, char *why,
                        size_t why_bytes);
/* What was adopted, made and not understood; NULL: nothing to tell. */
const char *store_admin_news(const struct store_admin *);

/* Rewrites all times of a SQLite file; EINVAL for PostgreSQL, whose times have one form. */
int store_admin_convert_times(struct store_admin *, bool to_text, char *why, size_t why_bytes);

/* Copies a SQLite database as of one moment, while others write to it; the file must not exist. */
int store_admin_backup(struct store_admin *, const char *path, char *why, size_t why_bytes);

/* Gives meetings without an organization to this one: the one named, or all if `meeting_id` is
 * empty. Counts them. ENOENT: no such slug. */
int store_admin_assign(struct store_admin *, struct slice slug, struct slice meeting_id,
                       int64_t *count, char *why, size_t why_bytes);

struct store_admin_user {
    struct buf email, password_hash; /* of the hash: empty when there is none */
    bool is_found, is_disabled;
};
/* Finds a user by an e-mail in lower case; fills a zeroed struct, whose bufs the caller frees. */
int store_admin_find_user(struct store_admin *, struct slice email, struct store_admin_user *,
                          char *why, size_t why_bytes);

/* Sets whether rooms may name this organization as their meetings' owner. ENOENT: no such slug. */
int store_admin_link(struct store_admin *, struct slice slug, bool is_linked, char *why,
                     size_t why_bytes);
/* Appends a line for each organization: slug, "linked" or "-", name. */
int store_admin_organizations(struct store_admin *, struct buf *lines, char *why, size_t why_bytes);

/* The stored feedback of a meeting, in the order in which it was told. Rows live for the call. */
typedef void store_admin_feedback_fn(const struct store_feedback *, void *user);
int store_admin_feedback(struct store_admin *, struct slice meeting_id, char *why, size_t why_bytes,
                         store_admin_feedback_fn *, void *user);
/* What hosts said of it, in the order in which they did; the same. */
typedef void store_admin_verdict_fn(const struct store_verdict *, void *user);
int store_admin_verdicts(struct store_admin *, struct slice meeting_id, char *why, size_t why_bytes,
                         store_admin_verdict_fn *, void *user);

#endif
