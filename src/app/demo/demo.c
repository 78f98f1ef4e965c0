/*
 * The demo plays the parts of LiveKit and of the host: webhooks first, then four tracks as LiveKit
 * Egress sends them (48 kHz stereo, a binary message every 10 ms, in real time), and a Socket.IO
 * client that receives the feedback.
 */
#include "app/demo/demo.h"

#include "app/demo/demo_check.h"
#include "app/demo/demo_host.h"
#include "app/demo/demo_page.h"
#include "app/demo/demo_screen.h"
#include "app/demo/demo_script.h"
#include "app/demo/demo_server.h"
#include "base/clock.h"
#include "base/mem.h"
#include "meeting/feedback.h"
#include "net/loop.h"
#include "net/ws/ws_conn.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM    "demo"
#define MEETING "RM_demo"

enum {
    MESSAGE_MS = 10,
    MESSAGE_SAMPLES = DEMO_RATE_HZ * MESSAGE_MS / 1000,
    METER_MS = 100,
    LINGER_MS = 1500, /* for the last feedback */
    CONNECT_MS = 10 * 1000,
};

struct sender {
    struct demo *demo;
    unsigned person;
    struct ws_conn *conn; /* NULL once closed */
    int16_t *pcm;
};

struct demo {
    unsigned seconds;
    const char *locale;
    bool opens_page; /* in a browser */
    bool keeps;      /* serves the report until it is told to end */
    struct demo_server server;
    struct demo_screen screen;
    struct loop *loop;
    struct demo_host *host;
    struct sender senders[DEMO_PEOPLE];
    unsigned open; /* senders whose handshake is done */
    struct timer timer, limit;
    int64_t started_ms;
    unsigned sent; /* messages on each track */
    unsigned scene;
    int err;
};

static double demo_now_s(const struct demo *demo) {
    return (double)(clock_mono_ms() - demo->started_ms) / 1000;
}

static void demo_give_up(struct demo *demo, int err, const char *why) {
    fprintf(stderr, "prosa demo: %s: %s\n", why, strerror(err));
    demo->err = err;
    loop_stop(demo->loop);
}

/* ---- Sending ---- */

static void message_send(struct sender *s, unsigned message) {
    int16_t stereo[MESSAGE_SAMPLES * 2];
    const int16_t *mono = s->pcm + (size_t)message * MESSAGE_SAMPLES;
    for (unsigned i = 0; i < MESSAGE_SAMPLES; i++)
        stereo[2 * i] = stereo[2 * i + 1] = mono[i];
    ws_conn_send(s->conn, WS_BINARY, slice_of(stereo, sizeof stereo));
}

static double level_dbfs(const int16_t *pcm, size_t samples) {
    double sum = 1e-9;
    for (size_t i = 0; i < samples; i++)
        sum += (double)pcm[i] * pcm[i] / (32768.0 * 32768.0);
    return 10 * log10(sum / (double)samples);
}

static void screen_update(struct demo *demo) {
    double at_s = demo_now_s(demo);
    while (demo->scene <= (unsigned)at_s) {
        const char *text = demo_script_scene(demo->scene);
        if (text)
            demo_screen_scene(&demo->screen, demo->scene, text);
        demo->scene++;
    }
    if (demo->sent % (METER_MS / MESSAGE_MS) || demo->sent < METER_MS / MESSAGE_MS)
        return;
    double levels[DEMO_PEOPLE];
    size_t span = (size_t)METER_MS / MESSAGE_MS * MESSAGE_SAMPLES;
    for (unsigned p = 0; p < DEMO_PEOPLE; p++)
        levels[p] =
            level_dbfs(demo->senders[p].pcm + (size_t)demo->sent * MESSAGE_SAMPLES - span, span);
    demo_screen_meters(&demo->screen, at_s, levels);
}

static void demo_on_linger(void *arg) {
    struct demo *demo = arg;
    loop_stop(demo->loop);
}

static void demo_on_send(void *arg) {
    struct demo *demo = arg;
    unsigned due = (unsigned)((clock_mono_ms() - demo->started_ms) / MESSAGE_MS) + 1;
    unsigned all = demo->seconds * 1000 / MESSAGE_MS;
    for (; demo->sent < due && demo->sent < all; demo->sent++) {
        for (unsigned p = 0; p < DEMO_PEOPLE; p++)
            if (demo->senders[p].conn)
                message_send(&demo->senders[p], demo->sent);
    }
    screen_update(demo);
    if (demo->sent < all)
        return;
    timer_stop(&demo->timer);
    for (unsigned p = 0; p < DEMO_PEOPLE; p++)
        if (demo->senders[p].conn)
            ws_conn_close(demo->senders[p].conn, 0, SLICE_NONE);
    timer_start(demo->loop, &demo->limit, LINGER_MS, 0, demo_on_linger, demo);
}

/* ---- Connections ---- */

static void demo_on_sender_open(void *arg) {
    struct demo *demo = ((struct sender *)arg)->demo;
    if (++demo->open < DEMO_PEOPLE)
        return;
    timer_stop(&demo->limit);
    demo->started_ms = clock_mono_ms();
    timer_start(demo->loop, &demo->timer, 0, MESSAGE_MS, demo_on_send, demo);
}

static void demo_on_sender_close(uint16_t code, struct slice reason, void *arg) {
    struct sender *s = arg;
    struct demo *demo = s->demo;
    s->conn = NULL;
    if (demo->sent < demo->seconds * 1000 / MESSAGE_MS && !demo->err) {
        fprintf(stderr, "prosa demo: %s's connection closed with %u %.*s\n",
                demo_people[s->person].name, code, SLICE_ARG(reason));
        demo_give_up(demo, ECONNRESET, "audio");
    }
}

static int sender_open(struct sender *s) {
    const struct demo_person *person = &demo_people[s->person];
    char address[512];
    snprintf(address, sizeof address,
             "ws://127.0.0.1:%u/egress-audio?roomName=" ROOM "&participant=%s&trackId=TR_%s"
             "&meetingId=" MEETING "&sampleRate=48000&channels=2&groupSeconds=2&source=MICROPHONE",
             s->demo->server.port, person->identity, person->identity);
    struct url url;
    int err = url_parse(&url, slice_from(address));
    if (err)
        return err;
    struct ws_target target = {.url = &url, .headers = SLICE("Content-Type: audio/x-raw\r\n")};
    struct ws_settings settings = {0};
    struct ws_handlers handlers = {.on_open = demo_on_sender_open,
                                   .on_close = demo_on_sender_close};
    return ws_conn_connect(&s->conn, s->demo->loop, &target, &settings, &handlers, s);
}

static void demo_on_joined(void *arg) {
    struct demo *demo = arg;
    if (demo->senders[0].conn)
        return;
    for (unsigned p = 0; p < DEMO_PEOPLE; p++) {
        int err = sender_open(&demo->senders[p]);
        if (err) {
            demo_give_up(demo, err, "audio connection");
            return;
        }
    }
}

static void demo_on_feedback(const json_t *event, void *user) {
    struct demo *demo = user;
    demo_screen_feedback(&demo->screen, demo_now_s(demo), event, clock_wall_ms());
}

static void demo_on_host_lost(void *arg) {
    demo_give_up(arg, ECONNRESET, "the host's connection");
}

static void demo_on_limit(void *arg) {
    demo_give_up(arg, ETIMEDOUT, "connecting");
}

/* ---- The webhooks that LiveKit would send ---- */

static void write_participant(struct buf *json, const struct demo_person *person) {
    struct buf metadata = {0};
    char sid[32];
    snprintf(sid, sizeof sid, "PA_%s", person->identity);
    json_open(&metadata, NULL);
    json_add_text(&metadata, "name", slice_from(person->name));
    json_add_text(&metadata, "role", person->is_host ? SLICE("host") : SLICE("guest"));
    json_close(&metadata);
    json_open(json, "participant");
    json_add_text(json, "sid", slice_from(sid));
    json_add_text(json, "identity", slice_from(person->identity));
    json_add_text(json, "metadata", buf_slice(&metadata));
    json_close(json);
    buf_free(&metadata);
}

static int webhook_send(struct demo *demo, const char *event, const struct demo_person *person) {
    struct buf body = {0};
    json_open(&body, NULL);
    json_add_text(&body, "event", slice_from(event));
    json_open(&body, "room");
    json_add_text(&body, "sid", SLICE(MEETING));
    json_add_text(&body, "name", SLICE(ROOM));
    json_close(&body);
    if (person)
        write_participant(&body, person);
    json_close(&body);
    char *text = buf_take_text(&body);
    int err = demo_server_ask(&demo->server, "/livekit/webhook", text);
    mem_free(text);
    return err;
}

static int webhooks_send(struct demo *demo) {
    int err = webhook_send(demo, "room_started", NULL);
    for (unsigned p = 0; !err && p < DEMO_PEOPLE; p++)
        err = webhook_send(demo, "participant_joined", &demo_people[p]);
    return err;
}

/* ---- The meeting ---- */

static int voices_render(struct demo *demo) {
    for (unsigned p = 0; p < DEMO_PEOPLE; p++) {
        const char *missing;
        demo->senders[p] = (struct sender){.demo = demo, .person = p};
        int err = demo_script_render(p, demo->seconds, &demo->senders[p].pcm, &missing);
        if (err) {
            fprintf(stderr,
                    "prosa demo: the recording %s of %s cannot be read (%s). The voices come with "
                    "Debian:\n  sudo apt-get install " DEMO_VOICE_PACKAGES "\n",
                    missing, demo_people[p].voice.folder, strerror(err));
            return err;
        }
    }
    return 0;
}

static int meeting_play(struct demo *demo) {
    int err = webhooks_send(demo);
    if (err) {
        fprintf(stderr, "prosa demo: webhook: %s\n", strerror(err));
        return err;
    }
    err = loop_open(&demo->loop);
    if (err)
        return err;
    static const struct demo_host_handlers handlers = {
        .on_joined = demo_on_joined, .on_feedback = demo_on_feedback, .on_lost = demo_on_host_lost};
    timer_start(demo->loop, &demo->limit, CONNECT_MS, 0, demo_on_limit, demo);
    err = demo_host_open(&demo->host, demo->loop, demo->server.port, "feedback:" ROOM, demo->locale,
                         &handlers, demo);
    if (!err) {
        loop_run(demo->loop);
        err = demo->err;
    }
    timer_stop(&demo->timer);
    timer_stop(&demo->limit);
    for (unsigned p = 0; p < DEMO_PEOPLE; p++)
        if (demo->senders[p].conn)
            ws_conn_abort(demo->senders[p].conn);
    demo_host_close(demo->host);
    loop_close(demo->loop);
    return err;
}

static int recordings_show(struct demo *demo) {
    size_t samples = (size_t)demo->seconds * DEMO_RATE_HZ;
    int err = 0;
    char path[DEMO_PATH_SIZE] = "";
    demo_screen_line(&demo->screen, "\n  Recordings, compared with what was sent:");
    for (unsigned p = 0; p < DEMO_PEOPLE; p++) {
        char track[64];
        snprintf(track, sizeof track, "TR_%s", demo_people[p].identity);
        int bad = demo_check_find(path, demo->server.dir, track);
        if (!bad)
            bad = demo_check_compare(path, demo->senders[p].pcm, samples);
        demo_screen_line(&demo->screen, "    %s  %s", bad ? "DIFFERENT" : "identical",
                         path[0] ? path : strerror(bad));
        err = bad ? bad : err;
    }
    if (path[0])
        demo_screen_line(&demo->screen,
                         "\n  Listen:   ffplay -autoexit '%s'   (or aplay, or any player)", path);
    demo_screen_line(&demo->screen, "  Log:      %s/storage/pipeline-logs/" MEETING ".log",
                     demo->server.dir);
    demo_screen_line(&demo->screen, "  Remove:   rm -r %s\n", demo->server.dir);
    return err;
}

/* The meeting ends, and its report can be read for as long as somebody wants to. */
static int report_keep(struct demo *demo) {
    int err = webhook_send(demo, "room_finished", NULL);
    if (err || !(demo->keeps || demo_page_has_visitor()))
        return err;
    char report[DEMO_URL_SIZE];
    demo_page_url(report, demo->server.port, "report", MEETING);
    demo_screen_line(&demo->screen, "\n  Report:   %s\n  Press Enter to end.", report);
    demo_page_wait();
    return 0;
}

static int demo_play(struct demo *demo) {
    int err = voices_render(demo);
    if (err)
        return err;
    err = demo_server_start(&demo->server);
    if (err) {
        fprintf(stderr, "prosa demo: the server does not start (%s); see %s/server.log\n",
                strerror(err), demo->server.dir);
        return err;
    }
    char live[DEMO_URL_SIZE];
    demo_page_url(live, demo->server.port, "live", ROOM);
    demo_screen_line(
        &demo->screen,
        "\n  A meeting of four people, %u seconds, at a server of its own on port %u.\n"
        "  Everything goes over the wire as with LiveKit; below is what the host is told.\n"
        "  Watch it:  %s\n",
        demo->seconds, demo->server.port, live);
    if (demo->opens_page)
        demo_page_open(live);
    err = meeting_play(demo);
    if (!err)
        err = report_keep(demo);
    demo_server_stop(&demo->server);
    if (err)
        return err;
    demo_screen_line(&demo->screen, "\n  %u events of %u types, the first after %.1f s.",
                     demo->screen.events, demo->screen.type_count, demo->screen.first_s);
    return recordings_show(demo);
}

static const char *const locales[LOCALES] = {
    [LOCALE_PT_BR] = "pt-BR", [LOCALE_EN] = "en", [LOCALE_ES] = "es"};

static bool options_parse(struct demo *demo, int argc, char **argv) {
    demo->seconds = DEMO_SECONDS;
    enum locale locale = LOCALE_EN;
    const char *lang = getenv("LANG");
    if (lang)
        locale_find(slice_of(lang, strcspn(lang, "_.")), &locale);
    for (int i = 1; i < argc; i++) {
        uint64_t value;
        if (!strcmp(argv[i], "--seconds") && i + 1 < argc &&
            slice_to_uint(slice_from(argv[i + 1]), DEMO_SECONDS, &value) && value > 0) {
            demo->seconds = (unsigned)value;
            i++;
        } else if (!strcmp(argv[i], "--locale") && i + 1 < argc &&
                   locale_find(slice_from(argv[i + 1]), &locale)) {
            i++;
        } else if (!strcmp(argv[i], "--open")) {
            demo->opens_page = true;
        } else if (!strcmp(argv[i], "--keep")) {
            demo->keeps = true;
        } else {
            return false;
        }
    }
    demo->locale = locales[locale];
    return true;
}

int demo_main(int argc, char **argv) {
    struct demo demo = {0};
    if (!options_parse(&demo, argc, argv))
        return 2;
    demo_screen_init(&demo.screen);
    int err = demo_play(&demo);
    demo_server_stop(&demo.server);
    for (unsigned p = 0; p < DEMO_PEOPLE; p++)
        mem_free(demo.senders[p].pcm);
    return err ? 1 : 0;
}
