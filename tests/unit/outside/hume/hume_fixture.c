#include "hume_fixture.h"

#include "net/http/http_server.h"
#include "net/stream.h"
#include "unit.h"
#include "wire/web/base64.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    assert_true(base64_parse_leniently(&wav, slice_from(data)));
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
    conn->messages++;
    bool is_third = f->mood == HASTY && conn->messages == 3;
    bool is_fourth = f->mood == CHOOSY && conn->messages % 4 == 0; /* and others between */
    if (is_third || is_fourth) {
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

static void on_fake_message(enum ws_opcode opcode, struct slice message, void *arg) {
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

static void on_fake_close(uint16_t code, struct slice reason, void *arg) {
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
    if (f->is_v1 && f->mood != MUTE)
        say(conn, "{\"type\":\"session.created\",\"session_id\":\"1\"}");
}

static void on_request(struct http_request *request, void *arg) {
    http_respond_not_found(request);
}

/* ---- the track's owner ---- */

static void on_feeling(const struct feeling *feeling, int64_t from_ms, int64_t to_ms, void *user) {
    struct fixture *f = user;
    f->feelings++;
    f->feeling = *feeling;
    f->from_ms = from_ms;
    f->to_ms = to_ms;
}

static void on_fate(int64_t flushed_ms, uint32_t samples, enum hume_fate fate, void *user) {
    struct fixture *f = user;
    assert_true(f->fate_count < FATES);
    snprintf(f->fates[f->fate_count], 8, "%s", hume_fate_name(fate));
    f->fate_ms[f->fate_count++] = flushed_ms;
}

const struct hume_listener fixture_listener = {on_feeling, on_fate};

void fixture_open(struct fixture *f, bool is_v1, enum mood mood, struct hume_settings settings) {
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
    f->track = hume_track_new(f->hume, SLICE("bob/mic"), 500, &fixture_listener, f);
}

void fixture_close(struct fixture *f) {
    hume_track_close(f->track);
    hume_close(f->hume);
    for (unsigned i = 0; i < f->accepted; i++)
        ws_conn_abort(f->conns[i].ws);
    http_server_close(f->server);
    loop_close(f->loop);
    buf_free(&f->audio);
}

void fixture_turn(struct fixture *f, int ms) {
    for (int i = 0; i < ms; i++) {
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        usleep(1000);
    }
}

void fixture_turn_until(struct fixture *f, const unsigned *what, unsigned count) {
    for (int i = 0; i < 30000 && *what < count; i++)
        fixture_turn(f, 1);
    assert_true(*what >= count);
}

/* Half a second whose samples all are `value`, in pieces, and its flush. */
void fixture_hear_group(struct fixture *f, int16_t value, int64_t from_ms, bool is_speech) {
    int16_t pcm[800];
    for (size_t i = 0; i < 800; i++)
        pcm[i] = value;
    for (int i = 0; i < 10; i++)
        hume_track_hear(f->track, pcm, 800, from_ms + i * 50, is_speech);
    hume_track_flush(f->track, from_ms + 500, 8000);
}

void fixture_assert_audio(const struct fixture *f, const int16_t *values, size_t count,
                          size_t samples_each) {
    assert_int_equal(f->audio.len, count * samples_each * 2);
    for (size_t i = 0; i < count * samples_each; i++) {
        int16_t sample;
        memcpy(&sample, f->audio.data + i * 2, 2);
        assert_int_equal(sample, values[i / samples_each]);
    }
}

uint64_t fixture_code_count(const struct fixture *f, const char *code) {
    const struct hume_stats *stats = hume_stats(f->hume);
    uint64_t count = 0;
    for (unsigned i = 0; i < HUME_CODES; i++)
        if (strcmp(hume_code_name(i), code) == 0)
            count += stats->codes[i];
    return count;
}
