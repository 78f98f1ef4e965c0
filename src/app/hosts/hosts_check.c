/* Questions about rights that the store has to answer, for sockets and for REST requests. */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/sessions/sessions.h"
#include "base/mem.h"
#include "outside/store/store_accounts.h"

#include <errno.h>

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
    ask->fn(ask->arg, err);
}

static void on_membership(int err, void *arg) {
    answer(arg, err == 0 || err == ENOENT ? err : EAGAIN);
}

static void ask_membership(struct host_ask *ask, struct slice organization_id) {
    if (organization_id.len == 0)
        answer(ask, ENOENT);
    else
        ask->call =
            store_member_check(ask->hosts->world.store, slice_from(ask->user_id), organization_id,
                               slice_from(ask->family_id), on_membership, ask);
}

static void on_session(int err, const struct store_session *session, void *arg) {
    struct host_ask *ask = arg;

    ask->call = NULL;
    if (err)
        answer(ask, err == ENOENT ? ENOENT : EAGAIN);
    else
        ask_membership(ask, session->organization_id);
}

void hosts_ask_start(struct host_ask *ask, struct host_client *client, struct slice name,
                     void (*fn)(void *arg, int err), void *arg) {
    struct hosts *hosts = client->hosts;
    const struct session *session = hosts_find_session(hosts, name);
    const struct host_right *right = hosts_find_user(client);

    *ask = (struct host_ask){.hosts = hosts, .fn = fn, .arg = arg};
    if (!right || !hosts->world.store) {
        answer(ask, ENOENT);
        return;
    }
    ask->user_id = mem_copy_text(right->user_id);
    ask->family_id = mem_copy_text(right->family_id);
    if (session)
        ask_membership(ask, slice_from(session->organization_id));
    else
        ask->call = store_session_get(hosts->world.store, name, on_session, ask);
}

/* A REST request as if it were a socket's: the rights of its bearer, and nothing else. */
struct host_check {
    struct list node;
    struct host_client client;
    struct host_ask ask;
    hosts_answer_fn *fn;
    void *arg;
};

static void check_free(struct host_check *check) {
    hosts_ask_end(&check->ask);
    hosts_rights_end(&check->client);
    list_remove(&check->node);
    mem_free(check);
}

void hosts_checks_end(struct hosts *hosts) {
    LIST_EACH(&hosts->checks, node) {
        check_free(CONTAINER_OF(node, struct host_check, node));
    }
}

static void finish(struct host_check *check, int status) {
    struct hosts *hosts = check->client.hosts;
    hosts_answer_fn *fn = check->fn;
    void *arg = check->arg;

    check_free(check);
    if (status != 200 && hosts->world.config->feedback_access == ACCESS_REPORT) {
        hosts->counters.joins_reported++;
        status = 200;
    }
    fn(arg, status);
}

static void on_member(void *arg, int err) {
    finish(arg, err == 0 ? 200 : err == EAGAIN ? 503 : 404);
}

void hosts_check_bearer(struct hosts *hosts, struct slice token, struct slice meeting_id,
                        hosts_answer_fn *fn, void *arg) {
    struct host_check *check;
    enum host_verdict verdict;

    if (hosts->world.config->feedback_access == ACCESS_OPEN) {
        fn(arg, 200);
        return;
    }
    check = mem_alloc(sizeof *check);
    check->fn = fn;
    check->arg = arg;
    check->client.hosts = hosts;
    list_init(&check->client.node);
    list_init(&check->client.rights);
    list_init(&check->client.tickets);
    list_init(&check->client.rechecks);
    list_add(&hosts->checks, &check->node);
    if (token.len == 0 || hosts_take_token(&check->client, token)) {
        finish(check, 401);
        return;
    }
    verdict = hosts_judge(&check->client, meeting_id);
    if (verdict == HOST_ASK)
        hosts_ask_start(&check->ask, &check->client, meeting_id, on_member, check);
    else
        finish(check, verdict == HOST_YES ? 200 : 403);
}
