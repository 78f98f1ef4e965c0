#include "app/recordings/ownership.h"

#include "app/rest/errand.h"
#include "base/mem.h"

#include <errno.h>

void ownership_init(struct ownership *own, const struct store_account *account,
                    enum store_role least) {
    *own = (struct ownership){.user_id = slice_copy_text(account->user_id)};
    for (size_t i = 0; i < account->membership_count; i++) {
        if (account->memberships[i].role < least)
            continue;
        buf_add_slice(&own->organizations, account->memberships[i].organization_id);
        buf_add_byte(&own->organizations, ' ');
    }
}

void ownership_close(struct ownership *own) {
    mem_free(own->user_id);
    buf_free(&own->organizations);
}

static void ownership_free(void *job) {
    ownership_close(job);
    mem_free(job);
}

struct ownership *ownership_new(struct errand *errand, const struct store_account *account,
                                enum store_role least) {
    struct ownership *own = mem_alloc(sizeof *own);
    ownership_init(own, account, least);
    errand_set_job(errand, own, ownership_free);
    return own;
}

bool ownership_covers(const struct ownership *own, struct slice organization_id) {
    struct slice rest = buf_slice(&own->organizations), id;
    while (organization_id.len > 0 && slice_cut(&rest, ' ', &id)) {
        if (slice_is_equal(id, organization_id))
            return true;
    }
    return false;
}

static void ownership_on_session(int err, const struct store_session *session, void *user) {
    const struct ownership *own = user;
    if (!err && !ownership_covers(own, session->organization_id))
        err = ENOENT;
    struct errand *errand = errand_resume(own->errand, err, own->missing);
    if (errand)
        own->run(errand, session);
}

void ownership_find_session(struct ownership *own, struct errand *errand, struct store *store,
                            struct slice meeting_id, const char *missing,
                            ownership_session_fn *run) {
    own->errand = errand;
    own->missing = missing;
    own->run = run;
    errand->call = store_session_get(store, meeting_id, ownership_on_session, own);
}
