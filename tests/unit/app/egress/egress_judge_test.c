#include "app/egress/egress_judge.h"
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

static void what_somebody_ended_stays_ended(void **state) {
    struct livekit_egress egress = {.url = URL, .status = EGRESS_COMPLETE};
    egress.details = SLICE("End reason: StopEgress API");
    assert_int_equal(egress_judge(&egress, BASE, true), EGRESS_WAS_STOPPED);
    egress.details = SLICE("End reason: Source closed");
    assert_int_equal(egress_judge(&egress, BASE, false), EGRESS_IS_NOTHING);
    egress.status = EGRESS_ABORTED;
    assert_int_equal(egress_judge(&egress, BASE, false), EGRESS_WAS_STOPPED);
    egress.status = EGRESS_LIMIT_REACHED;
    assert_int_equal(egress_judge(&egress, BASE, false), EGRESS_WAS_STOPPED);
    egress.status = EGRESS_FAILED;
    egress.error = SLICE("write tcp: broken pipe");
    assert_int_equal(egress_judge(&egress, BASE, false), EGRESS_IS_NOTHING);
    egress.error = SLICE("format websocket incompatible with codec video/VP8");
    assert_int_equal(egress_judge(&egress, BASE, false), EGRESS_WAS_STOPPED);
}

static void youth_is_twenty_seconds(void **state) {
    struct livekit_egress egress = {.started_ms = 100000};
    assert_true(egress_is_young(&egress, 119999));
    assert_false(egress_is_young(&egress, 120000));
    egress.started_ms = 0;
    assert_false(egress_is_young(&egress, 120000));
}

RUN_TESTS(TEST(what_runs_and_is_alive_is_ours), TEST(what_somebody_ended_stays_ended),
          TEST(youth_is_twenty_seconds))
