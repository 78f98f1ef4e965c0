/*
 * What a member may read of the meetings of their organization: GET /sessions, /sessions/:meetingId
 * with its recordings, and /feedback/:meetingId. Another organization's meetings are answered 404.
 * Control thread only.
 */
#ifndef APP_SESSION_API_H
#define APP_SESSION_API_H

struct routes;

struct session_api {
    struct auth *auth;
    struct store *store;
};

/* Call it after those that add more special routes below /sessions and /feedback, because the first
 * route that matches wins. The api must outlive the routes. */
void session_api_add_routes(struct session_api *, struct routes *);

#endif
