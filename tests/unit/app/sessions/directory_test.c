/* The directory: whose a meeting is, how many there may be, and when they are forgotten. */
#include "directory_world.h"

/* --- names --- */

static void assert_names(struct world *w, const char *name, const char *id, const char *room) {
    struct slice meeting_id, room_name;
    assert_true(directory_find(w->directory, slice_from(name), &meeting_id, &room_name));
    assert_slice_equal(meeting_id, id);
    assert_slice_equal(room_name, room);
}

static const char *describe(struct world *w, const char *name) {
    w->answers = 0;
    directory_describe(w->directory, slice_from(name), on_answer, w);
    wait_until(w, has_answer);
    return w->answer.data;
}

static void test_a_session_renames_the_meeting_of_its_room(void **state) {
    (void)state;
    struct world *w = world_open(1, 8, 60000);
    int fd = track_open(w, "", "sala", "bob", "TR_1");
    assert_names(w, "sala", "sala", "sala");
    assert_int_equal(directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0), 0);
    assert_names(w, "sala", "RM_1", "sala");
    assert_names(w, "RM_1", "RM_1", "sala");
    const struct person_news news = {
        .identity = SLICE("bob"), .name = SLICE("Bob"), .has_role = true, .is_host = false};
    directory_tell_news(w->directory, SLICE("RM_1"), SLICE("sala"), &news);
    int second = track_open(w, "RM_1", "sala", "ana", "TR_2"); /* joins the same meeting */
    wait_until(w, is_two_open);
    const char *json = describe(w, "RM_1");
    assert_non_null(strstr(json, "\"meetingId\":\"RM_1\""));
    assert_non_null(strstr(json, "\"bob\""));
    assert_non_null(strstr(json, "\"Bob\""));
    assert_non_null(strstr(json, "\"ana\""));
    track_close(fd);
    track_close(second);
    world_drain(w);
    world_close(w);
}

static void test_an_id_in_the_url_names_a_provisional_meeting(void **state) {
    (void)state;
    struct world *w = world_open(0, 8, 60000);
    int first = track_open(w, "", "sala", "bob", "TR_1");
    int second = track_open(w, "RM_1", "sala", "ana", "TR_2");
    assert_names(w, "sala", "RM_1", "sala");
    int third = track_open(w, "", "sala", "eva", "TR_3");
    assert_int_equal(directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0), 0);
    wait_until(w, is_three_open);
    const char *json = describe(w, "sala");
    assert_non_null(strstr(json, "\"bob\""));
    assert_non_null(strstr(json, "\"ana\""));
    assert_non_null(strstr(json, "\"eva\""));
    track_close(first);
    track_close(second);
    track_close(third);
    world_drain(w);
    world_close(w);
}

static void test_a_rooms_next_session_is_another_meeting(void **state) {
    (void)state;
    struct world *w = world_open(0, 8, 60000);
    directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0);
    directory_end_session(w->directory, SLICE("RM_1"));
    int fd = track_open(w, "", "sala", "bob", "TR_1");
    assert_names(w, "sala", "sala", "sala"); /* the ended one is not revived */
    directory_start_session(w->directory, SLICE("RM_2"), SLICE("sala"), 0);
    assert_names(w, "sala", "RM_2", "sala");
    assert_names(w, "RM_1", "RM_1", "sala");
    track_close(fd);
    world_drain(w);
    world_close(w);
}

static bool is_forgotten(struct world *w) {
    struct slice id, room;
    return !directory_find(w->directory, SLICE("RM_1"), &id, &room);
}

static void test_an_ended_meeting_is_forgotten_when_its_last_track_went(void **state) {
    (void)state;
    struct world *w = world_open(1, 8, 100);
    directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0);
    int fd = track_open(w, "RM_1", "sala", "bob", "TR_1");
    directory_end_session(w->directory, SLICE("RM_1"));
    wait_until(w, is_one_open);
    assert_false(is_forgotten(w));
    track_close(fd);
    wait_until(w, is_one_ended);
    wait_until(w, is_forgotten);
    assert_string_equal(describe(w, "RM_1"), "{\"meetingId\":\"RM_1\",\"participants\":[]}");
    world_drain(w);
    world_close(w);
}

/* --- limits --- */

static void test_tracks_are_limited(void **state) {
    (void)state;
    struct world *w = world_open(0, 1, 60000);
    int first = track_open(w, "", "sala", "bob", "TR_1"), err;
    int second = track_enter(w, "", "sala", "ana", "TR_2", &err);
    assert_int_equal(err, EMFILE);
    close(second);
    track_close(first);
    wait_until(w, is_one_ended);
    second = track_enter(w, "", "sala", "ana", "TR_2", &err);
    assert_int_equal(err, 0);
    track_close(second);
    world_drain(w);
    world_close(w);
}

static void test_meetings_are_limited_but_known_ones_grow(void **state) {
    (void)state;
    struct world *w = world_open(0, 64, 60000);
    int fds[10], err;
    char room[16];
    for (int i = 0; i < 8; i++) {
        snprintf(room, sizeof room, "room%d", i);
        fds[i] = track_open(w, "", room, "bob", "TR_1");
    }
    fds[8] = track_enter(w, "", "another", "bob", "TR_1", &err);
    assert_int_equal(err, ENFILE);
    fds[9] = track_open(w, "", "room3", "ana", "TR_2");
    for (int i = 0; i < 10; i++)
        close(fds[i]);
    world_drain(w);
    world_close(w);
}

static int start_session(struct world *w, unsigned number) {
    char id[16], room[16];
    snprintf(id, sizeof id, "RM_%u", number);
    snprintf(room, sizeof room, "room%u", number);
    return directory_start_session(w->directory, slice_from(id), slice_from(room), 0);
}

static bool is_known(struct world *w, const char *name) {
    struct slice id, room;
    return directory_find(w->directory, slice_from(name), &id, &room);
}

static void test_a_meeting_without_sound_gives_way(void **state) {
    (void)state;
    struct world *w = world_open(0, 64, 60000);
    int fds[2], err;
    fds[0] = track_open(w, "", "loud", "ana", "TR_1");
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(start_session(w, i), 0);
    assert_true(is_known(w, "loud"));
    assert_true(!is_known(w, "RM_12") && is_known(w, "RM_13") && is_known(w, "RM_19"));
    assert_int_equal(start_session(w, 13), 0); /* it is used, and the next one is older now */
    fds[1] = track_enter(w, "", "other", "ana", "TR_1", &err);
    assert_int_equal(err, 0);
    assert_true(is_known(w, "RM_13") && !is_known(w, "RM_14"));
    assert_int_equal(directory_stats(w->directory)->gave_way, 14);
    for (int i = 0; i < 2; i++)
        close(fds[i]);
    world_drain(w);
    world_close(w);
}

static void test_a_signed_meeting_gives_way_to_signed_sound_alone(void **state) {
    (void)state;
    struct world *w = world_open(0, 64, 60000);
    int fds[2], err;
    char id[16];
    for (unsigned i = 0; i < 8; i++) {
        start_session(w, i);
        snprintf(id, sizeof id, "RM_%u", i);
        directory_vouch(w->directory, slice_from(id));
    }
    assert_int_equal(start_session(w, 8), ENFILE);
    fds[0] = track_enter_as(w, "", "strange", "ana", "TR_1", false, &err);
    assert_int_equal(err, ENFILE);
    fds[1] = track_enter_as(w, "", "known", "ana", "TR_1", true, &err);
    assert_int_equal(err, 0);
    assert_true(!is_known(w, "RM_0") && is_known(w, "RM_1") && is_known(w, "known"));
    assert_false(directory_has_session(w->directory, SLICE("known")));
    assert_true(directory_has_session(w->directory, SLICE("RM_1")));
    for (int i = 0; i < 2; i++)
        close(fds[i]);
    world_drain(w);
    world_close(w);
}

static void test_some_tracks_are_for_those_that_are_signed(void **state) {
    (void)state;
    struct world *w = world_open(0, 3, 60000); /* one of the three */
    int fds[4], err;
    fds[0] = track_open(w, "", "sala", "ana", "TR_1");
    fds[1] = track_open(w, "", "sala", "bob", "TR_2");
    fds[2] = track_enter(w, "", "sala", "eva", "TR_3", &err);
    assert_int_equal(err, EMFILE);
    fds[3] = track_enter_as(w, "", "sala", "eva", "TR_3", true, &err);
    assert_int_equal(err, 0);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    world_drain(w);
    world_close(w);
}

static void test_of_one_track_twice_one_is_judged(void **state) {
    (void)state;
    struct world *w = world_open(0, 8, 60000);
    int first = track_open(w, "", "sala", "bob", "TR_1");
    int second = track_open(w, "", "sala", "bob", "TR_1");
    wait_until(w, is_two_open);
    const char *json = describe(w, "sala");
    const char *bob = strstr(json, "\"bob\"");
    assert_non_null(bob);
    assert_null(strstr(bob + 1, "\"bob\""));
    track_close(first);
    track_close(second);
    world_drain(w);
    world_close(w);
}

static void on_stats(const struct shard_stats *total, size_t shards, void *user) {
    struct world *w = user;
    assert_int_equal(shards, 2);
    w->stats = *total;
    w->answers++;
}

static void test_stats_are_of_all_shards(void **state) {
    (void)state;
    struct world *w = world_open(2, 8, 60000);
    int first = track_open(w, "RM_1", "a", "bob", "TR_1");
    int second = track_open(w, "RM_2", "b", "ana", "TR_2");
    wait_until(w, is_two_open);
    directory_ask_stats(w->directory, on_stats, w);
    wait_until(w, has_answer);
    assert_int_equal(w->stats.audio_tracks, 2);
    assert_int_equal(w->stats.meetings, 2);
    assert_int_equal(w->stats.media.opened, 2);
    assert_true(w->stats.tick_period_ms <= 100);
    track_close(first);
    track_close(second);
    world_drain(w);
    world_close(w);
}

/* --- rules --- */

struct asked {
    char organization[32], kind[32];
    unsigned times;
};

static void on_rules(struct slice organization, struct slice kind, struct rules *rules,
                     void *user) {
    struct asked *asked = user;
    snprintf(asked->organization, sizeof asked->organization, "%.*s", SLICE_ARG(organization));
    snprintf(asked->kind, sizeof asked->kind, "%.*s", SLICE_ARG(kind));
    asked->times++;
    rules_init(rules);
    rules->include_host = kind.len > 0;
}

static void test_a_meeting_has_the_rules_of_its_kind_and_gets_new_ones(void **state) {
    (void)state;
    struct asked asked = {0};
    struct world *w = world_open_with(0, 8, 60000, on_rules, &asked);
    struct rules rules;
    int fd = track_open(w, "", "sala", "bob", "TR_1");
    assert_int_equal(asked.times, 1);
    assert_string_equal(asked.kind, "");
    directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0);
    directory_classify(w->directory, SLICE("RM_1"), SLICE("escola"), SLICE("aula"));
    assert_int_equal(asked.times, 2);
    assert_string_equal(asked.organization, "escola");
    assert_string_equal(asked.kind, "aula");
    directory_classify(w->directory, SLICE("RM_1"), SLICE("escola"), SLICE("aula"));
    assert_int_equal(asked.times, 2); /* nothing new */
    directory_classify(w->directory, SLICE("RM_2"), SLICE("other"), SLICE("other"));
    assert_int_equal(asked.times, 2); /* unknown */
    directory_rules(w->directory, SLICE("RM_1"), &rules);
    assert_true(rules.include_host);
    directory_rules(w->directory, SLICE("RM_2"), &rules);
    assert_false(rules.include_host);
    unsigned before = asked.times;
    directory_renew_rules(w->directory);
    assert_int_equal(asked.times, before + 1);
    wait_until(w, is_one_open);
    track_close(fd);
    world_drain(w);
    world_close(w);
}

static void test_where_new_ones_are_refused_the_others_go_on(void **state) {
    (void)state;
    struct world *w = world_open(0, 8, 60000);
    int err, fd = track_open(w, "", "provisional", "bob", "TR_1");
    directory_start_session(w->directory, SLICE("RM_1"), SLICE("sala"), 0);
    directory_start_session(w->directory, SLICE("RM_2"), SLICE("ended"), 0);
    directory_end_session(w->directory, SLICE("RM_2"));
    directory_refuse_new(w->directory);
    assert_int_equal(directory_count_going_on(w->directory), 2);
    close(track_enter(w, "", "new", "ana", "TR_2", &err));
    assert_int_equal(err, ESHUTDOWN);
    close(track_enter(w, "RM_2", "ended", "ana", "TR_3", &err));
    assert_int_equal(err, ESHUTDOWN);
    assert_int_equal(directory_start_session(w->directory, SLICE("RM_3"), SLICE("new"), 0), ENFILE);
    int second = track_open(w, "RM_1", "sala", "ana", "TR_4");
    wait_until(w, is_two_open);
    directory_end_session(w->directory, SLICE("RM_1"));
    assert_int_equal(directory_count_going_on(w->directory), 2); /* it still has a track */
    track_close(fd);
    track_close(second);
    world_drain(w);
    world_close(w);
}

RUN_TESTS(TEST(test_a_session_renames_the_meeting_of_its_room),
          TEST(test_an_id_in_the_url_names_a_provisional_meeting),
          TEST(test_a_rooms_next_session_is_another_meeting),
          TEST(test_an_ended_meeting_is_forgotten_when_its_last_track_went),
          TEST(test_tracks_are_limited), TEST(test_meetings_are_limited_but_known_ones_grow),
          TEST(test_some_tracks_are_for_those_that_are_signed),
          TEST(test_a_meeting_without_sound_gives_way),
          TEST(test_a_signed_meeting_gives_way_to_signed_sound_alone),
          TEST(test_of_one_track_twice_one_is_judged), TEST(test_stats_are_of_all_shards),
          TEST(test_a_meeting_has_the_rules_of_its_kind_and_gets_new_ones),
          TEST(test_where_new_ones_are_refused_the_others_go_on))
