/* Questions about rights that the store has to answer, for sockets and for REST requests. */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/sessions/sessions.h"
#include "base/macros.h"
#include "base/mem.h"
#include "outside/store/store_accounts.h"

#include <errno.h>

/* ---- For sockets ---- */

void hosts_ask_end(struct host_ask *ask) {
    if (ask->call)
        store_cancel(ask->call);
    ask->call = NULL;
    mem_free(ask->user_id);
    mem_free(ask->family_id);
    ask->user_id = ask->family_id = NULL;
}

static void answer(struct host_ask *ask, int err) {
    ask->call = NULL;
    hosts_ask_end(ask);
    ask->fn(err, ask->user);
}

static void hosts_on_membership(int err, void *arg) {
    answer(arg, err == 0 || err == ENOENT ? err : EAGAIN);
}

static void ask_membership(struct host_ask *ask, struct slice organization_id) {
    if (organization_id.len == 0)
        answer(ask, ENOENT);
    else
        ask->call = store_member_check(ask->hosts->settings.store, slice_from(ask->user_id),
                                       organization_id, slice_from(ask->family_id),
                                       hosts_on_membership, ask);
}

static void hosts_on_stored_session(int err, const struct store_session *row, void *arg) {
    struct host_ask *ask = arg;
    if (err)
        answer(ask, err == ENOENT ? ESRCH : EAGAIN);
    else
        ask_membership(ask, row->organization_id);
}

void hosts_ask_start(struct host_ask *ask, struct host_client *client, struct slice name,
                     void (*fn)(int err, void *user), void *user) {
    struct hosts *hosts = client->hosts;
    const struct session *session = hosts_find_session(hosts, name);
    const struct host_right *right = hosts_find_user(client);

    *ask = (struct host_ask){.hosts = hosts, .fn = fn, .user = user};
    if (!right) {
        answer(ask, ENOENT);
        return;
    }
    ask->user_id = mem_copy_text(right->user_id);
    ask->family_id = mem_copy_text(right->family_id);
    if (session)
        ask_membership(ask, slice_from(session->organization_id));
    else
        ask->call = store_session_get(hosts->settings.store, name, hosts_on_stored_session, ask);
}

/* ---- For REST requests ---- */

/* A request that waits for the answer. Its client has no socket, and no rights but the bearer's. */
struct host_check {
    struct list node;
    struct host_client client;
    struct host_ask ask;
    struct host_page page;
    char *meeting_id;
    hosts_answer_fn *fn;
    void *user;
};

static void check_free(struct host_check *check) {
    hosts_ask_end(&check->ask);
    hosts_page_end(&check->page);
    mem_free(check->meeting_id);
    hosts_rights_end(&check->client);
    list_remove(&check->node);
    mem_free(check);
}

void hosts_checks_end(struct hosts *hosts) {
    LIST_EACH(&hosts->checks, node) {
        check_free(CONTAINER_OF(node, struct host_check, node));
    }
}

static void check_finish(struct host_check *check, int status) {
    struct hosts *hosts = check->client.hosts;
    hosts_answer_fn *fn = check->fn;
    void *user = check->user;

    check_free(check);
    if (status != 200 && hosts->settings.config->feedback_access == ACCESS_REPORT) {
        hosts->counters.joins_reported++;
        status = 200;
    }
    fn(status, user);
}

static void hosts_on_checked(int err, void *user) {
    check_finish(user, err == 0 ? 200 : err == EAGAIN ? 503 : 404);
}

static void check_judge(struct host_check *check) {
    struct slice name = slice_from(check->meeting_id);
    enum host_verdict verdict = hosts_judge(&check->client, name);
    if (verdict == HOST_ASK)
        hosts_ask_start(&check->ask, &check->client, name, hosts_on_checked, check);
    else
        check_finish(check, verdict == HOST_YES ? 200 : 403);
}

static void hosts_on_page_checked(int err, void *user) {
    struct host_check *check = user;
    if (err)
        check_finish(check, err == ENOENT ? 401 : 503);
    else
        check_judge(check);
}

void hosts_check_bearer(struct hosts *hosts, struct slice token, struct slice meeting_id,
                        hosts_answer_fn *fn, void *user) {
    if (hosts->settings.config->feedback_access == ACCESS_OPEN) {
        fn(200, user);
        return;
    }
    struct host_check *check = mem_alloc(sizeof *check);
    check->fn = fn;
    check->user = user;
    hosts_client_init(&check->client, hosts);
    list_add(&hosts->checks, &check->node);
    check->meeting_id = slice_copy_text(meeting_id);
    if (hosts_is_page_token(token))
        hosts_page_start(&check->page, &check->client, token, hosts_on_page_checked, check);
    else if (token.len == 0 || hosts_take_token(&check->client, token))
        check_finish(check, 401);
    else
        check_judge(check);
}
