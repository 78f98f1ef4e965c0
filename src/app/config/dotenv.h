#ifndef APP_DOTENV_H
#define APP_DOTENV_H

/*
 * The syntax of env files as the `dotenv` package of Node reads it, because existing files were
 * written for it: `NAME=value`, `NAME: value`, `export NAME=value`, # comments, values in single,
 * double or back quotes (over several lines, too), \n and \r inside double quotes. Other
 * lines are skipped.
 */

#include "base/slice.h"

#include <stdbool.h>

struct buf;

/* Both slices are valid during the call only. A name may occur twice; the last one counts. */
typedef void dotenv_fn(struct slice name, struct slice value, void *arg);

void dotenv_parse(struct slice text, dotenv_fn *, void *arg);

/* The value of a name, or NULL. What it refers to itself is not filled in yet, unless `is_final` is
 * set. */
typedef const char *dotenv_find_fn(struct slice name, bool *is_final, void *arg);

/*
 * Appends a value with ${NAME} and ${NAME:-otherwise} filled in, as dotenv-expand and Prisma do;
 * \${ stays as ${. A name without a value is left out. Names that refer to each other in a circle
 * end as nothing. Returns the first name that has no value; empty: all have one.
 */
struct slice dotenv_expand(struct buf *out, struct slice value, dotenv_find_fn *, void *arg);

#endif
