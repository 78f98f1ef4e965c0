/* Who is in a room, by LiveKit's messages in any order. */
#include "outside/room/roster.h"
#include "unit.h"

#include <stdio.h>

/* What the handlers were told, a word a piece. */
static char told[512];

static void say(const char *what, const char *name) {
    size_t len = strlen(told);
    snprintf(told + len, sizeof told - len, "%s%s:%s", len ? " " : "", what, name);
}

static void on_person(const struct roster_person *person, void *user) {
    say("here", person->sid);
}

static void on_person_gone(const struct roster_person *person, void *user) {
    say("gone", person->sid);
}

static void on_track(struct roster_track *track, void *user) {
    say(track->is_muted ? "muted" : "track", track->sid);
}

static void on_track_gone(struct roster_track *track, void *user) {
    say("end", track->sid);
}

static struct roster roster;

static int setup(void **state) {
    static const struct roster_handlers handlers = {on_person, on_person_gone, on_track,
                                                    on_track_gone};
    told[0] = 0;
    roster_init(&roster, 7, &handlers, NULL);
    return 0;
}

static int teardown(void **state) {
    roster_free(&roster);
    return 0;
}

#define PERSON(id, name, ...)                                                                      \
    (struct sfu_person) {                                                                          \
        .sid = SLICE(id), .identity = SLICE(name), __VA_ARGS__                                     \
    }

static void take(const struct sfu_person *people, size_t count, bool is_whole,
                 const char *expected) {
    told[0] = 0;
    roster_take(&roster, people, count, is_whole);
    assert_string_equal(told, expected);
}

static const struct sfu_track mic = {.sid = {"T1", 2}, .kind = SFU_AUDIO};
static const struct sfu_track muted = {.sid = {"T1", 2}, .kind = SFU_AUDIO, .is_muted = true};

static void people_come_publish_and_go(void **state) {
    take(&PERSON("P1", "ana", .version = 1), 1, true, "here:P1");
    take(&PERSON("P1", "ana", .version = 2, .tracks = &mic, .track_count = 1), 1, false,
         "track:T1");
    take(&PERSON("P1", "ana", .version = 2, .tracks = &mic, .track_count = 1), 1, false, "");
    take(&PERSON("P1", "ana", .version = 3, .tracks = &muted, .track_count = 1), 1, false,
         "muted:T1");
    assert_non_null(roster_find_track(&roster, SLICE("T1")));
    take(&PERSON("P1", "ana", .version = 4), 1, false, "end:T1");
    take(&PERSON("P1", "ana", .version = 5, .tracks = &mic, .track_count = 1), 1, false,
         "track:T1");
    take(&PERSON("P1", "ana", .state = SFU_GONE), 1, false, "end:T1 gone:P1");
    assert_int_equal(roster.keepers, 0);
    assert_null(roster_find_track(&roster, SLICE("T1")));
}

static void old_news_are_passed_over(void **state) {
    take(&PERSON("P1", "ana", .version = 5, .tracks = &mic, .track_count = 1), 1, true,
         "here:P1 track:T1");
    take(&PERSON("P1", "ana", .version = 4), 1, false, "");
    take(&PERSON("P1", "ana", .state = SFU_GONE, .version = 6), 1, false, "end:T1 gone:P1");
    take(&PERSON("P1", "ana", .version = 5, .tracks = &mic, .track_count = 1), 1, false, "");
}

static void who_comes_back_takes_the_place_of_their_old_connection(void **state) {
    take(&PERSON("P1", "ana", .version = 1, .tracks = &mic, .track_count = 1), 1, true,
         "here:P1 track:T1");
    take(&PERSON("P2", "ana", .version = 1), 1, false, "end:T1 gone:P1 here:P2");
    take(&PERSON("P1", "ana", .state = SFU_GONE), 1, false, "");
    assert_int_equal(roster.keepers, 1);
}

static void recorders_are_nobody(void **state) {
    const struct sfu_person people[] = {
        PERSON("P1", "EG_1", .kind = SFU_EGRESS, .is_hidden = true),
        PERSON("P2", "prosa-2", .is_recorder = true, .is_hidden = true),
        PERSON("P3", "bot", .kind = SFU_AGENT),
        PERSON("P4", "ghost", .is_hidden = true),
        PERSON("P5", "phone", .kind = SFU_SIP),
        PERSON("P6", "studio", .kind = SFU_INGRESS),
    };
    take(people, 6, true, "here:P3 here:P4 here:P5 here:P6");
    assert_int_equal(roster.keepers, 2);
    /* Made visible. */
    take(&PERSON("P4", "ghost", .version = 1), 1, false, "here:P4");
    assert_int_equal(roster.keepers, 3);
}

static void a_new_session_lists_everybody(void **state) {
    const struct sfu_person before[] = {PERSON("P1", "ana", .version = 90),
                                        PERSON("P2", "bruno", .version = 2)};
    take(before, 2, true, "here:P1 here:P2");
    /* A server that was started again counts anew. */
    take(&PERSON("P1", "ana", .version = 1, .tracks = &mic, .track_count = 1), 1, true,
         "track:T1 gone:P2");
    assert_int_equal(roster.people.len, 1);
}

static void a_track_is_one_persons(void **state) {
    const struct sfu_person people[] = {
        PERSON("P1", "ana", .tracks = &mic, .track_count = 1),
        PERSON("P2", "bruno", .tracks = &mic, .track_count = 1),
    };
    take(people, 2, true, "here:P1 track:T1 here:P2");
    take(&PERSON("P2", "bruno", .state = SFU_GONE), 1, false, "gone:P2");
    assert_non_null(roster_find_track(&roster, SLICE("T1")));
}

static void what_cannot_be_a_name_is_none(void **state) {
    const struct sfu_person people[] = {
        PERSON("", "ana"),
        PERSON("P1", "a\nb"),
        PERSON("P\1", "ana"),
        PERSON("P2", "bruno", .name = SLICE("x\ny"), .metadata = SLICE("\1")),
    };
    take(people, 4, true, "here:P2");
    const struct roster_person *bruno = map_find(&roster.people, SLICE("P2"));
    assert_string_equal(bruno->name, "");
}

#define ROSTER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

RUN_TESTS(ROSTER_TEST(people_come_publish_and_go), ROSTER_TEST(old_news_are_passed_over),
          ROSTER_TEST(who_comes_back_takes_the_place_of_their_old_connection),
          ROSTER_TEST(recorders_are_nobody), ROSTER_TEST(a_new_session_lists_everybody),
          ROSTER_TEST(a_track_is_one_persons), ROSTER_TEST(what_cannot_be_a_name_is_none))
