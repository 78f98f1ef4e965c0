#include "wire/web/sio.h"

#include "base/slice.h"
#include "unit.h"
#include "wire/web/json.h"

#include <string.h>
#include <time.h>

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

static void finds_placeholders_however_deep(void **state) {
    struct sio_packet packet;
    char text[600] = "51-[\"a\",";
    for (int i = 0; i < 30; i++)
        strcat(text, i % 2 ? "{\"k\":" : "[1,");
    size_t at = strlen(text);
    for (char num = '0'; num <= '1'; num++) {
        text[at] = 0;
        strcat(text, "{\"_placeholder\":true,\"num\":0}");
        text[at + 27] = num;
        for (int i = 30; i-- > 0;)
            strcat(text, i % 2 ? "}" : "]");
        strcat(text, "]");
        assert_int_equal(sio_parse(slice_from(text), &packet), num == '0');
    }
    assert_true(sio_parse(SLICE("51-[\"a\",{\"_placeholder\":true,\"num\":0,"
                                "\"x\":{\"_placeholder\":true,\"num\":9}}]"),
                          &packet));
    assert_false(
        sio_parse(SLICE("51-[\"a\",{\"x\":{\"num\":9,\"_placeholder\" : true }}]"), &packet));
    assert_true(
        sio_parse(SLICE("51-[\"a\",{\"num\":9},{\"_placeholder\":false,\"num\":9}]"), &packet));
}

static void of_what_is_too_deep_the_name_is_known(void **state) {
    struct sio_packet packet;
    char deep[300] = "2[\"jo\\u0069n\",";
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        strcat(deep, "[");
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        strcat(deep, "]");
    strcat(deep, "]");
    assert_true(sio_parse(slice_from(deep), &packet));
    assert_true(packet.is_too_deep);
    assert_slice_equal(packet.name, "\"jo\\u0069n\"");
    assert_int_equal(packet.argc, 0);
    deep[0] = '3';
    assert_true(sio_parse(slice_from(deep), &packet));
    memcpy(deep, "2[1234567890", 12);
    assert_false(sio_parse(slice_from(deep), &packet));
}

static double cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static double least(double a, double b) {
    return a < b ? a : b;
}

/* The same bytes twice cost twice the time, whatever their shape. Other programs take the processor
 * and its caches for a while, so the least of many tries counts. */
static double parse_ms(const char *head, const char *unit, const char *tail, size_t bytes) {
    struct buf text = {0};
    struct sio_packet packet;
    double best = 1e9;
    buf_add_text(&text, head);
    while (text.len < bytes)
        buf_add_text(&text, unit);
    buf_add_text(&text, tail);
    for (int i = 0; i < 5; i++) {
        double start_ms = cpu_ms();
        assert_true(sio_parse(buf_slice(&text), &packet));
        double ms = cpu_ms() - start_ms;
        best = ms < best ? ms : best;
    }
    buf_free(&text);
    return best;
}

static void every_shape_costs_one_pass(void **state) {
#define P  "{\"_placeholder\":true,\"num\":0}"
#define A5 "[[[[["
#define Z5 "]]]]]"
#define O5 "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
#define C5 "}}}}}"
    static const char *const shapes[][3] = {
        {"51-[\"a\"", ",1", "]"},
        {"51-[\"a\"", "," P, "]"},
        {"51-[\"a\"", "," A5 A5 A5 A5 A5 A5 P Z5 Z5 Z5 Z5 Z5 Z5, "]"},
        {"51-[\"a\"", "," O5 O5 O5 O5 O5 O5 P C5 C5 C5 C5 C5 C5, "]"},
        {"51-[\"a\"," A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 A5 "0", "," P,
         Z5 Z5 Z5 Z5 Z5 Z5 Z5 Z5 Z5 Z5 Z5 "]"},
        {"51-[\"a\"," O5 O5 O5 O5 O5 O5 O5 O5 O5 O5 O5 "{\"b\":0", ",\"b\":" P,
         "}" C5 C5 C5 C5 C5 C5 C5 C5 C5 C5 C5 "]"},
        {"51-[\"a\",\"", "\\u00fc", "\"]"},
        {"51-[\"a\",", "         ", "1]"},
        {"2[\"a\"", ",{}", "]"},
        {"2[\"", "\\u0061", "\"]"},
        {"2[\"a\",1", "234567", "]"},
        {"2[\"a\",{\"k\":0", ",\"k\":0", "}]"},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const char *const *s = shapes[i];
        double one = 1e9, two = 1e9;
        for (int tries = 0; tries < 60 && (tries == 0 || two > 2.2 * one); tries++) {
            one = least(one, parse_ms(s[0], s[1], s[2], 250000));
            two = least(two, parse_ms(s[0], s[1], s[2], 500000));
        }
        print_message("shape %zu: %.2f ms, %.2f ms\n", i, one, two);
        assert_true(two <= 2.2 * one);
    }
}

RUN_TESTS(TEST(parses_connects), TEST(parses_events), TEST(parses_acks), TEST(parses_binary),
          TEST(refuses_what_is_fatal), TEST(writes_packets), TEST(finds_placeholders_however_deep),
          TEST(of_what_is_too_deep_the_name_is_known), TEST(every_shape_costs_one_pass))
