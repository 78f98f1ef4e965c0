#include "app/reports/person_api.h"

#include "app/accounts/auth.h"
#include "app/hosts/hosts.h"
#include "app/recordings/erasure.h"
#include "app/recordings/ownership.h"
#include "app/rest/errand.h"
#include "app/sessions/directory.h"
#include "base/macros.h"

/* While the meeting is still in memory, what is erased could come back from there. */
static void erase_of_session(struct errand *errand, const struct store_session *session) {
    const struct person_api *api = errand->user;
    const struct ownership *own = errand->job;
    struct slice meeting_id = slice_from(errand->params[0]), id, room;
    if (session->status == SESSION_ACTIVE) {
        errand_answer_error(errand, 409, "The meeting is active; it can be erased when it ended");
    } else if (directory_find(api->directory, meeting_id, &id, &room)) {
        errand_answer_error(errand, 409, "The meeting has just ended; try again in two minutes");
    } else {
        hosts_forget_meeting(api->hosts, meeting_id);
        erasure_start_person(api->erasures, errand, meeting_id, slice_from(errand->params[1]),
                             slice_from(own->user_id));
    }
}

static void erase_person(struct errand *errand, const struct store_account *account) {
    const struct person_api *api = errand->user;
    ownership_find_session(ownership_new(errand, account, ROLE_OWNER), errand, api->store,
                           slice_from(errand->params[0]), "Session not found", erase_of_session);
}

static void person_on_delete(struct http_request *req, const struct route_match *match,
                             void *user) {
    const struct person_api *api = user;
    auth_check(api->auth, errand_new(req, match, user), erase_person);
}

void person_api_add_routes(struct person_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"DELETE", "/meetings/:meetingId/participants/:participantId", person_on_delete},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}
