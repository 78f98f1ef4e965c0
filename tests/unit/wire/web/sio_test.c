#include "wire/web/sio.h"

#include "unit.h"

static struct sio_packet parse(const char *text) {
    struct sio_packet packet;

    if (!sio_parse(slice_from(text), &packet))
        fail_msg("refused: %s", text);
    return packet;
}

static void parses_connects(void **state) {
    struct sio_packet packet = parse("0");

    assert_int_equal(packet.type, SIO_CONNECT);
    assert_slice_equal(packet.nsp, "/");
    assert_int_equal(packet.json.len, 0);
    packet = parse("0{\"token\":\"abc\"}");
    assert_slice_equal(packet.json, "{\"token\":\"abc\"}");
    packet = parse("0/custom");
    assert_slice_equal(packet.nsp, "/custom");
    packet = parse("0/custom,{\"a\":1}");
    assert_slice_equal(packet.nsp, "/custom");
    assert_slice_equal(packet.json, "{\"a\":1}");
    packet = parse("0/a?x=1,");
    assert_slice_equal(packet.nsp, "/a?x=1");
}

static void parses_events(void **state) {
    struct sio_packet packet = parse("212[\"join-room\",\"daily\",{\"a\":[1,2]}]");

    assert_int_equal(packet.type, SIO_EVENT);
    assert_true(packet.has_id);
    assert_int_equal(packet.id, 12);
    assert_slice_equal(packet.name, "\"join-room\"");
    assert_slice_equal(packet.args, "\"daily\",{\"a\":[1,2]}");
    assert_int_equal(packet.argc, 2);
    packet = parse("2/live,0[\"e\"]");
    assert_slice_equal(packet.nsp, "/live");
    assert_true(packet.has_id);
    assert_int_equal(packet.id, 0);
    assert_int_equal(packet.argc, 0);
    packet = parse("2[1]");
    assert_slice_equal(packet.name, "1");
    packet = parse("2");
    assert_int_equal(packet.name.len, 0);
    packet = parse("29007199254740991[\"e\"]");
    assert_int_equal(packet.id, 9007199254740991);
    packet = parse("2[\"Connect\"]");
    assert_slice_equal(packet.name, "\"Connect\"");
}

static void parses_acks(void **state) {
    struct sio_packet packet = parse("35[\"yes\",2]");

    assert_int_equal(packet.type, SIO_ACK);
    assert_int_equal(packet.id, 5);
    assert_slice_equal(packet.args, "\"yes\",2");
    assert_int_equal(packet.argc, 2);
    assert_int_equal(parse("35[]").argc, 0);
    assert_int_equal(parse("3").type, SIO_ACK);
}

static void parses_binary(void **state) {
    struct sio_packet packet = parse("52-/live,7[\"up\",{\"_placeholder\":true,\"num\":0},"
                                     "{\"x\":[{\"num\":1,\"_placeholder\":true}]}]");

    assert_int_equal(packet.type, SIO_BINARY_EVENT);
    assert_int_equal(packet.attachments, 2);
    assert_slice_equal(packet.nsp, "/live");
    assert_int_equal(packet.id, 7);
    assert_int_equal(packet.argc, 2);
    assert_int_equal(parse("510-[\"a\"]").attachments, 10);
    assert_int_equal(parse("61-3[{\"_placeholder\":true,\"num\":0}]").id, 3);
    parse("51-[\"a\",{\"_placeholder\":false,\"num\":9}]");
}

static void refuses_what_is_fatal(void **state) {
    static const char *const bad[] = {
        "",
        "7",
        "abc",
        "0[]",
        "0\"x\"",
        "0null",
        "1{}",
        "1/custom,{}",
        "2{}",
        "2[]",
        "2\"a\"",
        "2[null]",
        "2[{}]",
        "2[\"a\"",
        "2[\"a\",]",
        "2abc[\"a\"]",
        "2 1[\"a\"]",
        "2[\"connect\"]",
        "2[\"connect_error\"]",
        "2[\"disconnect\"]",
        "2[\"disconnecting\"]",
        "2[\"newListener\"]",
        "2[\"removeListener\"]",
        "2[\"\\u0063onnect\"]",
        "29007199254740992[\"a\"]",
        "299999999999999999999[\"a\"]",
        "3{}",
        "31\"a\"",
        "4\"no\"",
        "4{\"message\":\"no\"}",
        "5[\"a\"]",
        "5-[\"a\"]",
        "50-[\"a\"]",
        "511-[\"a\"]",
        "5100-[\"a\"]",
        "5a-[\"a\"]",
        "51[\"a\"]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":1}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":-1}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":0.5}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]",
        "51-[\"a\",[[{\"b\":{\"_placeholder\":true}}]]]",
        "61-{}",
    };
    struct sio_packet packet;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (sio_parse(slice_from(bad[i]), &packet))
            fail_msg("accepted: %s", bad[i]);
    }
}

static void writes_packets(void **state) {
    struct buf out = {0};
    uint64_t id = 7;

    sio_write_event(&out, SLICE("/"), NULL, SLICE("feed\"back"), SLICE("1,{}"), 0);
    assert_slice_equal(buf_slice(&out), "2[\"feed\\\"back\",1,{}]");
    buf_clear(&out);
    sio_write_event(&out, SLICE("/live"), &id, SLICE("up"), SLICE(""), 2);
    assert_slice_equal(buf_slice(&out), "52-/live,7[\"up\"]");
    buf_clear(&out);
    sio_write_ack(&out, SLICE("/"), 0, SLICE("{\"ok\":true}"), 0);
    assert_slice_equal(buf_slice(&out), "30[{\"ok\":true}]");
    buf_clear(&out);
    sio_write_ack(&out, SLICE("/n"), 9, SLICE("{\"_placeholder\":true,\"num\":0}"), 1);
    assert_slice_equal(buf_slice(&out), "61-/n,9[{\"_placeholder\":true,\"num\":0}]");
    buf_clear(&out);
    sio_write_head(&out, SIO_DISCONNECT, 0, SLICE("/admin"), NULL);
    assert_slice_equal(buf_slice(&out), "1/admin,");
    buf_free(&out);
}

static void turns_attachments_into_buffers(void **state) {
    const struct slice attachments[] = {SLICE("\x01\xff"), SLICE("")};
    struct buf out = {0};

    sio_write_buffers(&out,
                      SLICE("{\"_placeholder\":true,\"num\":0}, [ {\"a\" : {\"_placeholder\":true,"
                            "\"num\":1}, \"b\": 1e400 } ],\"x\""),
                      attachments, 2);
    assert_slice_equal(buf_slice(&out), "{\"type\":\"Buffer\",\"data\":[1,255]},[{\"a\":{\"type\":"
                                        "\"Buffer\",\"data\":[]},\"b\":1e400}],\"x\"");
    buf_free(&out);
}

RUN_TESTS(TEST(parses_connects), TEST(parses_events), TEST(parses_acks), TEST(parses_binary),
          TEST(refuses_what_is_fatal), TEST(writes_packets), TEST(turns_attachments_into_buffers))
