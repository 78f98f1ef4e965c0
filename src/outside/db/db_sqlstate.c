#include "outside/db/db_sqlstate.h"

#include <errno.h>
#include <string.h>

/* `states` are codes or the beginnings of codes, NULL after the last. */
static bool begins_with(const char *state, const char *const states[]) {
    for (size_t i = 0; state && states[i]; i++) {
        if (strncmp(state, states[i], strlen(states[i])) == 0)
            return true;
    }
    return false;
}

int sqlstate_errno(const char *state) {
    static const char *const later[] = {"08", "25006", "40", "53", "55", "57", "58", NULL};
    static const char *const values[] = {"22", "23", NULL};
    static const char *const internal[] = {"XX", NULL};
    if (!state || !*state || begins_with(state, later))
        return EAGAIN;
    if (strcmp(state, "23505") == 0)
        return EEXIST;
    if (begins_with(state, values))
        return EINVAL;
    return begins_with(state, internal) ? EIO : EPROTO;
}

bool sqlstate_ends_connection(const char *state) {
    static const char *const ends[] = {"25006", "57P0", "0A000", "26000", "42P05", NULL};
    return begins_with(state, ends);
}

bool sqlstate_is_of_a_pool(const char *state) {
    static const char *const pool[] = {"26000", "42P05", NULL};
    return begins_with(state, pool);
}
