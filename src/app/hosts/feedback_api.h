/*
 * GET /feedback/debug/:meetingId and /feedback/metrics/:meetingId, in the old backend's shapes. Who
 * may read them is decided as for the meeting's Socket.IO room (FEEDBACK_ACCESS), by bearer.
 */
#ifndef APP_FEEDBACK_API_H
#define APP_FEEDBACK_API_H

struct routes;

struct feedback_api {
    struct directory *directory;
    struct hosts *hosts;
};

/* The struct must outlive the routes. */
void feedback_api_add_routes(struct feedback_api *api, struct routes *routes);

#endif
