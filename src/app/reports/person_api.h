/*
 * One person of an ended meeting: DELETE /meetings/:meetingId/participants/:participantId erases what
 * is kept of them, for the owner of the organization; GET .../export gives it, to admins too. Control
 * thread only.
 */
#ifndef APP_PERSON_API_H
#define APP_PERSON_API_H

struct auth;
struct directory;
struct erasures;
struct hosts;
struct routes;
struct store;

struct person_api {
    struct auth *auth;
    struct store *store;
    struct erasures *erasures;
    struct hosts *hosts;
    const struct directory *directory;
};

/* The struct must outlive the routes. */
void person_api_add_routes(struct person_api *, struct routes *);

#endif
