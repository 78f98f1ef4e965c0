#include "base/buf.h"
#include "base/mem.h"
#include "meeting/meeting.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/ws_conn.h"
#include "outside/hume.h"
#include "unit.h"
#include "wire/base64.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The service as a fake on the same loop, in both generations and all its moods. */

enum mood { KIND, SILENT, CLOSES, REFUSES, FAULTY, HASTY };

enum { CONNS = 40, FATES = 64 };

struct fake_conn {
    struct fixture *f;
    struct ws_conn *ws;
    unsigned messages;
};

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct hume *hume;
    struct hume_track *track;
    enum mood mood;
    bool is_v1;
    struct fake_conn conns[CONNS];
    unsigned accepted, refused, hellos, goodbyes;
    struct buf audio; /* all samples that the service took */
    unsigned blocks, rejected;
    char key[16];
    char fates[FATES][8];
    int64_t fate_ms[FATES];
    unsigned fate_count;
    unsigned feelings;
    struct feeling feeling;
    int64_t from_ms, to_ms;
};

/* ---- the fake ---- */

static void say(struct fake_conn *conn, const char *text) {
    ws_conn_send(conn->ws, WS_TEXT, slice_from(text));
}

static void hear_block(struct fake_conn *conn, struct slice message) {
    struct fixture *f = conn->f;
    struct buf wav = {0}, answer = {0};
    json_t *root = json_loadb(message.ptr, message.len, 0, NULL);
    const char *data = json_string_value(json_object_get(root, "data"));
    if (!data) {
        f->hellos++;
        json_decref(root);
        return;
    }
    assert_true(base64_parse(&wav, slice_from(data)));
    assert_memory_equal(wav.data, "RIFF", 4);
    buf_add(&f->audio, wav.data + 44, wav.len - 44);
    f->blocks++;
    buf_printf(&answer,
               "{\"payload_id\":\"%s\",\"prosody\":{\"predictions\":[{\"time\":{\"begin\":0.1,"
               "\"end\":0.4},\"emotions\":[{\"name\":\"Anger\",\"score\":0.9}]}]}}",
               json_string_value(json_object_get(root, "payload_id")));
    if (f->mood == KIND)
        ws_conn_send(conn->ws, WS_TEXT, buf_slice(&answer));
    else if (f->mood == CLOSES)
        ws_conn_close(conn->ws, 1011, SLICE_NONE);
    else if (f->mood == FAULTY)
        say(conn, f->blocks % 2 ? "not JSON" : "{\"error\":\"x\",\"code\":\"E0200\"}");
    buf_free(&wav);
    buf_free(&answer);
    json_decref(root);
}

static void hear_frame(struct fake_conn *conn, struct slice message) {
    struct fixture *f = conn->f;
    char answer[200];
    assert_int_equal(message.len % 2, 0);
    if (f->mood == HASTY && ++conn->messages == 3) {
        f->rejected++;
        say(conn, "{\"type\":\"error\",\"code\":\"rate_limited\",\"message\":\"slow down\"}");
        return;
    }
    buf_add_slice(&f->audio, message);
    f->blocks++;
    snprintf(answer, sizeof answer,
             "{\"type\":\"measurement.result\",\"audio_start_ms\":%u,\"audio_end_ms\":%u,"
             "\"expressions\":[{\"name\":\"joy\",\"probability\":0.9}]}",
             f->blocks * 100 - 100, f->blocks * 100);
    if (f->mood == KIND)
        say(conn, answer);
}

static void on_fake_message(void *arg, enum ws_opcode opcode, struct slice message) {
    struct fake_conn *conn = arg;
    if (opcode == WS_BINARY) {
        hear_frame(conn, message);
    } else if (conn->f->is_v1) {
        assert_slice_equal(message, "{\"type\":\"session.close\"}");
        conn->f->goodbyes++;
        say(conn, "{\"type\":\"session.closed\"}");
    } else {
        hear_block(conn, message);
    }
}

static void on_fake_close(void *arg, uint16_t code, struct slice reason) {
    ((struct fake_conn *)arg)->ws = NULL;
}

static void on_upgrade(struct http_request *request, void *arg) {
    static const struct ws_handlers handlers = {.on_message = on_fake_message,
                                                .on_close = on_fake_close};
    struct fixture *f = arg;
    struct ws_settings settings = {0};
    const struct slice *key = http_find_header(request->head, "x-hume-api-key");
    snprintf(f->key, sizeof f->key, "%.*s", key ? (int)key->len : 0, key ? key->ptr : "");
    if (f->mood == REFUSES) {
        f->refused++;
        http_respond_error(request, 401, NULL);
        return;
    }
    assert_true(f->accepted < CONNS);
    struct fake_conn *conn = &f->conns[f->accepted++];
    struct stream *stream = http_accept_websocket(request);
    assert_non_null(stream);
    conn->f = f;
    assert_int_equal(ws_conn_open(&conn->ws, f->loop, stream, &settings, &handlers, conn), 0);
    if (f->is_v1)
        say(conn, "{\"type\":\"session.created\",\"session_id\":\"1\"}");
}

static void on_request(struct http_request *request, void *arg) {
    http_respond_not_found(request);
}

/* ---- the track's owner ---- */

static void on_feeling(void *arg, const struct feeling *feeling, int64_t from_ms, int64_t to_ms) {
    struct fixture *f = arg;
    f->feelings++;
    f->feeling = *feeling;
    f->from_ms = from_ms;
    f->to_ms = to_ms;
}

static void on_fate(void *arg, int64_t flushed_ms, uint32_t samples, enum hume_fate fate) {
    struct fixture *f = arg;
    assert_true(f->fate_count < FATES);
    snprintf(f->fates[f->fate_count], 8, "%s", hume_fate_name(fate));
    f->fate_ms[f->fate_count++] = flushed_ms;
}

static const struct hume_listener listener = {on_feeling, on_fate};

static void open_fixture(struct fixture *f, bool is_v1, enum mood mood,
                         struct hume_settings settings) {
    struct http_handlers handlers = {.on_request = on_request, .on_upgrade = on_upgrade, .arg = f};
    char url[64], why[128];
    memset(f, 0, sizeof *f);
    f->mood = mood;
    f->is_v1 = is_v1;
    assert_int_equal(loop_open(&f->loop), 0);
    assert_int_equal(http_server_open(&f->server, f->loop,
                                      &(struct http_settings){.host = "127.0.0.1"}, &handlers),
                     0);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u%s", http_server_port(f->server),
             is_v1 ? "/v1/expression/audio/realtime" : "/v0/stream/models");
    settings.url = url;
    assert_int_equal(hume_open(&f->hume, f->loop, &settings, why, sizeof why), 0);
    f->track = hume_track_open(f->hume, SLICE("bob/mic"), 500, &listener, f);
}

static void close_fixture(struct fixture *f) {
    hume_track_close(f->track);
    hume_close(f->hume);
    for (unsigned i = 0; i < f->accepted; i++)
        ws_conn_abort(f->conns[i].ws);
    http_server_close(f->server);
    loop_close(f->loop);
    buf_free(&f->audio);
}

static void turn(struct fixture *f, int ms) {
    for (int i = 0; i < ms; i++) {
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static void turn_until(struct fixture *f, const unsigned *what, unsigned count) {
    for (int i = 0; i < 30000 && *what < count; i++)
        turn(f, 1);
    assert_true(*what >= count);
}

/* Half a second whose samples all are `value`, in pieces, and its flush. */
static void hear_group(struct fixture *f, int16_t value, int64_t from_ms, bool is_speech) {
    int16_t pcm[800];
    for (size_t i = 0; i < 800; i++)
        pcm[i] = value;
    for (int i = 0; i < 10; i++)
        hume_track_hear(f->track, pcm, 800, from_ms + i * 50, is_speech);
    hume_track_flush(f->track, from_ms + 500, 8000);
}

static void assert_audio(const struct fixture *f, const int16_t *values, size_t count,
                         size_t samples_each) {
    assert_int_equal(f->audio.len, count * samples_each * 2);
    for (size_t i = 0; i < count * samples_each; i++) {
        int16_t sample;
        memcpy(&sample, f->audio.data + i * 2, 2);
        assert_int_equal(sample, values[i / samples_each]);
    }
}

static uint64_t code_count(const struct fixture *f, const char *code) {
    const struct hume_stats *stats = hume_stats(f->hume);
    uint64_t count = 0;
    for (unsigned i = 0; i < HUME_CODES; i++)
        if (strcmp(hume_code_name(i), code) == 0)
            count += stats->codes[i];
    return count;
}

#define WITH_KEY(...) ((struct hume_settings){.api_key = "k3y", __VA_ARGS__})

/* ---- v0 ---- */

static void blocks_arrive_in_order_and_feelings_where_they_were_spoken(void **state) {
    struct fixture f;
    open_fixture(&f, false, KIND, WITH_KEY(.hello = true));
    for (int i = 0; i < 3; i++) {
        hear_group(&f, (int16_t)(100 + i), 10000 + i * 500, true);
        turn_until(&f, &f.blocks, (unsigned)i + 1);
    }
    turn_until(&f, &f.feelings, 3);
    assert_audio(&f, (int16_t[]){100, 101, 102}, 3, 8000);
    assert_string_equal(f.key, "k3y");
    assert_int_equal(f.accepted, 1);
    assert_int_equal(f.hellos, 1);
    assert_int_equal(f.from_ms, 11100);
    assert_int_equal(f.to_ms, 11400);
    assert_true(f.feeling.valence < -0.5f && f.feeling.arousal > 0.5f);
    assert_int_equal(f.fate_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(f.fates[i], "sent");
        assert_int_equal(f.fate_ms[i], 10500 + i * 500);
    }
    const struct hume_stats *stats = hume_stats(f.hume);
    assert_int_equal(stats->measurements, 3);
    assert_int_equal(stats->open, 1);
    close_fixture(&f);
}

static void the_tail_is_sent_when_the_track_closes(void **state) {
    struct fixture f;
    open_fixture(&f, false, KIND, WITH_KEY(.skip_silence = true));
    hear_group(&f, 1, 0, true);
    turn_until(&f, &f.feelings, 1);
    hear_group(&f, 2, 500, true);
    hume_track_close(f.track);
    f.track = NULL;
    assert_int_equal(f.fate_count, 2);
    turn_until(&f, &f.blocks, 2);
    turn(&f, 20);
    assert_int_equal(f.feelings, 1); /* nobody is told any more */
    assert_null(f.conns[0].ws);
    close_fixture(&f);
}

static void silence_is_not_sent(void **state) {
    struct fixture f;
    open_fixture(&f, false, KIND, WITH_KEY(.skip_silence = true));
    hear_group(&f, 0, 0, false);
    turn(&f, 150);
    assert_int_equal(f.accepted, 0);
    assert_string_equal(f.fates[0], "silent");
    hear_group(&f, 5, 500, true);
    turn_until(&f, &f.blocks, 1);
    assert_string_equal(f.fates[1], "sent");
    close_fixture(&f);
}

static void without_a_key_nothing_happens_but_the_log(void **state) {
    struct fixture f;
    open_fixture(&f, false, KIND, (struct hume_settings){0});
    assert_false(hume_track_wants(f.track));
    hear_group(&f, 5, 0, true);
    turn(&f, 20);
    assert_string_equal(f.fates[0], "no_key");
    assert_int_equal(f.accepted, 0);
    close_fixture(&f);
}

static void a_refusal_stops_everybody(void **state) {
    struct fixture f;
    open_fixture(&f, false, REFUSES, WITH_KEY(.hello = true));
    hear_group(&f, 1, 0, true);
    turn_until(&f, &f.fate_count, 1);
    assert_string_equal(f.fates[0], "error");
    assert_false(hume_track_wants(f.track));
    for (int i = 1; i < 5; i++) {
        hear_group(&f, 1, i * 500, true);
        turn(&f, 300);
    }
    assert_int_equal(f.refused, 1);
    assert_string_equal(f.fates[4], "error");
    assert_int_equal(hume_stats(f.hume)->refused, 1);
    assert_int_equal(code_count(&f, "http_401"), 1);
    close_fixture(&f);
}

static void errors_of_the_service_are_counted_by_code(void **state) {
    struct fixture f;
    open_fixture(&f, false, FAULTY, WITH_KEY(.hello = true));
    for (unsigned i = 0; i < 4; i++) {
        hear_group(&f, 1, i * 500, true);
        turn_until(&f, &f.blocks, i + 1);
    }
    const struct hume_stats *stats = hume_stats(f.hume);
    for (int i = 0; i < 30000 && (stats->unreadable < 2 || code_count(&f, "E0200") < 2); i++)
        turn(&f, 1);
    assert_int_equal(stats->unreadable, 2);
    assert_int_equal(code_count(&f, "E0200"), 2);
    assert_int_equal(f.feelings, 0);
    close_fixture(&f);
}

static void a_service_that_closes_is_left_alone_for_a_while(void **state) {
    struct fixture f;
    open_fixture(&f, false, CLOSES, WITH_KEY(.hello = true));
    hear_group(&f, 1, 0, true);
    turn_until(&f, &f.blocks, 1);
    for (int i = 0; i < 30000 && !hume_stats(f.hume)->waiting; i++)
        turn(&f, 1);
    assert_int_equal(hume_stats(f.hume)->waiting, 1);
    hear_group(&f, 1, 500, true);
    assert_string_equal(f.fates[1], "error");
    assert_int_equal(f.accepted, 1);
    turn(&f, 1200); /* the first wait is at most a second */
    assert_true(hume_track_wants(f.track));
    hear_group(&f, 1, 1000, true);
    turn_until(&f, &f.blocks, 2);
    assert_int_equal(f.accepted, 2);
    close_fixture(&f);
}

static void after_several_failures_only_a_probe_goes_out(void **state) {
    enum { TRACKS = 12 };
    struct fixture f;
    struct hume_track *tracks[TRACKS];
    int16_t pcm[8000] = {0};
    open_fixture(&f, false, CLOSES, WITH_KEY(.handshakes_per_second = 1000));
    for (int i = 0; i < TRACKS; i++)
        tracks[i] = hume_track_open(f.hume, SLICE("t"), 500, &listener, &f);
    for (int turns = 0; turns < 30; turns++) {
        for (int i = 0; i < TRACKS; i++) {
            hume_track_hear(tracks[i], pcm, 100, turns * 50, true);
            if (turns % 2)
                hume_track_flush(tracks[i], turns * 50, 200);
            f.fate_count = 0;
        }
        turn(&f, 20);
    }
    for (int i = 0; i < 30000 && !hume_stats(f.hume)->breaker_open; i++)
        turn(&f, 1);
    assert_int_equal(hume_stats(f.hume)->breaker_open, 1);
    assert_true(f.accepted >= 5 && f.accepted < TRACKS + 5);
    for (int i = 0; i < TRACKS; i++) {
        hume_track_close(tracks[i]);
        f.fate_count = 0;
    }
    close_fixture(&f);
}

static void a_service_that_never_answers_holds_little_of_ours(void **state) {
    struct fixture f;
    open_fixture(&f, false, SILENT, WITH_KEY(.hello = true));
    for (unsigned i = 0; i < 30; i++) {
        hear_group(&f, 1, i * 500, true);
        turn_until(&f, &f.blocks, i < 8 ? i + 1 : 8);
    }
    turn(&f, 100);
    assert_int_equal(f.blocks, 8); /* unanswered ones in flight */
    hume_track_close(f.track);
    f.track = NULL;
    assert_int_equal(f.fate_count, 30);
    unsigned dropped = 0;
    for (int i = 0; i < 30; i++)
        dropped += strcmp(f.fates[i], "dropped") == 0;
    assert_int_equal(dropped, 30 - 8 - 2);
    assert_string_equal(f.fates[7], "sent");
    assert_string_equal(f.fates[8], "dropped");
    assert_string_equal(f.fates[29], "sent"); /* the last two waited, and closing sent them */
    close_fixture(&f);
}

/* ---- v1 ---- */

static void frames_stream_and_measurements_find_their_time(void **state) {
    struct fixture f;
    open_fixture(&f, true, KIND, WITH_KEY(.skip_silence = true));
    int16_t pcm[800];
    for (int i = 0; i < 10; i++) { /* 50 ms pieces */
        for (size_t s = 0; s < 800; s++)
            pcm[s] = (int16_t)(i / 2);
        hume_track_hear(f.track, pcm, 800, 20000 + i * 50, true);
        turn(&f, 50);
    }
    turn_until(&f, &f.blocks, 5);
    turn_until(&f, &f.feelings, 5);
    assert_audio(&f, (int16_t[]){0, 1, 2, 3, 4}, 5, 1600);
    assert_int_equal(f.from_ms, 20400);
    assert_int_equal(f.to_ms, 20500);
    assert_true(f.feeling.valence > 0.5f);
    assert_true(hume_stats(f.hume)->latency_ms_sum < 60000);

    /* A minute later: the service's clock goes on, meeting time has jumped. */
    for (int i = 0; i < 2; i++) {
        hume_track_hear(f.track, pcm, 800, 80000 + i * 50, true);
        turn(&f, 50);
    }
    turn_until(&f, &f.feelings, 6);
    assert_int_equal(f.from_ms, 80000);
    assert_int_equal(f.to_ms, 80100);

    hume_track_flush(f.track, 80100, 1600);
    assert_string_equal(f.fates[0], "sent");
    hume_track_close(f.track);
    f.track = NULL;
    turn_until(&f, &f.goodbyes, 1);
    close_fixture(&f);
}

static void a_frame_that_came_too_fast_is_sent_again(void **state) {
    struct fixture f;
    open_fixture(&f, true, HASTY, WITH_KEY(.hello = true));
    int16_t pcm[1600];
    for (int i = 0; i < 6; i++) {
        for (size_t s = 0; s < 1600; s++)
            pcm[s] = (int16_t)i;
        hume_track_hear(f.track, pcm, 1600, i * 100, true);
        turn(&f, 100);
    }
    turn_until(&f, &f.blocks, 6);
    assert_int_equal(f.rejected, 1);
    assert_audio(&f, (int16_t[]){0, 1, 2, 3, 4, 5}, 6, 1600);
    assert_int_equal(hume_stats(f.hume)->resent, 1);
    close_fixture(&f);
}

static void silence_between_is_left_out_but_not_the_beginning_of_speech(void **state) {
    struct fixture f;
    open_fixture(&f, true, SILENT, WITH_KEY(.skip_silence = true));
    int16_t pcm[1600] = {0};
    for (int i = 0; i < 30; i++) /* three seconds of silence */
        hume_track_hear(f.track, pcm, 1600, 100000 + i * 100, false);
    turn(&f, 50);
    assert_int_equal(f.accepted, 0);
    hume_track_hear(f.track, pcm, 1600, 103000, true);
    turn_until(&f, &f.blocks, 3); /* two frames from before, and the first of speech */
    turn(&f, 50);
    assert_int_equal(f.blocks, 3);
    close_fixture(&f);
}

static void bad_settings_are_named(void **state) {
    struct loop *loop;
    struct hume *hume;
    char why[128];
    assert_int_equal(loop_open(&loop), 0);
    assert_int_not_equal(hume_open(&hume, loop, &WITH_KEY(.url = "ftp://x/"), why, sizeof why), 0);
    assert_non_null(strstr(why, "HUME_WS_URL"));
    assert_int_not_equal(hume_open(&hume, loop, &WITH_KEY(.url = "wss://x/"), why, sizeof why), 0);
    assert_int_not_equal(
        hume_open(&hume, loop, &WITH_KEY(.url = "ws://x/", .proxy = "socks5://y"), why, sizeof why),
        0);
    assert_non_null(strstr(why, "HTTPS_PROXY"));
    assert_int_not_equal(hume_open(&hume, loop,
                                   &(struct hume_settings){.url = "ws://x/", .api_key = "a\r\nb"},
                                   why, sizeof why),
                         0);
    assert_non_null(strstr(why, "HUME_API_KEY"));
    loop_close(loop);
}

RUN_TESTS(TEST(blocks_arrive_in_order_and_feelings_where_they_were_spoken),
          TEST(the_tail_is_sent_when_the_track_closes), TEST(silence_is_not_sent),
          TEST(without_a_key_nothing_happens_but_the_log), TEST(a_refusal_stops_everybody),
          TEST(errors_of_the_service_are_counted_by_code),
          TEST(a_service_that_closes_is_left_alone_for_a_while),
          TEST(after_several_failures_only_a_probe_goes_out),
          TEST(a_service_that_never_answers_holds_little_of_ours),
          TEST(frames_stream_and_measurements_find_their_time),
          TEST(a_frame_that_came_too_fast_is_sent_again),
          TEST(silence_between_is_left_out_but_not_the_beginning_of_speech),
          TEST(bad_settings_are_named))
