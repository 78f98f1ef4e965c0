#include "wire/redis/sio_peer.h"

#include "base/macros.h"
#include "base/text.h"
#include "unit.h"

/* What socket.io 4.8.4 with @socket.io/redis-adapter 8.3.0, and @socket.io/redis-emitter 5.1.0,
 * published on Redis 7.0.15. */
static const struct broadcast {
    const char *name, *channel, *hex;
    const char *uid, *nsp, *event, *args, *rooms, *except;
} broadcasts[] = {
    {"emit to everybody", "socket.io#/#",
     "93a66846496f584983a47479706502a46461746194a568656c6c6f01a2c3a982a161c0a16293c3cb3ff8000000000"
     "000ffa36e7370a12f83a5726f6f6d7390a665786365707490a5666c61677380",
     "hFIoXI", "/", "hello", "1,\"é\",{\"a\":null,\"b\":[true,1.5,-1]}", "", ""},
    {"emit to one room", "socket.io#/#daily#",
     "93a66846496f584983a47479706502a46461746192a8666565646261636b81a373657101a36e7370a12f83a5726f6"
     "f6d7391a56461696c79a665786365707490a5666c61677380",
     "hFIoXI", "/", "feedback", "{\"seq\":1}", "daily", ""},
    {"emit to two rooms but one", "socket.io#/#",
     "93a66846496f584983a47479706502a46461746191a178a36e7370a12f83a5726f6f6d7392a56461696c79a56f746"
     "86572a665786365707491a56d75746564a5666c61677380",
     "hFIoXI", "/", "x", "", "daily other", "muted"},
    {"socket.broadcast", "socket.io#/#",
     "93a66846496f584983a47479706502a46461746191a179a36e7370a12f83a5726f6f6d7390a665786365707491b47"
     "56b433432555f42517649725a386a7841414141a5666c61677380",
     "hFIoXI", "/", "y", "", "", "ukC42U_BQvIrZ8jxAAAA"},
    {"socket.to(room)", "socket.io#/#daily#",
     "93a66846496f584983a47479706502a46461746191a27932a36e7370a12f83a5726f6f6d7391a56461696c79a6657"
     "86365707491b4756b433432555f42517649725a386a7841414141a5666c61677380",
     "hFIoXI", "/", "y2", "", "daily", "ukC42U_BQvIrZ8jxAAAA"},
    {"volatile, compress", "socket.io#/#daily#",
     "93a66846496f584983a47479706502a46461746191a176a36e7370a12f83a5726f6f6d7391a56461696c79a665786"
     "365707490a5666c61677382a8766f6c6174696c65c3a8636f6d7072657373c2",
     "hFIoXI", "/", "v", "", "daily", ""},
    {"binary", "socket.io#/#daily#",
     "93a66846496f584983a47479706502a46461746193a4736e6170c404deadbeef81a162c40100a36e7370a12f83a57"
     "26f6f6d7391a56461696c79a665786365707490a5666c61677380",
     "hFIoXI", "/", "snap",
     "{\"_placeholder\":true,\"num\":0},{\"b\":{\"_placeholder\":true,\"num\":1}}", "daily", ""},
    {"date, undefined, big numbers", "socket.io#/#",
     "93a66846496f584983a47479706502a46461746197a16ed6ff00000000c080cf0000000100000000cf001ffffffff"
     "fffffcb3fb999999999999aa36e7370a12f83a5726f6f6d7390a665786365707490a5666c61677380",
     "hFIoXI", "/", "n", "\"1970-01-01T00:00:00.000Z\",null,{},4294967296,9007199254740991,0.1", "",
     ""},
    {"namespace", "socket.io#/admin#r#",
     "93a6574d4e6e515683a47479706502a46461746191a17aa36e7370a62f61646d696e83a5726f6f6d7391a172a6657"
     "86365707490a5666c61677380",
     "WMNnQV", "/admin", "z", "", "r", ""},
    {"room by socket id", "socket.io#/#vHoNAwh8uvGN9zNjAAAB#",
     "93a66846496f584983a47479706502a46461746191a170a36e7370a12f83a5726f6f6d7391b476486f4e417768387"
     "576474e397a4e6a41414142a665786365707490a5666c61677380",
     "hFIoXI", "/", "p", "", "vHoNAwh8uvGN9zNjAAAB", ""},
    {"emitter: emit", "socket.io#/#",
     "93a7656d697474657283a47479706502a46461746192a2653181a16101a36e7370a12f83a5726f6f6d7390a5666c6"
     "1677380a665786365707490",
     "emitter", "/", "e1", "{\"a\":1}", "", ""},
    {"emitter: room", "socket.io#/#daily#",
     "93a7656d697474657283a47479706502a46461746191a26532a36e7370a12f83a5726f6f6d7391a56461696c79a56"
     "66c61677380a665786365707490",
     "emitter", "/", "e2", "", "daily", ""},
    {"emitter: rooms, except, volatile", "socket.io#/#",
     "93a7656d697474657283a47479706502a46461746192a26533c40101a36e7370a12f83a5726f6f6d7392a56461696"
     "c79a178a5666c61677381a8766f6c6174696c65c3a665786365707491a179",
     "emitter", "/", "e3", "{\"_placeholder\":true,\"num\":0}", "daily x", "y"},
    {"emitter: namespace", "socket.io#/admin#",
     "93a7656d697474657283a47479706502a46461746191a26534a36e7370a62f61646d696e83a5726f6f6d7390a5666"
     "c61677380a665786365707490",
     "emitter", "/admin", "e4", "", "", ""},
};

/* What an official server delivers, or drops without harm. */
static const struct {
    const char *name, *hex;
} accepted[] = {
    {"keys in another order", "93a650524f53413183a36e7370a12fa46461746192a16501a4747970650283a5666c"
                              "61677380a665786365707490a5726f6f6d7391a56461696c79"},
    {"no flags", "93a650524f53413183a36e7370a12fa46461746192a16502a4747970650282a665786365707490a57"
                 "26f6f6d7391a56461696c79"},
    {"no flags, no except",
     "93a650524f53413183a36e7370a12fa46461746192a16503a4747970650281a5726f6f6d7391a56461696c79"},
    {"empty opts", "93a650524f53413183a36e7370a12fa46461746192a16504a4747970650280"},
    {"no nsp", "93a650524f53413182a47479706502a46461746192a1650581a5726f6f6d7390"},
    {"another nsp",
     "93a650524f53413183a47479706502a46461746192a16506a36e7370a22f7881a5726f6f6d7390"},
    {"room channel, other room in opts", "93a650524f53413183a36e7370a12fa46461746192a16507a47479706"
                                         "50281a5726f6f6d7391a9656c73657768657265"},
    {"room channel without members, right room in opts",
     "93a650524f53413183a36e7370a12fa46461746192a16508a4747970650281a5726f6f6d7391a56461696c79"},
    {"one room, but on the channel of the namespace",
     "93a650524f53413183a36e7370a12fa46461746192a16509a4747970650281a5726f6f6d7391a56461696c79"},
    {"a fourth element", "94a650524f53413183a36e7370a12fa46461746192a1650ba4747970650281a5726f6f6d7"
                         "39081a3737263a570726f7361"},
    {"unknown keys",
     "93a650524f53413184a36e7370a12fa46461746192a1650ca47479706502a1780182a5726f6f6d7390a17902"},
    {"long forms: str8, array16, float64",
     "93d90650524f53413183a474797065cb4000000000000000a464617461dc0002d90165cb4028000000000000a36e7"
     "370a12f81a5726f6f6d7390"},
    {"uid nil", "93c083a36e7370a12fa46461746192a1650da4747970650281a5726f6f6d7390"},
};

/* What ends one. */
static const struct {
    const char *name, *hex;
} fatal[] = {
    {"opts nil", "93a15083a36e7370a12fa46461746191a165a47479706502c0"},
    {"empty", ""},
    {"two bytes ff", "ffff"},
    {"cut short", "93a15083a36e7370a12fa4646174"},
    {"a byte too many", "93a15083a36e7370a12fa46461746192a1650aa4747970650281a5726f6f6d739000"},
    {"a map (what the streams adapter publishes on this very channel)",
     "84a47479706507a46461746182a46f70747383a5726f6f6d7390a665786365707490a5666c61677380a9726571756"
     "573744964a178a3756964a175a36e7370a12f"},
};

static struct buf from_hex(const char *hex) {
    struct buf bytes = {0};
    for (; hex[0] && hex[1]; hex += 2)
        buf_add_byte(&bytes, (char)(text_hex_value(hex[0]) << 4 | text_hex_value(hex[1])));
    return bytes;
}

static void assert_names(const struct sio_peer_names *names, const char *joined) {
    struct buf text = {0};
    for (unsigned i = 0; i < names->count; i++)
        buf_printf(&text, "%s%s", i ? " " : "", names->names[i].ptr);
    assert_slice_equal(buf_slice(&text), joined);
    buf_free(&text);
}

static void assert_message(const struct sio_peer_message *message, const struct broadcast *wanted) {
    assert_string_equal(message->uid, wanted->uid);
    assert_string_equal(message->nsp, wanted->nsp);
    assert_string_equal(message->event, wanted->event);
    assert_slice_equal(buf_slice(&message->args), wanted->args);
    assert_names(&message->rooms, wanted->rooms);
    assert_names(&message->except, wanted->except);
}

static void broadcasts_of_official_servers_are_read(void **state) {
    for (unsigned i = 0; i < ARRAY_LEN(broadcasts); i++) {
        struct buf bytes = from_hex(broadcasts[i].hex);
        struct sio_peer_message message;
        assert_true(sio_peer_read_broadcast(buf_slice(&bytes), &message));
        assert_message(&message, &broadcasts[i]);
        assert_true(sio_peer_is_from(buf_slice(&bytes), slice_from(broadcasts[i].uid)));
        assert_false(sio_peer_is_from(buf_slice(&bytes), SLICE("another")));
        assert_int_equal(message.is_volatile, strstr(broadcasts[i].name, "volatile") != NULL);
        sio_peer_free(&message);
        buf_free(&bytes);
    }
}

/* Byte for byte, but where the emitter has another order, or flags of its own. */
static void broadcasts_are_written_as_official_servers_write_them(void **state) {
    for (unsigned i = 0; i < ARRAY_LEN(broadcasts); i++) {
        const struct broadcast *wanted = &broadcasts[i];
        if (strcmp(wanted->uid, "emitter") == 0 || strstr(wanted->name, "date") ||
            strstr(wanted->name, "volatile"))
            continue;
        struct buf bytes = from_hex(wanted->hex), written = {0}, channel = {0};
        struct sio_peer_message message;
        assert_true(sio_peer_read_broadcast(buf_slice(&bytes), &message));
        const struct sio_peer_event event = {
            .uid = slice_from(message.uid),
            .nsp = slice_from(message.nsp),
            .event = slice_from(message.event),
            .args = buf_slice(&message.args),
            .binaries = message.binaries.parts,
            .binary_count = message.binaries.count,
            .rooms = message.rooms.names,
            .room_count = message.rooms.count,
            .except = message.except.names,
            .except_count = message.except.count,
        };
        sio_peer_write_broadcast(&written, &event);
        assert_int_equal(written.len, bytes.len);
        assert_memory_equal(written.data, bytes.data, bytes.len);
        sio_peer_write_channel(&channel, SLICE("socket.io"), &event);
        assert_slice_equal(buf_slice(&channel), wanted->channel);
        sio_peer_free(&message);
        buf_free(&bytes);
        buf_free(&written);
        buf_free(&channel);
    }
}

static void other_forms_are_read_as_well(void **state) {
    for (unsigned i = 0; i < ARRAY_LEN(accepted); i++) {
        struct buf bytes = from_hex(accepted[i].hex);
        struct sio_peer_message message;
        assert_true(sio_peer_read_broadcast(buf_slice(&bytes), &message));
        assert_string_equal(message.event, "e");
        assert_string_equal(message.nsp, strstr(accepted[i].name, "another nsp") ? "/x" : "/");
        sio_peer_free(&message);
        buf_free(&bytes);
    }
}

static void what_ends_an_official_server_is_no_message(void **state) {
    for (unsigned i = 0; i < ARRAY_LEN(fatal); i++) {
        struct buf bytes = from_hex(fatal[i].hex);
        struct sio_peer_message message;
        assert_false(sio_peer_read_broadcast(buf_slice(&bytes), &message));
        assert_null(message.uid);
        buf_free(&bytes);
    }
}

static void requests_are_read(void **state) {
    struct sio_peer_message message;
    assert_true(
        sio_peer_read_request(SLICE("{\"uid\":\"hFIoXI\",\"type\":2,\"opts\":{\"rooms\":["
                                    "\"daily\"],\"except\":[\"x\"]},\"rooms\":[\"r9\",\"r10\"]}"),
                              &message));
    assert_int_equal(message.type, SIO_PEER_JOIN);
    assert_string_equal(message.uid, "hFIoXI");
    assert_null(message.request_id);
    assert_names(&message.rooms, "daily");
    assert_names(&message.except, "x");
    assert_names(&message.moves, "r9 r10");
    sio_peer_free(&message);

    assert_true(sio_peer_read_request(
        SLICE("{\"type\":4,\"opts\":{\"rooms\":[],\"except\":[]},\"close\":true}"), &message));
    assert_int_equal(message.type, SIO_PEER_DISCONNECT);
    assert_true(message.closes);
    sio_peer_free(&message);

    assert_true(sio_peer_read_request(SLICE("{\"uid\":\"a\",\"requestId\":\"lMdRi1\",\"type\":1}"),
                                      &message));
    assert_int_equal(message.type, SIO_PEER_ALL_ROOMS);
    assert_string_equal(message.request_id, "lMdRi1");
    sio_peer_free(&message);

    struct buf bytes = from_hex("85a3756964a66846496f5849a9726571756573744964a678596c615742a4747970"
                                "6507a67061636b657483a47479"
                                "706502a46461746192a17105a36e7370a12fa46f70747383a5726f6f6d7391a564"
                                "61696c79a665786365707490a5"
                                "666c61677381a774696d656f7574cd03e8");
    assert_true(sio_peer_read_request(buf_slice(&bytes), &message));
    assert_int_equal(message.type, SIO_PEER_BROADCAST);
    assert_string_equal(message.event, "q");
    assert_slice_equal(buf_slice(&message.args), "5");
    assert_int_equal(message.timeout_ms, 1000);
    sio_peer_free(&message);
    buf_free(&bytes);
}

static void what_is_no_request_is_refused(void **state) {
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"type\":8}",
        "{\"type\":-1}",
        "{\"type\":2}",
        "{\"type\":5,\"opts\":[]}",
        "{\"type\":7,\"requestId\":\"a\",\"opts\":{}}",
        "{\"type\":2,\"opts\":{\"rooms\":[{}]},\"rooms\":[]}",
        "{\"type\":1,\"requestId\":\"a\\u0000b\"}",
        "{\"type\":1,\"requestId\":{}}",
    };
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct sio_peer_message message;
        assert_false(sio_peer_read_request(slice_from(bad[i]), &message));
    }
}

static void names_are_bounded(void **state) {
    for (unsigned count = SIO_PEER_NAMES_MAX; count <= SIO_PEER_NAMES_MAX + 1; count++) {
        struct buf json = {0};
        buf_add_text(&json, "{\"type\":3,\"opts\":{},\"rooms\":[\"a\"");
        for (unsigned i = 1; i < count; i++)
            buf_add_text(&json, ",\"a\"");
        buf_add_text(&json, "]}");
        struct sio_peer_message message;
        assert_int_equal(sio_peer_read_request(buf_slice(&json), &message),
                         count == SIO_PEER_NAMES_MAX);
        sio_peer_free(&message);
        buf_free(&json);
    }
}

static void answers_are_those_of_an_official_server(void **state) {
    struct buf out = {0},
               wanted = from_hex("83a47479706509a9726571756573744964a678596c615742a67061636b"
                                 "6574a561636b2d62");
    sio_peer_write_count(&out, "xYlaWB", 1);
    assert_slice_equal(buf_slice(&out), "{\"type\":8,\"requestId\":\"xYlaWB\",\"clientCount\":1}");
    buf_clear(&out);
    sio_peer_write_ack(&out, "xYlaWB", SLICE("\"ack-b\",2"), NULL, 0);
    assert_int_equal(out.len, wanted.len);
    assert_memory_equal(out.data, wanted.data, wanted.len);
    buf_free(&out);
    buf_free(&wanted);
}

static void a_channel_names_its_room(void **state) {
    struct slice room;
    const struct slice prefix = SLICE("socket.io"), nsp = SLICE("/");
    assert_true(sio_peer_read_channel(SLICE("socket.io#/#"), prefix, nsp, &room));
    assert_int_equal(room.len, 0);
    assert_true(sio_peer_read_channel(SLICE("socket.io#/#a#b#"), prefix, nsp, &room));
    assert_slice_equal(room, "a#b");
    assert_false(sio_peer_read_channel(SLICE("socket.io#/#a"), prefix, nsp, &room));
    assert_false(sio_peer_read_channel(SLICE("socket.io#/admin#"), prefix, nsp, &room));
    assert_false(sio_peer_read_channel(SLICE("socket.io-request#/#"), prefix, nsp, &room));
}

RUN_TESTS(TEST(broadcasts_of_official_servers_are_read),
          TEST(broadcasts_are_written_as_official_servers_write_them),
          TEST(other_forms_are_read_as_well), TEST(what_ends_an_official_server_is_no_message),
          TEST(requests_are_read), TEST(what_is_no_request_is_refused), TEST(names_are_bounded),
          TEST(answers_are_those_of_an_official_server), TEST(a_channel_names_its_room))
