#include "app/egress/egress_judge.h"
#include "base/macros.h"
#include "base/slice.h"
#include "outside/livekit/livekit_info.h"
#include "unit.h"

#define BASE "wss://prosa.example.org"
#define URL  SLICE(BASE "/egress-audio?roomName=a")

static void what_runs_and_is_alive_is_ours(void **state) {
    struct livekit_egress egress = {.url = URL, .status = EGRESS_ACTIVE};
    assert_int_equal(egress_judge(&egress, BASE, true), EGRESS_IS_OURS);
    assert_int_equal(egress_judge(&egress, BASE, false), EGRESS_IS_NOTHING);
    egress.url = SLICE("wss://elsewhere/egress-audio?x");
    assert_int_equal(egress_judge(&egress, BASE, true), EGRESS_IS_NOTHING);
    egress.url = SLICE(BASE ".evil/egress-audio?x");
    assert_int_equal(egress_judge(&egress, BASE, true), EGRESS_IS_NOTHING);
    egress.url = SLICE_NONE;
    assert_int_equal(egress_judge(&egress, BASE, true), EGRESS_IS_NOTHING);
}

static enum egress_verdict judge_end(enum livekit_egress_status status, const char *details,
                                     const char *error) {
    struct livekit_egress egress = {
        .url = URL, .status = status, .details = slice_from(details), .error = slice_from(error)};
    return egress_judge(&egress, BASE, false);
}

static void what_somebody_ended_stays_ended(void **state) {
    const char *early = "Stop called before pipeline could start";
    const char *stop = "End reason: StopEgress API";
    assert_int_equal(judge_end(EGRESS_COMPLETE, stop, ""), EGRESS_WAS_STOPPED);
    assert_int_equal(judge_end(EGRESS_ABORTED, stop, early), EGRESS_WAS_STOPPED);
    assert_int_equal(judge_end(EGRESS_ABORTED, "", early), EGRESS_WAS_STOPPED);
    assert_int_equal(judge_end(EGRESS_ABORTED, early, ""), EGRESS_WAS_STOPPED);
}

static void an_end_that_nobody_wished_is_none(void **state) {
    const char *early = "Stop called before pipeline could start";
    static const char *const ends[] = {
        "End reason: Process killed",
        "End reason: Source closed",
        "End reason: Session limit reached",
        "End reason: CPU exhausted",
        "End reason: Failure",
    };
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        assert_int_equal(judge_end(EGRESS_COMPLETE, ends[i], ""), EGRESS_IS_NOTHING);
        assert_int_equal(judge_end(EGRESS_ABORTED, ends[i], early), EGRESS_IS_NOTHING);
        assert_int_equal(judge_end(EGRESS_LIMIT_REACHED, ends[i], ""), EGRESS_IS_NOTHING);
    }
    assert_int_equal(judge_end(EGRESS_ABORTED, "", ""), EGRESS_IS_NOTHING);
    assert_int_equal(judge_end(EGRESS_LIMIT_REACHED, "", ""), EGRESS_IS_NOTHING);
    assert_int_equal(judge_end(EGRESS_FAILED, "", "write tcp: broken pipe"), EGRESS_IS_NOTHING);
}

static void what_egress_cannot_take_is_impossible(void **state) {
    assert_int_equal(judge_end(EGRESS_FAILED, "", "audio/pcmu is not yet supported"),
                     EGRESS_IS_IMPOSSIBLE);
    assert_int_equal(
        judge_end(EGRESS_FAILED, "", "format websocket incompatible with codec video/VP8"),
        EGRESS_IS_IMPOSSIBLE);
}

static void youth_is_twenty_seconds(void **state) {
    struct livekit_egress egress = {.started_ms = 100000};
    assert_true(egress_is_young(&egress, 119999));
    assert_false(egress_is_young(&egress, 120000));
    egress.started_ms = 0;
    assert_false(egress_is_young(&egress, 120000));
}

RUN_TESTS(TEST(what_runs_and_is_alive_is_ours), TEST(what_somebody_ended_stays_ended),
          TEST(an_end_that_nobody_wished_is_none), TEST(what_egress_cannot_take_is_impossible),
          TEST(youth_is_twenty_seconds))
