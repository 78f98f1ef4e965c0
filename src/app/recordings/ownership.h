/*
 * Whether a meeting belongs to an organization in which the account of an errand has a role. This
 * is the only such check behind the REST interface. Another organization's meeting is answered like
 * one that does not exist: 404.
 */
#ifndef APP_OWNERSHIP_H
#define APP_OWNERSHIP_H

#include "base/buf.h"
#include "outside/store/store_accounts.h"

struct errand;

typedef void ownership_session_fn(struct errand *, const struct store_session *);

/* The job of an errand, or a part of it. The account does not outlive a callback, so what is needed
 * of it is copied. */
struct ownership {
    char *user_id;
    struct buf organizations; /* ids, each with a space behind it */
    struct errand *errand;
    const char *missing;
    ownership_session_fn *run;
};

/* Keeps the organizations in which the account has at least the role. */
void ownership_init(struct ownership *, const struct store_account *, enum store_role least);
void ownership_close(struct ownership *);

/* One that becomes the job of the errand, and is freed with it. */
struct ownership *ownership_new(struct errand *, const struct store_account *,
                                enum store_role least);

bool ownership_covers(const struct ownership *, struct slice organization_id);

/*
 * Looks up the meeting's session and calls `run` with it. When there is none, or it is not covered,
 * the errand is answered 404 with the text `missing`.
 */
void ownership_find_session(struct ownership *, struct errand *, struct store *,
                            struct slice meeting_id, const char *missing,
                            ownership_session_fn *run);

#endif
