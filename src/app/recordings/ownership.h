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

/* Lives in the job of its errand. The account does not outlive a callback, so its organizations are
 * copied. */
struct ownership {
    struct buf organizations; /* ids, each with a space behind it */
    struct errand *errand;
    const char *missing;
    ownership_session_fn *run;
};

/* Keeps the organizations in which the account has at least the role. */
void ownership_init(struct ownership *, const struct store_account *, enum store_role least);
void ownership_free(struct ownership *);

bool ownership_covers(const struct ownership *, struct slice organization_id);

/*
 * Looks up the meeting's session and calls `run` with it. When there is none, or it is not covered,
 * the errand is answered 404 with the text `missing`.
 */
void ownership_find_session(struct ownership *, struct errand *, struct store *,
                            struct slice meeting_id, const char *missing,
                            ownership_session_fn *run);

#endif
