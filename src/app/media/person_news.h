/*
 * What LiveKit says about a person of a room and about one of their tracks, whoever brings it: a
 * webhook, a listing, or the answer to a question. What it does not say stays as it is known.
 */
#ifndef APP_PERSON_NEWS_H
#define APP_PERSON_NEWS_H

#include "base/slice.h"
#include "meeting/attendance.h"

#include <stdbool.h>
#include <stdint.h>

/* TRACK_GONE: unpublished. */
enum track_news { TRACK_UNSAID, TRACK_UNMUTED, TRACK_MUTED, TRACK_GONE };

struct person_news {
    struct slice identity;
    /* Of the person; an empty name says nothing. */
    struct slice name;
    bool has_role, is_host;
    enum presence presence;
    /* When the newest connection joined, Unix time; 0: not said. */
    int64_t joined_ms;
    /* Of the track; empty: of none. */
    struct slice track;
    enum track_news track_news;
};

#endif
