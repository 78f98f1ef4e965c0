#ifndef APP_DOTENV_H
#define APP_DOTENV_H

/*
 * The syntax of env files as the `dotenv` package of Node reads it, because existing files were
 * written for it: `NAME=value`, `NAME: value`, `export NAME=value`, # comments, values in single,
 * double or back quotes (over several lines, too), \n and \r inside double quotes. Other
 * lines are skipped.
 */

#include "base/slice.h"

/* Both slices are valid during the call only. A name may occur twice; the last one counts. */
typedef void dotenv_fn(struct slice name, struct slice value, void *arg);

void dotenv_parse(struct slice text, dotenv_fn *, void *arg);

#endif
