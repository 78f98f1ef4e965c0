/* What is deleted for its age: feedback, reports, who took part, and logins that ended long ago. */
#ifndef OUTSIDE_STORE_EXPIRE_H
#define OUTSIDE_STORE_EXPIRE_H

#include <stdint.h>

struct db;

/* Deletes at most `rows` of each kind that had expired at now_ms. On the writer's thread; blocks.
 * *feedback: how many events. Errors are those of db.h. */
int store_expire(struct db *, int64_t now_ms, int64_t rows, int64_t *feedback);

#endif
