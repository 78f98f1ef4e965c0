/* What the object of a recording is called. Pure. */
#ifndef APP_OBJECT_KEY_H
#define APP_OBJECT_KEY_H

#include "base/slice.h"

#include <stdbool.h>

/*
 * "<prefix>/audio/<folder>/<file>", or ".../video/...". A prefix has its '/' or gets it; it may be
 * empty. Free with mem_free.
 */
char *object_key(const char *prefix, bool is_video, struct slice path);

/* The next name after one that is taken: "a.wav", "a_n2.wav", "a_n3.wav" ... Free with mem_free. */
char *object_key_next(struct slice key);

/* Of the sidecar beside it: "a.json". Free with mem_free. */
char *object_key_sidecar(struct slice key);

#endif
