/* Private to the redis files: how a master is found. */
#ifndef OUTSIDE_REDIS_PRIVATE_H
#define OUTSIDE_REDIS_PRIVATE_H

#include "outside/redis/redis.h"

/* Asks the Sentinels one after the other where their master is. */
struct redis_seek;

/* Called once, in a later turn: NULL when none of them knew. */
typedef void redis_seek_fn(const struct redis_endpoint *master, void *arg);

struct redis_seek *redis_seek_start(struct loop *loop, const struct redis_place *place,
                                    const struct tls *tls, redis_seek_fn *fn, void *arg);
void redis_seek_cancel(struct redis_seek *seek); /* NULL is fine */

#endif
