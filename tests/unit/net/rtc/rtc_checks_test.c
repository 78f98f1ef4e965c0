#include "unit.h"

#include "net/rtc/rtc_checks.h"

#include <stdio.h>

/* The server's side by hand, and time as a number. */

#define UFRAG    SLICE("theirs")
#define PASSWORD SLICE("a password of theirs")

struct fixture {
    struct rtc_checks checks;
    int64_t now_ms;
    uint8_t check[STUN_MAX_BYTES]; /* the last that went out, and where */
    struct stun_message sent;
    struct rtc_end to;
    uint8_t answer[STUN_MAX_BYTES];
    size_t answer_len;
};

static const struct rtc_end first = {.address = {.family = 4, .port = 1, .ip = {192, 0, 2, 1}}};
static const struct rtc_end second = {.address = {.family = 4, .port = 2, .ip = {192, 0, 2, 1}}};
static const struct rtc_end by_tcp = {.tcp = true,
                                      .address = {.family = 4, .port = 7881, .ip = {192, 0, 2, 1}}};
static const struct rtc_end by_tcp_too = {
    .tcp = true, .address = {.family = 4, .port = 7882, .ip = {192, 0, 2, 1}}};

static void open_round(struct fixture *f, bool is_lite) {
    memset(f, 0, sizeof *f);
    f->now_ms = 1000;
    assert_true(rtc_checks_begin(&f->checks, UFRAG, PASSWORD, is_lite, f->now_ms));
}

/* The next check that is due now. */
static bool next(struct fixture *f) {
    size_t len = rtc_checks_next(&f->checks, f->now_ms, f->check, &f->to);
    if (len == 0)
        return false;
    assert_true(stun_parse(f->check, len, &f->sent));
    assert_int_equal(f->sent.class, STUN_REQUEST);
    assert_true(stun_is_authentic(f->check, &f->sent, PASSWORD));
    assert_true(f->sent.has_priority);
    return true;
}

/* Lets time pass until a check goes out. */
static void await_check(struct fixture *f) {
    while (!next(f)) {
        assert_true(rtc_checks_due_ms(&f->checks) != INT64_MAX);
        f->now_ms++;
    }
}

static enum rtc_heard hear(struct fixture *f, const struct stun_message *message,
                           struct slice password, const struct rtc_end *from) {
    uint8_t bytes[STUN_MAX_BYTES];
    size_t len = stun_write(bytes, message, password);
    return rtc_checks_hear(&f->checks, bytes, len, from, f->now_ms, f->answer, &f->answer_len);
}

static enum rtc_heard succeed(struct fixture *f) {
    return hear(f,
                &(struct stun_message){.class = STUN_SUCCESS,
                                       .id = f->sent.id,
                                       .mapped = {.family = 4, .port = 5, .ip = {198, 51, 100, 1}}},
                PASSWORD, &f->to);
}

static struct stun_message request_of(const struct fixture *f, bool use_candidate, char *username) {
    snprintf(username, 100, "%s:theirs", f->checks.ufrag);
    return (struct stun_message){.class = STUN_REQUEST,
                                 .id = (const uint8_t *)"twelve bytes",
                                 .username = slice_from(username),
                                 .has_priority = true,
                                 .priority = 7,
                                 .use_candidate = use_candidate,
                                 .role = STUN_CONTROLLING,
                                 .tie_breaker = 1};
}

static enum rtc_heard request(struct fixture *f, bool use_candidate, const struct rtc_end *from) {
    char username[100];
    struct stun_message message = request_of(f, use_candidate, username);
    return hear(f, &message, slice_from(f->checks.password), from);
}

static bool is_at(const struct fixture *f, const struct rtc_end *end) {
    return rtc_end_is_equal(&f->to, end);
}

static void settle(struct fixture *f, const struct rtc_end *end) {
    rtc_checks_add(&f->checks, end, 100, f->now_ms);
    await_check(f);
    assert_int_equal(succeed(f), RTC_HEARD);
    assert_int_equal(request(f, true, end), RTC_HEARD);
    assert_true(rtc_end_is_equal(rtc_checks_selected(&f->checks), end));
}

/* ---- Roles and nomination ---- */

static void a_full_server_nominates(void **state) {
    struct fixture f;
    open_round(&f, false);
    assert_true(rtc_checks_add(&f.checks, &first, 100, f.now_ms));
    assert_false(rtc_checks_add(&f.checks, &first, 100, f.now_ms));
    assert_true(next(&f));
    assert_int_equal(f.sent.role, STUN_CONTROLLED);
    assert_false(f.sent.use_candidate);
    assert_int_equal(succeed(&f), RTC_HEARD);
    assert_null(rtc_checks_selected(&f.checks));
    assert_true(rtc_checks_is_proven(&f.checks, &first));
    assert_int_equal(request(&f, true, &first), RTC_HEARD);
    assert_true(rtc_end_is_equal(rtc_checks_selected(&f.checks), &first));
}

static void a_nomination_waits_for_our_own_check(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    assert_int_equal(request(&f, true, &first), RTC_HEARD);
    assert_null(rtc_checks_selected(&f.checks));
    assert_true(next(&f)); /* triggered */
    assert_int_equal(succeed(&f), RTC_HEARD);
    assert_non_null(rtc_checks_selected(&f.checks));
}

static void a_lite_server_is_told_which_path(void **state) {
    struct fixture f;
    open_round(&f, true);
    rtc_checks_add(&f.checks, &first, 50, f.now_ms);
    await_check(&f);
    assert_int_equal(f.sent.role, STUN_CONTROLLING);
    assert_false(f.sent.use_candidate);
    assert_int_equal(succeed(&f), RTC_HEARD);
    assert_null(rtc_checks_selected(&f.checks));
    await_check(&f);
    assert_true(f.sent.use_candidate);
    assert_int_equal(succeed(&f), RTC_HEARD);
    assert_non_null(rtc_checks_selected(&f.checks));
}

static void a_conflict_changes_the_role_of_the_smaller(void **state) {
    struct fixture f;
    char username[100];
    /* Both controlled: the larger tie-breaker becomes controlling. */
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    struct stun_message message = request_of(&f, false, username);
    message.role = STUN_CONTROLLED;
    message.tie_breaker = 0;
    assert_int_equal(hear(&f, &message, slice_from(f.checks.password), &first), RTC_HEARD);
    struct stun_message answer;
    assert_true(stun_parse(f.answer, f.answer_len, &answer));
    assert_int_equal(answer.class, STUN_SUCCESS);
    assert_true(f.checks.is_controlling);
    /* Both controlling now: they are told, and we stay. */
    message.role = STUN_CONTROLLING;
    hear(&f, &message, slice_from(f.checks.password), &first);
    assert_true(stun_parse(f.answer, f.answer_len, &answer));
    assert_int_equal(answer.error_code, STUN_ROLE_CONFLICT);
    /* With the larger tie-breaker on their side we give way. */
    message.tie_breaker = UINT64_MAX;
    f.checks.tie_breaker = 5;
    hear(&f, &message, slice_from(f.checks.password), &first);
    assert_false(f.checks.is_controlling);
}

static void a_conflict_that_we_are_told_of_changes_ours(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    await_check(&f);
    const struct stun_message conflict = {
        .class = STUN_ERROR, .id = f.sent.id, .error_code = STUN_ROLE_CONFLICT};
    assert_int_equal(hear(&f, &conflict, SLICE("not theirs"), &first), RTC_HEARD_BAD);
    assert_false(f.checks.is_controlling);
    assert_int_equal(hear(&f, &conflict, PASSWORD, &first), RTC_HEARD);
    assert_true(f.checks.is_controlling);
    await_check(&f);
    assert_int_equal(f.sent.role, STUN_CONTROLLING);
}

/* ---- Pace and order ---- */

static void paths_are_checked_in_turn(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    rtc_checks_add(&f.checks, &second, 50, f.now_ms);
    unsigned counts[2] = {0}, sent = 0;
    for (int64_t end_ms = f.now_ms + 1000; f.now_ms < end_ms; f.now_ms++)
        for (; next(&f); sent++)
            counts[is_at(&f, &second)]++;
    assert_in_range(sent, 49, 51); /* one each 20 ms, not one for each path */
    assert_in_range(counts[0], 24, 26);
}

static void later_the_pace_is_slower(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    unsigned sent = 0;
    for (f.now_ms += RTC_HURRY_MS; f.now_ms < 1000 + 2 * RTC_HURRY_MS; f.now_ms++)
        while (next(&f))
            sent++;
    assert_in_range(sent, 29, 31);
}

static void a_check_that_comes_is_answered_by_a_check_at_once(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    assert_true(next(&f));
    assert_false(next(&f));
    f.now_ms += 5;
    /* From an address that no candidate named. */
    assert_int_equal(request(&f, false, &second), RTC_HEARD);
    struct stun_message answer;
    assert_true(stun_parse(f.answer, f.answer_len, &answer));
    assert_int_equal(answer.class, STUN_SUCCESS);
    assert_int_equal(answer.mapped.port, 2);
    assert_true(stun_is_authentic(f.answer, &answer, slice_from(f.checks.password)));
    assert_true(next(&f));
    assert_true(is_at(&f, &second));
}

static void addresses_that_show_by_themselves_are_few(void **state) {
    struct fixture f;
    open_round(&f, false);
    for (uint16_t i = 0; i < 500; i++) {
        struct rtc_end end = {.address = {.family = 4, .port = i, .ip = {192, 0, 2, 9}}};
        assert_int_equal(request(&f, false, &end), RTC_HEARD);
    }
    assert_int_equal(f.checks.path_count, RTC_PATHS_MAX);
    assert_false(rtc_checks_add(&f.checks, &first, 100, f.now_ms));
}

/* ---- What proves nothing ---- */

static void what_proves_nothing_is_not_answered(void **state) {
    struct fixture f;
    char username[100];
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    f.answer_len = 9;
    struct stun_message message = request_of(&f, true, username);
    assert_int_equal(hear(&f, &message, SLICE("another password"), &first), RTC_HEARD_BAD);
    assert_int_equal(f.answer_len, 0);
    assert_int_equal(hear(&f, &message, SLICE_NONE, &first), RTC_HEARD_BAD);
    assert_int_equal(f.answer_len, 0);
    message.username = SLICE("somebody:else");
    assert_int_equal(hear(&f, &message, slice_from(f.checks.password), &first), RTC_HEARD_BAD);
    assert_int_equal(f.answer_len, 0);
    assert_int_equal(rtc_checks_hear(&f.checks, (const uint8_t *)"\0\1", 2, &first, f.now_ms,
                                     f.answer, &f.answer_len),
                     RTC_HEARD_BAD);
    assert_false(f.checks.paths[0].is_nominated);
    assert_false(rtc_checks_is_proven(&f.checks, &first));
}

static void an_answer_counts_once_and_from_where_it_was_asked(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    await_check(&f);
    f.to = second;
    assert_int_equal(succeed(&f), RTC_HEARD_BAD);
    f.to = first;
    assert_int_equal(succeed(&f), RTC_HEARD);
    assert_int_equal(succeed(&f), RTC_HEARD_BAD);
}

static void words_have_a_length(void **state) {
    struct rtc_checks checks = {0};
    char longest[RTC_WORD_MAX + 1];
    memset(longest, 'a', sizeof longest);
    assert_false(rtc_checks_begin(&checks, SLICE_NONE, PASSWORD, false, 0));
    assert_false(rtc_checks_begin(&checks, UFRAG, SLICE_NONE, false, 0));
    assert_false(rtc_checks_begin(&checks, slice_of(longest, sizeof longest), PASSWORD, false, 0));
    assert_true(rtc_checks_begin(&checks, slice_of(longest, RTC_WORD_MAX),
                                 slice_of(longest, RTC_WORD_MAX), false, 0));
    rtc_checks_add(&checks, &first, 1, 0);
    uint8_t out[STUN_MAX_BYTES];
    struct rtc_end to;
    assert_true(rtc_checks_next(&checks, 0, out, &to) > 0);
}

/* ---- Consent ---- */

static void consent_is_asked_for_every_few_seconds(void **state) {
    struct fixture f;
    open_round(&f, false);
    settle(&f, &first);
    for (unsigned i = 0; i < 10; i++) {
        int64_t before_ms = f.now_ms;
        await_check(&f);
        assert_in_range(f.now_ms - before_ms, 4000, 5000);
        f.now_ms += 30;
        assert_int_equal(succeed(&f), RTC_HEARD);
        assert_int_equal(f.checks.rtt_ms, 30);
        assert_int_equal(rtc_checks_silent_ms(&f.checks, f.now_ms), 0);
    }
    assert_true(rtc_checks_has_consent(&f.checks, f.now_ms));
}

/* For five minutes a third of the answers do not come, by chance: consent lasts, and so do the checks. */
static void lost_checks_end_nothing(void **state) {
    struct fixture f;
    uint32_t seed = 7;
    unsigned sent = 0, lost = 0;
    open_round(&f, false);
    settle(&f, &first);
    for (int64_t until_ms = f.now_ms + INT64_C(5) * 60 * 1000; f.now_ms < until_ms; sent++) {
        await_check(&f);
        assert_true(rtc_checks_has_consent(&f.checks, f.now_ms));
        seed = seed * 1664525 + 1013904223;
        bool is_lost = (seed >> 16) % 3 == 0;
        lost += is_lost;
        f.now_ms += 30;
        if (!is_lost)
            assert_int_equal(succeed(&f), RTC_HEARD);
    }
    assert_in_range(sent, 60, 160); /* one that is lost is followed sooner */
    assert_in_range(lost, sent / 5, sent / 2);
}

static void without_consent_nothing_is_sent(void **state) {
    struct fixture f;
    open_round(&f, false);
    settle(&f, &first);
    int64_t settled_ms = f.now_ms;
    unsigned sent = 0;
    while (rtc_checks_due_ms(&f.checks) != INT64_MAX && f.now_ms < settled_ms + 100000) {
        sent += next(&f);
        f.now_ms++;
    }
    assert_in_range(f.now_ms - settled_ms, 29000, 31000);
    assert_in_range(sent, 45, 55);
    f.now_ms = settled_ms + RTC_CONSENT_LOST_MS;
    assert_false(rtc_checks_has_consent(&f.checks, f.now_ms));
    assert_false(next(&f));
    assert_int_equal(rtc_checks_silent_ms(&f.checks, f.now_ms), RTC_CONSENT_LOST_MS);
    rtc_checks_touch(&f.checks, f.now_ms); /* what comes is no consent */
    assert_false(rtc_checks_has_consent(&f.checks, f.now_ms));
    assert_int_equal(rtc_checks_silent_ms(&f.checks, f.now_ms), 0);
}

/* ---- Restart ---- */

static void a_restart_keeps_the_old_path_meanwhile(void **state) {
    struct fixture f;
    char before[RTC_UFRAG_SIZE];
    open_round(&f, false);
    settle(&f, &first);
    memcpy(before, f.checks.ufrag, sizeof before);
    assert_true(rtc_checks_is_same(&f.checks, UFRAG, PASSWORD));
    assert_false(rtc_checks_is_same(&f.checks, UFRAG, SLICE("another")));
    assert_true(rtc_checks_begin(&f.checks, UFRAG, PASSWORD, false, f.now_ms));
    assert_string_not_equal(before, f.checks.ufrag);
    assert_true(rtc_end_is_equal(rtc_checks_selected(&f.checks), &first));
    assert_true(rtc_checks_is_proven(&f.checks, &first));
    settle(&f, &second);
    assert_false(rtc_checks_is_proven(&f.checks, &first));
}

static void a_server_may_change_the_path(void **state) {
    struct fixture f;
    open_round(&f, false);
    settle(&f, &first);
    assert_int_equal(request(&f, true, &second), RTC_HEARD);
    f.now_ms += RTC_PACE_MS;
    await_check(&f);
    assert_true(is_at(&f, &second));
    assert_int_equal(succeed(&f), RTC_HEARD);
    assert_true(rtc_end_is_equal(rtc_checks_selected(&f.checks), &second));
}

/* ---- TCP ---- */

static void tcp_waits_for_udp(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &first, 100, f.now_ms);
    rtc_checks_add(&f.checks, &by_tcp, 10, f.now_ms);
    assert_null(rtc_checks_tcp(&f.checks, f.now_ms + RTC_TCP_AFTER_MS - 1));
    f.now_ms += RTC_TCP_AFTER_MS;
    const struct rtc_end *end = rtc_checks_tcp(&f.checks, f.now_ms);
    assert_true(rtc_end_is_equal(end, &by_tcp));
    /* Nothing is checked before the connection. */
    for (int64_t end_ms = f.now_ms + 200; f.now_ms < end_ms; f.now_ms++)
        while (next(&f))
            assert_true(is_at(&f, &first));
    rtc_checks_set_tcp(&f.checks, &by_tcp, true, f.now_ms);
    assert_true(next(&f));
    assert_true(is_at(&f, &by_tcp));
    assert_int_equal(succeed(&f), RTC_HEARD);
    assert_int_equal(request(&f, true, &by_tcp), RTC_HEARD);
    assert_true(rtc_checks_selected(&f.checks)->tcp);
    /* A connection that ends begins the checks again. */
    rtc_checks_set_tcp(&f.checks, &by_tcp, false, f.now_ms);
    assert_false(f.checks.is_settled);
    f.now_ms += RTC_TCP_AFTER_MS;
    assert_non_null(rtc_checks_tcp(&f.checks, f.now_ms));
}

static void one_tcp_candidate_is_tried_after_the_other(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &by_tcp, 10, f.now_ms);
    rtc_checks_add(&f.checks, &by_tcp_too, 5, f.now_ms);
    assert_true(rtc_end_is_equal(rtc_checks_tcp(&f.checks, f.now_ms), &by_tcp));
    f.now_ms += RTC_TCP_PATIENCE_MS - 1;
    assert_true(rtc_end_is_equal(rtc_checks_tcp(&f.checks, f.now_ms), &by_tcp));
    f.now_ms++;
    assert_true(rtc_end_is_equal(rtc_checks_tcp(&f.checks, f.now_ms), &by_tcp_too));
    f.now_ms += RTC_TCP_PATIENCE_MS;
    assert_true(rtc_end_is_equal(rtc_checks_tcp(&f.checks, f.now_ms), &by_tcp));
}

static void an_answer_of_another_connection_counts_for_nothing(void **state) {
    struct fixture f;
    open_round(&f, false);
    rtc_checks_add(&f.checks, &by_tcp, 10, f.now_ms);
    rtc_checks_set_tcp(&f.checks, &by_tcp, true, f.now_ms);
    await_check(&f);
    rtc_checks_set_tcp(&f.checks, &by_tcp, false, f.now_ms);
    assert_int_equal(succeed(&f), RTC_HEARD_BAD);
    assert_false(rtc_checks_is_proven(&f.checks, &by_tcp));
}

static void with_udp_tcp_is_not_wanted(void **state) {
    struct fixture f;
    open_round(&f, false);
    settle(&f, &first);
    rtc_checks_add(&f.checks, &by_tcp, 10, f.now_ms);
    assert_null(rtc_checks_tcp(&f.checks, f.now_ms + 10000));
}

RUN_TESTS(TEST(a_full_server_nominates), TEST(a_nomination_waits_for_our_own_check),
          TEST(a_lite_server_is_told_which_path), TEST(a_conflict_changes_the_role_of_the_smaller),
          TEST(a_conflict_that_we_are_told_of_changes_ours), TEST(paths_are_checked_in_turn),
          TEST(later_the_pace_is_slower), TEST(a_check_that_comes_is_answered_by_a_check_at_once),
          TEST(addresses_that_show_by_themselves_are_few),
          TEST(what_proves_nothing_is_not_answered),
          TEST(an_answer_counts_once_and_from_where_it_was_asked), TEST(words_have_a_length),
          TEST(consent_is_asked_for_every_few_seconds), TEST(lost_checks_end_nothing),
          TEST(without_consent_nothing_is_sent), TEST(a_restart_keeps_the_old_path_meanwhile),
          TEST(a_server_may_change_the_path), TEST(tcp_waits_for_udp),
          TEST(one_tcp_candidate_is_tried_after_the_other),
          TEST(an_answer_of_another_connection_counts_for_nothing),
          TEST(with_udp_tcp_is_not_wanted))
