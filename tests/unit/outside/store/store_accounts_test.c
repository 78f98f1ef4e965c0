/* Users and logins, on SQLite, or with the path of tests/fixtures/postgres as argument on
 * PostgreSQL. */
#include "base/clock.h"
#include "base/mem.h"
#include "outside/store/store_accounts.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>

static int64_t T0; /* now, because the store deletes old tokens */
static const int64_t HOUR_MS = 3600 * 1000;

/* The store of a test, and its last answer. */
struct world {
    struct store_fixture *fixture;
    struct store *store;
    bool done;
    int err;
    char owner_id[64]; /* of a token that was revoked */
    char user_id[64], organization_id[64], slug[80], hash[200], token_id[64], family_id[64];
    size_t memberships, members;
    enum store_role role;
    char next[200];
    unsigned tokens;
};

static struct world world_open(void **state) {
    struct world w = {.fixture = *state};
    fixture_next(w.fixture);
    w.store = fixture_open(w.fixture, NULL);
    return w;
}

static void copy(char *out, size_t size, struct slice text) {
    snprintf(out, size, "%.*s", SLICE_ARG(text));
}

static void on_account(int err, const struct store_account *a, void *arg) {
    struct world *w = arg;
    w->err = err;
    w->done = true;
    if (err && a)
        copy(w->owner_id, sizeof w->owner_id, a->user_id);
    if (err)
        return;
    copy(w->user_id, sizeof w->user_id, a->user_id);
    copy(w->hash, sizeof w->hash, a->password_hash);
    copy(w->token_id, sizeof w->token_id, a->token_id);
    copy(w->family_id, sizeof w->family_id, a->family_id);
    w->memberships = a->membership_count;
    if (a->current) {
        copy(w->organization_id, sizeof w->organization_id, a->current->organization_id);
        copy(w->slug, sizeof w->slug, a->current->organization_slug);
        w->role = a->current->role;
    }
}

static void on_owner(int err, struct slice user_id, void *arg) {
    struct world *w = arg;
    w->err = err;
    w->done = true;
    copy(w->owner_id, sizeof w->owner_id, user_id);
}

static void on_done(int err, void *arg) {
    struct world *w = arg;
    w->err = err;
    w->done = true;
}

static void on_members(int err, const struct store_member_list *list, void *arg) {
    struct world *w = arg;
    w->err = err;
    w->done = true;
    w->members = err ? 0 : list->count;
    copy(w->next, sizeof w->next, err ? SLICE_NONE : list->next);
}

/* Waits for the answer to what was just asked. */
static int answer(struct world *w) {
    fixture_wait(w->fixture, &w->done);
    w->done = false;
    return w->err;
}

static struct store_grant grant(const char *name, int64_t now_ms) {
    return (struct store_grant){.token_id = slice_from(name),
                                .family_id = slice_from(name),
                                .token_hash = slice_from(name),
                                .user_agent = SLICE("test"),
                                .now_ms = now_ms,
                                .expires_ms = now_ms + 24 * HOUR_MS};
}

static int add_user(struct world *w, const char *email, const char *organization,
                    const char *token) {
    const struct store_registration in = {.email = slice_from(email),
                                          .name = SLICE("Somebody"),
                                          .password_hash = SLICE("$argon2id$hash"),
                                          .organization_name = slice_from(organization),
                                          .slug = slice_from(organization),
                                          .grant = grant(token, T0)};
    store_user_register(w->store, &in, on_account, w);
    return answer(w);
}

static int rotate(struct world *w, const char *hash, const char *next, int64_t now_ms) {
    const struct store_rotation in = {.token_hash = slice_from(hash),
                                      .next_id = slice_from(next),
                                      .next_hash = slice_from(next),
                                      .now_ms = now_ms,
                                      .ttl_ms = 24 * HOUR_MS,
                                      .family_ttl_ms = 72 * HOUR_MS,
                                      .grace_ms = 10000};
    store_token_rotate(w->store, &in, on_account, w);
    return answer(w);
}

static int check(struct world *w, const char *user, const char *organization, const char *family) {
    store_member_check(w->store, slice_from(user), slice_from(organization), slice_from(family),
                       on_done, w);
    return answer(w);
}

static void registering_makes_an_owner_or_nothing(void **state) {
    struct world w = world_open(state);
    assert_int_equal(add_user(&w, "ana@x.org", "acme", "t1"), 0);
    assert_int_equal(w.role, ROLE_OWNER);
    assert_string_equal(w.slug, "acme");
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t1"), 0);

    assert_int_equal(add_user(&w, "ana@x.org", "other", "t2"), EEXIST);
    assert_int_equal(add_user(&w, "bob@x.org", "third", "t1"),
                     EEXIST); /* the token's hash is taken */
    store_close(w.store, 1000);
    assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"User\""), 1);
    assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"Organization\""), 1);
    assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"OrganizationMembership\""),
                     1);
}

static void the_same_name_gives_another_slug(void **state) {
    struct world w = world_open(state);
    add_user(&w, "a@x.org", "acme", "t1");
    assert_int_equal(add_user(&w, "b@x.org", "acme", "t2"), 0);
    assert_string_equal(w.slug, "acme-2");
    assert_int_equal(add_user(&w, "c@x.org", "acme", "t3"), 0);
    assert_string_equal(w.slug, "acme-3");
    store_close(w.store, 1000);
}

static void after_the_first_user_comes_nobody(void **state) {
    struct world w = world_open(state);
    struct store_registration in = {.email = SLICE("a@x.org"),
                                    .password_hash = SLICE("h"),
                                    .organization_name = SLICE("A"),
                                    .slug = SLICE("a"),
                                    .is_first_only = true,
                                    .grant = grant("t1", T0)};
    store_user_register(w.store, &in, on_account, &w);
    assert_int_equal(answer(&w), 0);
    in.email = SLICE("b@x.org");
    in.grant = grant("t2", T0);
    store_user_register(w.store, &in, on_account, &w);
    assert_int_equal(answer(&w), EPERM);
    store_close(w.store, 1000);
}

static void an_old_email_with_capitals_is_found_and_taken(void **state) {
    struct world w = world_open(state);
    fixture_run(w.fixture,
                fixture_is_postgres(w.fixture)
                    ? "INSERT INTO \"User\" (\"id\", \"email\", \"updatedAt\") VALUES ('old', "
                      "'Old@X.org', now())"
                    : "INSERT INTO \"User\" (\"id\", \"email\", \"createdAt\", \"updatedAt\") "
                      "VALUES ('old', 'Old@X.org', 1, 1)");
    store_user_find(w.store, SLICE("old@x.org"), on_account, &w);
    assert_int_equal(answer(&w), 0);
    assert_string_equal(w.user_id, "old");
    assert_string_equal(w.hash, "");
    assert_int_equal(w.memberships, 0);
    assert_int_equal(add_user(&w, "old@x.org", "acme", "t1"), EEXIST);
    store_user_find(w.store, SLICE("nobody@x.org"), on_account, &w);
    assert_int_equal(answer(&w), ENOENT);
    store_close(w.store, 1000);
}

static void a_token_is_exchanged_once(void **state) {
    struct world w = world_open(state);
    add_user(&w, "a@x.org", "acme", "t1");
    assert_int_equal(rotate(&w, "unknown", "n", T0), ENOENT);
    assert_int_equal(rotate(&w, "t1", "t2", T0 + HOUR_MS), 0);
    assert_string_equal(w.token_id, "t2");
    assert_string_equal(w.family_id, "t1");
    /* Within the grace, and while its successor is unused, the same successor again. */
    assert_int_equal(rotate(&w, "t1", "t2b", T0 + HOUR_MS + 9000), 0);
    assert_string_equal(w.token_id, "t2");
    assert_int_equal(rotate(&w, "t2", "t3", T0 + HOUR_MS + 9500), 0);
    /* Its successor is used: this is reuse, and ends the family. */
    assert_int_equal(rotate(&w, "t1", "t2c", T0 + HOUR_MS + 9900), EACCES);
    assert_int_equal(rotate(&w, "t3", "t4", T0 + HOUR_MS + 10000), ENOENT);
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t1"), ENOENT);
    store_close(w.store, 1000);
}

static void reuse_after_the_grace_ends_the_family(void **state) {
    struct world w = world_open(state);
    add_user(&w, "a@x.org", "acme", "t1");
    assert_int_equal(rotate(&w, "t1", "t2", T0), 0);
    assert_int_equal(rotate(&w, "t1", "t2b", T0 + 10001), EACCES);
    assert_string_equal(w.owner_id, w.user_id);
    assert_int_equal(rotate(&w, "t2", "t3", T0 + 10002), ENOENT);
    store_close(w.store, 1000);
}

static void tokens_and_families_end(void **state) {
    struct world w = world_open(state);
    add_user(&w, "a@x.org", "acme", "t1");
    assert_int_equal(rotate(&w, "t1", "x", T0 + 24 * HOUR_MS), ENOENT);
    add_user(&w, "b@x.org", "acme", "f1");
    const char *names[] = {"f1", "f2", "f3", "f4", "f5"};
    int64_t now_ms = T0;
    int err = 0;
    unsigned lives = 0;
    while (!err && lives < 4) {
        now_ms += 23 * HOUR_MS;
        err = rotate(&w, names[lives], names[lives + 1], now_ms);
        lives++;
    }
    /* 23, 46, 69 hours are within the family's 72; at 92 the last token has ended with it. */
    assert_int_equal(err, ENOENT);
    assert_int_equal(lives, 4);
    store_close(w.store, 1000);
}

/* A hundred at once: whatever the order, one family and one successor. */
static void on_one_of_many(int err, const struct store_account *a, void *arg) {
    struct world *w = arg;
    if (!err && w->tokens == 0)
        copy(w->token_id, sizeof w->token_id, a->token_id);
    assert_int_equal(err, 0);
    assert_true(slice_is_equal(a->token_id, slice_from(w->token_id)));
    w->done = ++w->tokens == 100;
}

static void a_hundred_exchanges_at_once_have_one_outcome(void **state) {
    struct world w = world_open(state);
    char names[100][16];
    add_user(&w, "a@x.org", "acme", "t1");
    for (unsigned i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "next-%u", i);
        const struct store_rotation in = {.token_hash = SLICE("t1"),
                                          .next_id = slice_from(names[i]),
                                          .next_hash = slice_from(names[i]),
                                          .now_ms = T0 + i,
                                          .ttl_ms = HOUR_MS,
                                          .family_ttl_ms = HOUR_MS,
                                          .grace_ms = 10000};
        store_token_rotate(w.store, &in, on_one_of_many, &w);
    }
    answer(&w);
    store_close(w.store, 1000);
    assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"RefreshToken\""), 2);
}

static void logging_out_ends_the_family_and_nothing_else(void **state) {
    struct world w = world_open(state);
    add_user(&w, "a@x.org", "acme", "t1");
    const struct store_grant second = grant("t9", T0);
    store_token_add(w.store, slice_from(w.user_id), slice_from(w.organization_id), &second, on_done,
                    &w);
    assert_int_equal(answer(&w), 0);
    for (int i = 0; i < 2; i++) {
        store_token_revoke(w.store, SLICE("t1"), T0, on_owner, &w);
        assert_int_equal(answer(&w), 0);
        assert_string_equal(w.owner_id, w.user_id);
    }
    store_token_revoke(w.store, SLICE("unknown"), T0, on_owner, &w);
    assert_int_equal(answer(&w), 0);
    assert_string_equal(w.owner_id, "");
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t1"), ENOENT);
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t9"), 0);
    store_close(w.store, 1000);
}

static void a_new_password_ends_the_other_logins(void **state) {
    struct world w = world_open(state);
    add_user(&w, "a@x.org", "acme", "t1");
    const struct store_grant second = grant("t9", T0);
    store_token_add(w.store, slice_from(w.user_id), slice_from(w.organization_id), &second, on_done,
                    &w);
    answer(&w);
    store_password_set(w.store, slice_from(w.user_id), SLICE("not the hash"), SLICE("new"),
                       SLICE("t9"), T0, on_done, &w);
    assert_int_equal(answer(&w), ENOENT);
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t1"), 0);
    store_password_set(w.store, slice_from(w.user_id), SLICE("$argon2id$hash"), SLICE("new"),
                       SLICE("t9"), T0, on_done, &w);
    assert_int_equal(answer(&w), 0);
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t1"), ENOENT);
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t9"), 0);
    store_close(w.store, 1000);
}

static void a_disabled_user_is_out(void **state) {
    struct world w = world_open(state);
    add_user(&w, "a@x.org", "acme", "t1");
    fixture_run(w.fixture, fixture_is_postgres(w.fixture)
                               ? "UPDATE \"User\" SET \"disabledAt\" = now()"
                               : "UPDATE \"User\" SET \"disabledAt\" = 1");
    assert_int_equal(check(&w, w.user_id, w.organization_id, "t1"), ENOENT);
    assert_int_equal(rotate(&w, "t1", "t2", T0), ENOENT);
    store_close(w.store, 1000);
}

/* Joins the organization of `w` with an invitation; the new user's id goes to `id`. */
static int join(struct world *w, enum store_role role, const char *inviter,
                const char *organization, const char *name, char id[64]) {
    const struct store_invitation invitation = {.id = slice_from(name),
                                                .organization_id = slice_from(organization),
                                                .role = role,
                                                .token_hash = slice_from(name),
                                                .invited_by = slice_from(inviter),
                                                .now_ms = T0,
                                                .expires_ms = T0 + HOUR_MS};
    char email[64];
    store_invitation_add(w->store, &invitation, on_done, w);
    int err = answer(w);
    if (err)
        return err;
    snprintf(email, sizeof email, "%s@x.org", name);
    const struct store_acceptance in = {.token_hash = slice_from(name),
                                        .email = slice_from(email),
                                        .password_hash = SLICE("h"),
                                        .grant = grant(name, T0)};
    store_invitation_accept(w->store, &in, on_account, w);
    err = answer(w);
    snprintf(id, 64, "%s", w->user_id);
    return err;
}

static void an_invitation_is_used_once(void **state) {
    struct world w = world_open(state);
    char owner[64], member[64], admin[64], other[64], organization[64];
    add_user(&w, "a@x.org", "acme", "t1");
    snprintf(owner, sizeof owner, "%s", w.user_id);
    snprintf(organization, sizeof organization, "%s", w.organization_id);
    assert_int_equal(join(&w, ROLE_MEMBER, owner, organization, "m", member), 0);
    assert_int_equal(w.role, ROLE_MEMBER);
    assert_string_equal(w.organization_id, organization);
    assert_int_equal(join(&w, ROLE_ADMIN, owner, organization, "ad", admin), 0);
    /* A member invites nobody, an admin no owner, a stranger nobody. */
    assert_int_equal(join(&w, ROLE_MEMBER, member, organization, "x1", other), EACCES);
    assert_int_equal(join(&w, ROLE_OWNER, admin, organization, "x2", other), EACCES);
    assert_int_equal(join(&w, ROLE_MEMBER, "nobody", organization, "x3", other), EACCES);

    struct store_acceptance again = {.token_hash = SLICE("m"),
                                     .email = SLICE("z@x.org"),
                                     .password_hash = SLICE("h"),
                                     .grant = grant("z", T0)};
    store_invitation_accept(w.store, &again, on_account, &w);
    assert_int_equal(answer(&w), ENOENT);

    const struct store_invitation named = {.id = SLICE("named"),
                                           .organization_id = slice_from(organization),
                                           .role = ROLE_MEMBER,
                                           .email = SLICE("zoe@x.org"),
                                           .token_hash = SLICE("named"),
                                           .invited_by = slice_from(owner),
                                           .now_ms = T0,
                                           .expires_ms = T0 + HOUR_MS};
    store_invitation_add(w.store, &named, on_done, &w);
    answer(&w);
    again.token_hash = SLICE("named");
    store_invitation_accept(w.store, &again, on_account, &w);
    assert_int_equal(answer(&w), EACCES);
    again.grant = grant("late", T0 + HOUR_MS);
    again.email = SLICE("zoe@x.org");
    store_invitation_accept(w.store, &again, on_account, &w);
    assert_int_equal(answer(&w), ENOENT);
    again.grant = grant("good", T0 + HOUR_MS - 1);
    store_invitation_accept(w.store, &again, on_account, &w);
    assert_int_equal(answer(&w), 0);
    store_close(w.store, 1000);
    assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"User\""), 4);
}

static int set_role(struct world *w, const char *organization, const char *user, const char *actor,
                    enum store_role role) {
    const struct store_member_change change = {slice_from(organization), slice_from(user),
                                               slice_from(actor), T0};
    store_member_set_role(w->store, &change, role, on_done, w);
    return answer(w);
}

static int remove_member(struct world *w, const char *organization, const char *user,
                         const char *actor) {
    const struct store_member_change change = {slice_from(organization), slice_from(user),
                                               slice_from(actor), T0};
    store_member_remove(w->store, &change, on_done, w);
    return answer(w);
}

static void the_last_owner_stays(void **state) {
    struct world w = world_open(state);
    char owner[64], admin[64], member[64], organization[64];
    add_user(&w, "a@x.org", "acme", "t1");
    snprintf(owner, sizeof owner, "%s", w.user_id);
    snprintf(organization, sizeof organization, "%s", w.organization_id);
    assert_int_equal(join(&w, ROLE_ADMIN, owner, organization, "ad", admin), 0);
    assert_int_equal(join(&w, ROLE_MEMBER, owner, organization, "me", member), 0);

    assert_int_equal(set_role(&w, organization, owner, owner, ROLE_MEMBER), EBUSY);
    assert_int_equal(remove_member(&w, organization, owner, owner), EBUSY);
    assert_int_equal(remove_member(&w, organization, owner, admin), EACCES);
    assert_int_equal(set_role(&w, organization, admin, admin, ROLE_OWNER), EACCES);
    assert_int_equal(set_role(&w, organization, admin, member, ROLE_MEMBER), EACCES);
    assert_int_equal(set_role(&w, organization, "nobody", owner, ROLE_ADMIN), ENOENT);
    assert_int_equal(set_role(&w, organization, admin, owner, ROLE_OWNER), 0);
    assert_int_equal(set_role(&w, organization, owner, admin, ROLE_MEMBER), 0);
    assert_int_equal(remove_member(&w, organization, admin, admin), EBUSY);

    assert_int_equal(check(&w, member, organization, "me"), 0);
    assert_int_equal(remove_member(&w, organization, member, member), 0);
    assert_int_equal(check(&w, member, organization, "me"), ENOENT);
    assert_int_equal(rotate(&w, "me", "me2", T0), ENOENT);
    store_close(w.store, 1000);
}

static void members_come_in_pages(void **state) {
    struct world w = world_open(state);
    char owner[64], organization[64], id[64], cursor[200] = "";
    unsigned total = 0, pages = 0;
    add_user(&w, "a@x.org", "acme", "t1");
    snprintf(owner, sizeof owner, "%s", w.user_id);
    snprintf(organization, sizeof organization, "%s", w.organization_id);
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%d", i);
        join(&w, ROLE_MEMBER, owner, organization, name, id);
    }
    do {
        store_member_list(w.store, slice_from(organization), slice_from(cursor), 3, on_members, &w);
        assert_int_equal(answer(&w), 0);
        total += (unsigned)w.members;
        pages++;
        snprintf(cursor, sizeof cursor, "%s", w.next);
    } while (*cursor);
    assert_int_equal(total, 7);
    assert_int_equal(pages, 3);
    store_close(w.store, 1000);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registering_makes_an_owner_or_nothing),
        cmocka_unit_test(the_same_name_gives_another_slug),
        cmocka_unit_test(after_the_first_user_comes_nobody),
        cmocka_unit_test(an_old_email_with_capitals_is_found_and_taken),
        cmocka_unit_test(a_token_is_exchanged_once),
        cmocka_unit_test(reuse_after_the_grace_ends_the_family),
        cmocka_unit_test(tokens_and_families_end),
        cmocka_unit_test(a_hundred_exchanges_at_once_have_one_outcome),
        cmocka_unit_test(logging_out_ends_the_family_and_nothing_else),
        cmocka_unit_test(a_new_password_ends_the_other_logins),
        cmocka_unit_test(a_disabled_user_is_out),
        cmocka_unit_test(an_invitation_is_used_once),
        cmocka_unit_test(the_last_owner_stays),
        cmocka_unit_test(members_come_in_pages),
    };
    T0 = clock_wall_ms();
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
