/*
 * GET /feedback/debug/:meetingId and /feedback/metrics/:meetingId, in the old backend's shapes. Who
 * may read them is decided as for the meeting's Socket.IO room (FEEDBACK_ACCESS), by bearer.
 */
#ifndef APP_FEEDBACK_API_H
#define APP_FEEDBACK_API_H

#include "base/slice.h"

struct buf;
struct directory;
struct hosts;
struct routes;

struct feedback_api {
    struct directory *directory;
    struct hosts *hosts;
    /* Adds what others know of the meeting (its id or its room's name) to the debug answer's
     * object; may be NULL. */
    void (*add_members)(struct buf *json, struct slice meeting, void *user);
    void *user;
};

/* The struct must outlive the routes. */
void feedback_api_add_routes(struct feedback_api *api, struct routes *routes);

#endif
