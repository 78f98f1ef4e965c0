/*
 * Recordings over REST: GET /recordings/:id (for owners and admins of the meeting's organization,
 * or by a download link), POST /recordings/:id/ticket, which makes such a link, and
 * DELETE /sessions/:meetingId (for owners). Control thread only.
 */
#ifndef APP_RECORDING_API_H
#define APP_RECORDING_API_H

#include "app/recordings/download_link.h"

struct auth;
struct erasures;
struct objects;
struct recordings;
struct routes;
struct store;

struct recording_api {
    struct auth *auth;
    struct store *store;
    struct recordings *recordings;
    struct erasures *erasures;
    struct objects *objects;           /* NULL: there is no object store */
    struct download_link_key link_key; /* of this process: links live a minute */
};

void recording_api_init(struct recording_api *, struct auth *, struct store *, struct recordings *,
                        struct erasures *, struct objects *);

/* The api must outlive the routes. */
void recording_api_add_routes(struct recording_api *, struct routes *);

#endif
