/*
 * What a member may read of his organization's meetings: GET /sessions, /sessions/:meetingId with its
 * recordings, and /feedback/:meetingId. Another organization's things are not there: 404.
 */
#ifndef APP_SESSION_API_H
#define APP_SESSION_API_H

struct auth;
struct routes;

/* Behind the more special routes below /feedback. */
void session_api_add_routes(struct auth *, struct routes *);

#endif
