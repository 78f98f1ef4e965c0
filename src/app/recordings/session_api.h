/*
 * What a member may read of his organization's meetings: GET /sessions, /sessions/:meetingId with its
 * recordings, and /feedback/:meetingId. Another organization's things are not there: 404.
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
