/* Who is in a session, whatever the order in which LiveKit tells it. */
#include "app/sessions/sessions.h"
#include "base/log.h"
#include "net/loop.h"
#include "outside/livekit/livekit_info.h"
#include "unit.h"

#include <stdio.h>

struct world {
    struct loop *loop;
    struct sessions *sessions;
    const struct session *session;
};

static void world_open(struct world *w) {
    log_setup(LOG_OFF, LOG_TEXT);
    assert_int_equal(loop_open(&w->loop), 0);
    const struct sessions_settings settings = {.loop = w->loop};
    w->sessions = sessions_new(&settings);
    const struct livekit_room room = {.sid = SLICE("RM_1"), .name = SLICE("sala")};
    w->session = sessions_room_started(w->sessions, &room, &(struct session_event){100000, true});
}

static void world_close(struct world *w) {
    sessions_free(w->sessions);
    loop_close(w->loop);
}

static struct livekit_participant person(const char *sid, const char *identity, int64_t joined_ms) {
    return (struct livekit_participant){
        .sid = slice_from(sid), .identity = slice_from(identity), .joined_ms = joined_ms};
}

static const struct attendee *seen(struct world *w, const struct livekit_participant *p) {
    sessions_participant_seen(w->sessions, w->session, p);
    return session_find_attendee(w->session, p->identity);
}

static const struct attendee *left(struct world *w, const char *sid, const char *identity) {
    const struct livekit_participant p = person(sid, identity, 0);
    sessions_participant_left(w->sessions, w->session, &p);
    return session_find_attendee(w->session, p.identity);
}

static void who_joins_is_present_until_leaving(void **state) {
    struct world w;
    world_open(&w);
    const struct livekit_participant p = person("PA_1", "bob", 1000);
    const struct attendee *bob = seen(&w, &p);
    assert_true(bob->is_present && bob->is_known);
    assert_false(bob->is_host || bob->is_service);
    assert_string_equal(bob->name, "");
    assert_false(left(&w, "PA_1", "bob")->is_present);
    world_close(&w);
}

static void who_left_before_joining_is_not_present(void **state) {
    struct world w;
    world_open(&w);
    assert_false(left(&w, "PA_1", "bob")->is_present);
    const struct livekit_participant late = person("PA_1", "bob", 1000);
    assert_false(seen(&w, &late)->is_present);
    const struct livekit_participant again = person("PA_2", "bob", 2000);
    assert_true(seen(&w, &again)->is_present);
    world_close(&w);
}

static void without_a_sid_leaving_means_the_connection_there_is(void **state) {
    struct world w;
    world_open(&w);
    assert_null(left(&w, "", "bob")); /* nothing is known of bob */
    const struct livekit_participant p = person("PA_1", "bob", 1000);
    seen(&w, &p);
    assert_false(left(&w, "", "bob")->is_present);
    world_close(&w);
}

static void an_older_connection_says_nothing_new(void **state) {
    struct world w;
    world_open(&w);
    struct livekit_participant p = person("PA_2", "bob", 2000);
    p.name = SLICE("Bob");
    seen(&w, &p);
    struct livekit_participant older = person("PA_1", "bob", 1000);
    older.name = SLICE("Robert");
    older.is_disconnected = true;
    const struct attendee *bob = seen(&w, &older);
    assert_string_equal(bob->name, "Bob");
    assert_string_equal(bob->sid, "PA_2");
    assert_true(bob->is_present);
    assert_true(left(&w, "PA_1", "bob")->is_present);
    assert_false(left(&w, "PA_2", "bob")->is_present);
    world_close(&w);
}

static void a_name_in_the_metadata_comes_first_and_none_erases_none(void **state) {
    struct world w;
    world_open(&w);
    struct livekit_participant p = person("PA_1", "bob", 1000);
    p.name = SLICE("  Bob ");
    assert_string_equal(seen(&w, &p)->name, "Bob");
    p.metadata = SLICE("{\"name\":\"Roberto\"}");
    assert_string_equal(seen(&w, &p)->name, "Roberto");
    p.name = p.metadata = SLICE_NONE;
    assert_string_equal(seen(&w, &p)->name, "Roberto");
    p.name = SLICE("a\nb");
    assert_string_equal(seen(&w, &p)->name, "Roberto");
    world_close(&w);
}

static void a_role_counts_when_its_owner_cannot_have_written_it(void **state) {
    struct world w;
    world_open(&w);
    struct livekit_participant p = person("PA_1", "bob", 1000);
    p.metadata = SLICE("{\"role\":\"host\"}");
    assert_true(seen(&w, &p)->is_host);
    p.may_edit_metadata = true;
    assert_false(seen(&w, &p)->is_host);
    world_close(&w);
}

static void services_are_told_from_people(void **state) {
    struct world w;
    world_open(&w);
    struct livekit_participant p = person("PA_1", "EG_1", 1000);
    p.kind = KIND_EGRESS;
    assert_true(seen(&w, &p)->is_service);
    world_close(&w);
}

static void bad_identities_are_nobody(void **state) {
    struct world w;
    world_open(&w);
    char long_one[300];
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = 0;
    const char *const bad[] = {"", "a\x01", "\xff", long_one};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct livekit_participant p = person("PA_1", bad[i], 1000);
        assert_null(seen(&w, &p));
        assert_null(left(&w, "PA_1", bad[i]));
    }
    assert_int_equal(w.session->attendees.len, 0);
    world_close(&w);
}

static void a_session_has_a_limit_of_people(void **state) {
    struct world w;
    world_open(&w);
    char identity[16];
    for (int i = 0; i < 5100; i++) {
        snprintf(identity, sizeof identity, "p%d", i);
        const struct livekit_participant p = person("PA_1", identity, 1000);
        seen(&w, &p);
    }
    assert_int_equal(w.session->attendees.len, 5000);
    const struct livekit_participant known = person("PA_2", "p7", 2000);
    assert_string_equal(seen(&w, &known)->sid, "PA_2"); /* those who are there go on */
    world_close(&w);
}

RUN_TESTS(TEST(who_joins_is_present_until_leaving), TEST(who_left_before_joining_is_not_present),
          TEST(without_a_sid_leaving_means_the_connection_there_is),
          TEST(an_older_connection_says_nothing_new),
          TEST(a_name_in_the_metadata_comes_first_and_none_erases_none),
          TEST(a_role_counts_when_its_owner_cannot_have_written_it),
          TEST(services_are_told_from_people), TEST(bad_identities_are_nobody),
          TEST(a_session_has_a_limit_of_people))
