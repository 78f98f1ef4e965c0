/* Names that were probably meant: CORS_ORIGIN for CORS_ORIGINS, LIVEKIT_URL for LIVEKIT_API_URL.
 * Pure. */
#ifndef APP_NEAR_H
#define APP_NEAR_H

#include "base/slice.h"

#include <stdbool.h>

/* At most two letters were left out, added or changed, or words in the middle were left out. Short
 * names are near to none. */
bool name_is_near(struct slice written, struct slice name);

#endif
