/*
 * Rights to the page of one meeting: POST /page/rights gives one for a LiveKit host's token, which
 * ends with its session; the right goes on, as a right to the report. It is stored as a hash, and
 * revoked by whoever holds it or by the organization's admins. Control thread only.
 */
#ifndef APP_PAGE_RIGHTS_H
#define APP_PAGE_RIGHTS_H

struct auth;
struct config;
struct hosts;
struct routes;
struct sessions;
struct store;

struct page_rights {
    const struct config *config;
    struct auth *auth;
    struct store *store;
    struct hosts *hosts;
    const struct sessions *sessions;
};

/* The struct must outlive the routes. */
void page_rights_add_routes(struct page_rights *, struct routes *);

#endif
