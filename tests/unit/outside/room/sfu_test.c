/* LiveKit's messages, as its own library for JavaScript writes and reads them. */
#include "base/mem.h"
#include "base/text.h"
#include "outside/room/sfu.h"
#include "unit.h"

static const char join_hex[] =
    "0aeb010a250a04524d5f31120473616c613206736563726574420f7b2270726f7361223a226f6666227d120f"
    "0a0450415f30120770726f73612d311a750a0450415f311203616e61180222210a0454525f311a036d696320"
    "01280748025a09617564696f2f7265649a01020001221d0a0454525f3210011a0363616d48015a0976696465"
    "6f2f5650388001012a0f7b22726f6c65223a22686f7374227d4a03416e6150035a04080150017a060a016112"
    "01621a140a0450415f32120445475f315a043801400170022a100a067475726e3a781a067365637265744202"
    "2802500f5805620a1206312e31332e351811";

static const char update_hex[] =
    "2a88010a750a0450415f311203616e61180222210a0454525f311a036d69632001280748025a09617564696f"
    "2f7265649a01020001221d0a0454525f3210011a0363616d48015a09766964656f2f5650388001012a0f7b22"
    "726f6c65223a22686f7374227d4a03416e6150035a04080150017a060a01611201620a0f0a0450415f331205"
    "6272756e6f1803";

static const char offer_hex[] = "1a1b0a056f666665721205763d300d0a180722090a0131120454525f31";

static const char trickle_hex[] =
    "221f0a1b7b2263616e646964617465223a2263616e6469646174653a31227d1001";

static const char publisher_hex[] = "22040a027b7d";

static const char leave_hex[] =
    "4232100e1801222c0a140a0161120f7773733a2f2f612e6578616d706c650a140a0162120f7773733a2f2f62"
    "2e6578616d706c65";

static const char pong_hex[] = "a2010908cb89ec8ff7231005";

static const char refused_hex[] = "aa01080a0454525f311001";

static const char token_hex[] = "820106736563726574";

static struct buf bytes_of(const char *hex) {
    struct buf bytes = {0};
    for (; *hex; hex += 2)
        buf_add_byte(&bytes, (char)(text_hex_value(hex[0]) * 16 + text_hex_value(hex[1])));
    return bytes;
}

static struct sfu_message *read_hex(const char *hex) {
    struct buf bytes = bytes_of(hex);
    struct sfu_message *message = sfu_read(buf_slice(&bytes));
    buf_free(&bytes); /* nothing borrows from it */
    assert_non_null(message);
    return message;
}

static void check_ana(const struct sfu_person *ana) {
    assert_slice_equal(ana->sid, "PA_1");
    assert_slice_equal(ana->identity, "ana");
    assert_slice_equal(ana->name, "Ana");
    assert_slice_equal(ana->metadata, "{\"role\":\"host\"}");
    assert_int_equal(ana->state, SFU_ACTIVE);
    assert_int_equal(ana->version, 3);
    assert_int_equal(ana->track_count, 2);
    assert_true(ana->has_permission && ana->may_subscribe && ana->may_edit_metadata);
    const struct sfu_track *mic = &ana->tracks[0], *camera = &ana->tracks[1];
    assert_slice_equal(mic->sid, "TR_1");
    assert_slice_equal(mic->mime, "audio/red");
    assert_int_equal(mic->kind, SFU_AUDIO);
    assert_int_equal(mic->source, SFU_MICROPHONE);
    assert_true(mic->is_muted && mic->is_stereo && mic->has_no_dtx && !mic->is_encrypted);
    assert_int_equal(camera->kind, SFU_VIDEO);
    assert_true(camera->is_encrypted && !camera->is_muted);
}

static void a_join_is_read(void **state) {
    struct sfu_message *message = read_hex(join_hex);
    assert_int_equal(message->kind, SFU_JOIN);
    assert_true(message->must_relay);
    assert_slice_equal(message->room.sid, "RM_1");
    assert_slice_equal(message->room.metadata, "{\"prosa\":\"off\"}");
    assert_slice_equal(message->join.sid, "PA_0");
    assert_slice_equal(message->join.server_version, "1.13.5");
    assert_int_equal(message->join.ping_interval_ms, 5000);
    assert_int_equal(message->join.ping_timeout_ms, 15000);
    assert_int_equal(message->people_count, 2);
    check_ana(&message->people[0]);
    assert_true(message->people[1].is_hidden && message->people[1].is_recorder);
    assert_int_equal(message->people[1].kind, SFU_EGRESS);
    sfu_free(message);
}

static void people_are_read(void **state) {
    struct sfu_message *message = read_hex(update_hex);
    assert_int_equal(message->kind, SFU_PEOPLE);
    assert_int_equal(message->people_count, 2);
    check_ana(&message->people[0]);
    assert_int_equal(message->people[1].state, SFU_GONE);
    sfu_free(message);
}

static void offers_and_candidates_are_read(void **state) {
    struct sfu_message *message = read_hex(offer_hex);
    assert_int_equal(message->kind, SFU_OFFER);
    assert_int_equal(message->offer.id, 7);
    assert_slice_equal(message->offer.sdp, "v=0\r\n");
    sfu_free(message);
    message = read_hex(trickle_hex);
    assert_int_equal(message->kind, SFU_CANDIDATE);
    assert_slice_equal(message->candidate, "{\"candidate\":\"candidate:1\"}");
    sfu_free(message);
    message = read_hex(publisher_hex);
    assert_int_equal(message->kind, SFU_OTHER);
    sfu_free(message);
}

static void a_leave_is_read(void **state) {
    struct sfu_message *message = read_hex(leave_hex);
    assert_int_equal(message->kind, SFU_LEAVE);
    assert_int_equal(message->leave.action, SFU_RESUME);
    assert_int_equal(message->leave.reason, SFU_TIMED_OUT);
    assert_string_equal(sfu_reason_name(message->leave.reason), "connection_timeout");
    assert_string_equal(sfu_reason_name(-1), "other");
    assert_string_equal(sfu_reason_name(99), "other");
    assert_int_equal(message->leave.region_count, 2);
    assert_slice_equal(message->leave.regions[1], "wss://b.example");
    sfu_free(message);
}

static void the_rest_is_read(void **state) {
    struct sfu_message *message = read_hex(pong_hex);
    assert_int_equal(message->kind, SFU_PONG);
    assert_true(message->pong_ms == INT64_C(1234567890123));
    sfu_free(message);
    message = read_hex(refused_hex);
    assert_int_equal(message->kind, SFU_REFUSED);
    assert_int_equal(message->refused.fault, 1);
    assert_slice_equal(message->refused.track, "TR_1");
    sfu_free(message);
    message = read_hex(token_hex); /* each attempt has a token of its own */
    assert_int_equal(message->kind, SFU_OTHER);
    sfu_free(message);
}

static void what_is_written_is_what_livekit_reads(void **state) {
    static const char expected[] = "120f0a06616e737765721203763d301807"
                                   "320e0a0454525f310a0454525f321001"
                                   "82010908cb89ec8ff723100c"
                                   "1a080a027b7d10011801"
                                   "62290a0b0a06616e73776572120162120e0a0454525f31"
                                   "0a0454525f3210012a0a0a056f66666572120161"
                                   "42021001";
    const struct slice sids[] = {SLICE("TR_1"), SLICE("TR_2")};
    struct buf out = {0};
    char hex[sizeof expected];
    sfu_write_answer(&out, SLICE("v=0"), 7);
    sfu_write_subscription(&out, sids, 2, true);
    sfu_write_ping(&out, INT64_C(1234567890123), 12);
    sfu_write_candidate(&out, SLICE("{}"), true);
    sfu_write_sync_state(&out, SLICE("a"), SLICE("b"), sids, 2);
    sfu_write_leave(&out);
    assert_int_equal(out.len * 2, sizeof expected - 1);
    text_hex(out.data, out.len, hex);
    assert_string_equal(hex, expected);
    buf_free(&out);
}

/* A message of many empty parts would be a hundred times as large in memory. */
static void a_small_message_does_not_become_large(void **state) {
    struct buf inner = {0}, bytes = {0};
    for (int i = 0; i < 60; i++)
        buf_add(&inner, "\x0a\x00", 2); /* participants: {} */
    for (int i = 0; i < 5000; i++) {
        buf_add(&bytes, "\x2a\x78", 2); /* update: 120 bytes */
        buf_add_slice(&bytes, buf_slice(&inner));
    }
    assert_null(sfu_read(buf_slice(&bytes)));
    buf_free(&inner);
    buf_free(&bytes);
}

static void what_is_no_message_is_refused(void **state) {
    static const char *const bad[] = {"0a", "0a7f00", "ffffffffffffffffffff01", "0b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf bytes = bytes_of(bad[i]);
        assert_null(sfu_read(buf_slice(&bytes)));
        buf_free(&bytes);
    }
    struct sfu_message *message = sfu_read(SLICE_NONE);
    assert_int_equal(message->kind, SFU_OTHER);
    sfu_free(message);
    assert_null(sfu_read(slice_of("", SFU_MESSAGE_MAX + 1)));
    sfu_free(NULL);
}

RUN_TESTS(TEST(a_join_is_read), TEST(people_are_read), TEST(offers_and_candidates_are_read),
          TEST(a_leave_is_read), TEST(the_rest_is_read),
          TEST(what_is_written_is_what_livekit_reads), TEST(a_small_message_does_not_become_large),
          TEST(what_is_no_message_is_refused))
