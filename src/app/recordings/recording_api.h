/*
 * Recordings for those who may have them: GET /recordings/:id (owners and admins of the meeting's organization, or whoever holds a
 * ticket), POST /recordings/:id/ticket, and DELETE /sessions/:meetingId (owners).
 */
#ifndef APP_RECORDING_API_H
#define APP_RECORDING_API_H

#include <stdint.h>

struct auth;
struct erasures;
struct recordings;
struct routes;

struct recording_api {
    struct auth *auth;
    struct recordings *recordings;
    struct erasures *erasures;
    uint8_t ticket_key[32]; /* of this process: tickets live a minute */
};

void recording_api_init(struct recording_api *, struct auth *, struct recordings *,
                        struct erasures *);

/* Before the routes of sessions. The api must outlive them. */
void recording_api_add_routes(struct recording_api *, struct routes *);

#endif
