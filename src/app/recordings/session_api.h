/*
 * What a member may read of the meetings of their organization: GET /sessions, /sessions/:meetingId
 * with its recordings, and /feedback/:meetingId. Another organization's meetings are answered 404.
 * Control thread only.
 */
#ifndef APP_SESSION_API_H
#define APP_SESSION_API_H

struct auth;
struct routes;
struct store;

struct session_api {
    struct auth *auth;
    struct store *store;
};

/* Behind the more special routes below /feedback. The api must outlive them. */
void session_api_add_routes(struct session_api *, struct routes *);

#endif
