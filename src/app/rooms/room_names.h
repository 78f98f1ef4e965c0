/* Lists of patterns of room names, as settings have them: comma separated; * stands for any text, ?
 * for one character. Pure. */
#ifndef APP_ROOM_NAMES_H
#define APP_ROOM_NAMES_H

#include "base/slice.h"

#include <stdbool.h>

/* Whether one of the patterns is the name's. No pattern fits nothing. */
bool room_names_fit(struct slice patterns, struct slice name);

#endif
