/*
 * What an operator does with the database from the command line, while a server may be running on it.
 * These wait, and belong to no loop. On failure `why` holds one sentence.
 */
#ifndef OUTSIDE_STORE_ADMIN_H
#define OUTSIDE_STORE_ADMIN_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_admin;

/* Opens the database as it is. `url` NULL: SQLite at default_path. */
int store_admin_open(struct store_admin **, const char *url, const char *default_path, char *why,
                     size_t why_bytes);
void store_admin_close(struct store_admin *); /* NULL is fine */

/* Appends a line a migration: its number, name, and whether it is applied. */
int store_admin_status(struct store_admin *, struct buf *lines, char *why, size_t why_bytes);
/* Applies what is missing; with is_dry only appends the SQL that would. */
int store_admin_migrate(struct store_admin *, bool is_dry, struct buf *sql, char *why,
                        size_t why_bytes);

/* A consistent copy of a SQLite database, while it is written to; the file must not exist. */
int store_admin_backup(struct store_admin *, const char *path, char *why, size_t why_bytes);

/* Whether rooms may name this organization as the owner of their meetings. ENOENT: no such slug. */
int store_admin_link(struct store_admin *, struct slice slug, bool is_linked, char *why,
                     size_t why_bytes);
/* Appends a line an organization: slug, name, "linked" or nothing. */
int store_admin_organizations(struct store_admin *, struct buf *lines, char *why, size_t why_bytes);

#endif
