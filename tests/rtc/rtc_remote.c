/*
 * Servers' ends of WebRTC connections for system tests: commands come as lines of JSON on standard
 * input, news goes out as lines of JSON on standard output. The signalling is the test's own.
 *
 * Every command has "do" and "id", the name of a connection that the test chooses:
 *
 *   {"do":"open","id":"a","data":true,"audio":1,"video":0,"lite":false,"tcp":false,"active":false,
 *    "hides_ssrc":false,"no_candidates":false,"profiles":"...","seed":1,"faults":["mutates"]}
 *   {"do":"offer"}                      -> {"is":"offer","id":"a","sdp":"...","candidate":"candidate:..."}
 *   {"do":"answer","sdp":"..."}
 *   {"do":"add","kind":"audio","stream":"PA_x|TR_y","track":"TR_y"} -> {"is":"added","id":"a","section":2}
 *   {"do":"track","section":1,"stream":"PA_x|TR_y","track":"TR_y"}  the section's msid from now on
 *   {"do":"sends","section":1,"sends":false}      a=recvonly in the next offer; true: a=sendrecv
 *   {"do":"ssrc","section":1}                     another SSRC from now on
 *   {"do":"restart"}, {"do":"move"}               new ICE credentials; a socket at another port
 *   {"do":"faults","faults":["deaf"]}             names as in remote.h, without REMOTE_, lower case
 *   {"do":"send","section":1,"type":111,"seq":1,"timestamp":960,"payload":"f8fffe"}   once, in hexadecimal
 *   {"do":"play","section":1,"type":111,"seq":1,"timestamp":0,"payloads":["f8.."],"step":960,"every_ms":20,
 *    "count":500,"lose":0.05,"jitter_ms":10,"resends":true,"report_ms":3000,"clock_khz":48}
 *       the payloads in turn, count times (0: until stopped), at their true pace; what is asked for
 *       again is sent again; ends with {"is":"played","id":"a","section":1,"seq":...,"timestamp":...}
 *   {"do":"stop","section":1}
 *   {"do":"report","section":1,"ntp":"83aa7e8000000000","rtp_time":960}, {"do":"bye","section":1}
 *   {"do":"raw","payload":"00..","elsewhere":true,"count":1000}       bytes without protection
 *   {"do":"stats"}                      -> {"is":"stats","id":"a",...}
 *   {"do":"close"}
 *
 * News that nobody asked for: {"is":"nominated"|"up"|"bye","id":"a"}, {"is":"nack","id":"a","seqs":[...]},
 * {"is":"key_frame","id":"a"}, and {"is":"wrong","why":"..."} for a command that cannot be done.
 */
#include "remote.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "net/loop.h"

#include <jansson.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 5, HISTORY = 256, PAYLOAD_MAX = 1400, LATE_MAX = 64 };

struct payload {
    size_t len;
    uint8_t bytes[PAYLOAD_MAX];
};

struct sent {
    uint16_t seq;
    uint32_t timestamp;
    size_t payload;
    bool is_sent;
};

/* A section that is played. */
struct play {
    struct play *next;
    unsigned section;
    uint8_t type;
    uint16_t seq;
    uint32_t timestamp, step;
    struct payload *payloads;
    size_t payload_count;
    uint64_t at, count;
    double begun_ms, every_ms, lose, jitter_ms, report_ms, reported_ms;
    unsigned clock_khz;
    bool resends;
    struct sent history[HISTORY];
    struct late {
        double due_ms;
        struct sent sent;
    } late[LATE_MAX];
    size_t late_count;
};

struct end {
    char *id;
    struct remote *remote;
    struct remote_stats told;
    struct play *plays;
};

struct program {
    struct loop *loop;
    struct watch *input;
    struct timer timer;
    struct map ends;
    struct buf line;
};

static void say(json_t *news) {
    char *text = json_dumps(news, JSON_COMPACT);
    printf("%s\n", text);
    fflush(stdout);
    free(text);
    json_decref(news);
}

static void complain(const char *why) {
    say(json_pack("{s:s,s:s}", "is", "wrong", "why", why));
}

static double now_ms(void) {
    return (double)clock_mono_ns() / 1e6;
}

static double chance(void) {
    return (double)(rand_u64() >> 11) / (double)(UINT64_C(1) << 53);
}

/* ---- Reading commands ---- */

static int64_t number(const json_t *command, const char *name, int64_t otherwise) {
    const json_t *value = json_object_get(command, name);
    return json_is_number(value) ? (int64_t)json_number_value(value) : otherwise;
}

static double real(const json_t *command, const char *name, double otherwise) {
    const json_t *value = json_object_get(command, name);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static bool is_set(const json_t *command, const char *name) {
    return json_is_true(json_object_get(command, name));
}

static const char *text(const json_t *command, const char *name) {
    const char *value = json_string_value(json_object_get(command, name));
    return value ? value : "";
}

static size_t read_hex(const char *hex, uint8_t *out, size_t room) {
    size_t len = 0;
    for (; hex[0] && hex[1] && len < room; hex += 2)
        out[len++] = (uint8_t)(text_hex_value(hex[0]) << 4 | text_hex_value(hex[1]));
    return len;
}

static unsigned read_faults(const json_t *command) {
    static const char *const names[] = {
        "deaf",    "wrong_password", "wrong_fingerprint", "no_dtls",    "mutates",
        "twice",   "wrong_role",     "never_nominates",   "no_profile", "loses_dtls",
        "rubbish", "loses_end",      "loses_second"};
    unsigned faults = 0;
    size_t index;
    json_t *name;
    json_array_foreach(json_object_get(command, "faults"), index, name)
        for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
            if (strcmp(json_string_value(name), names[i]) == 0)
                faults |= 1u << i;
    return faults;
}

/* ---- Playing ---- */

static struct play *find_play(struct end *end, unsigned section) {
    for (struct play *play = end->plays; play; play = play->next)
        if (play->section == section)
            return play;
    return NULL;
}

static void stop(struct end *end, struct play *play) {
    for (struct play **at = &end->plays; *at; at = &(*at)->next) {
        if (*at == play) {
            *at = play->next;
            say(json_pack("{s:s,s:s,s:i,s:i,s:I}", "is", "played", "id", end->id, "section",
                          (int)play->section, "seq", play->seq, "timestamp",
                          (json_int_t)play->timestamp));
            mem_free(play->payloads);
            mem_free(play);
            return;
        }
    }
}

static void do_play(struct end *end, const json_t *command) {
    unsigned section = (unsigned)number(command, "section", 0);
    struct play *before = find_play(end, section);
    if (before)
        stop(end, before);
    const json_t *payloads = json_object_get(command, "payloads");
    struct play *play = mem_alloc(sizeof *play);
    play->section = section;
    play->type = (uint8_t)number(command, "type", 111);
    play->seq = (uint16_t)number(command, "seq", 1);
    play->timestamp = (uint32_t)number(command, "timestamp", 0);
    play->step = (uint32_t)number(command, "step", 960);
    play->count = (uint64_t)number(command, "count", 0);
    play->every_ms = real(command, "every_ms", 20);
    play->lose = real(command, "lose", 0);
    play->jitter_ms = real(command, "jitter_ms", 0);
    play->report_ms = real(command, "report_ms", 0);
    play->clock_khz = (unsigned)number(command, "clock_khz", 48);
    play->resends = is_set(command, "resends");
    play->payload_count = json_array_size(payloads);
    play->payloads = mem_alloc_array(play->payload_count + 1, sizeof *play->payloads);
    for (size_t i = 0; i < play->payload_count; i++)
        play->payloads[i].len = read_hex(json_string_value(json_array_get(payloads, i)),
                                         play->payloads[i].bytes, PAYLOAD_MAX);
    play->begun_ms = play->reported_ms = now_ms();
    play->next = end->plays;
    end->plays = play;
    if (play->payload_count == 0)
        stop(end, play);
}

static void transmit(struct end *end, const struct play *play, const struct sent *sent) {
    const struct payload *payload = &play->payloads[sent->payload];
    remote_send(end->remote, play->section, play->type, sent->seq, sent->timestamp,
                slice_of(payload->bytes, payload->len));
}

static void send_next(struct end *end, struct play *play) {
    struct sent sent = {play->seq, play->timestamp, (size_t)(play->at % play->payload_count), true};
    play->history[sent.seq % HISTORY] = sent;
    play->seq++;
    play->timestamp += play->step;
    play->at++;
    if (play->lose > 0 && chance() < play->lose)
        return;
    if (play->jitter_ms > 0 && play->late_count < LATE_MAX)
        play->late[play->late_count++] = (struct late){now_ms() + chance() * play->jitter_ms, sent};
    else
        transmit(end, play, &sent);
}

static void send_late(struct end *end, struct play *play, double at_ms) {
    for (size_t i = 0; i < play->late_count;) {
        if (play->late[i].due_ms > at_ms) {
            i++;
            continue;
        }
        transmit(end, play, &play->late[i].sent);
        play->late[i] = play->late[--play->late_count];
    }
}

/* Seconds since 1900 in 32.32 bits, as of this machine's clock. */
static uint64_t ntp_now(void) {
    uint64_t ms = (uint64_t)clock_wall_ms();
    return (ms / 1000 + UINT64_C(2208988800)) << 32 | (ms % 1000 << 32) / 1000;
}

static void turn(struct end *end, struct play *play) {
    double at_ms = now_ms();
    send_late(end, play, at_ms);
    while ((play->count == 0 || play->at < play->count) &&
           play->begun_ms + (double)play->at * play->every_ms <= at_ms)
        send_next(end, play);
    if (play->report_ms > 0 && at_ms - play->reported_ms >= play->report_ms) {
        double ahead_ms = at_ms - (play->begun_ms + (double)play->at * play->every_ms);
        play->reported_ms = at_ms;
        remote_send_report(end->remote, play->section, ntp_now(),
                           play->timestamp + (uint32_t)(int32_t)(ahead_ms * play->clock_khz));
    }
    if (play->count > 0 && play->at >= play->count && play->late_count == 0)
        stop(end, play);
}

static void resend(struct end *end, uint16_t seq) {
    for (struct play *play = end->plays; play; play = play->next) {
        const struct sent *sent = &play->history[seq % HISTORY];
        if (play->resends && sent->is_sent && sent->seq == seq)
            transmit(end, play, sent);
    }
}

/* ---- News ---- */

static void tell(const struct end *end, const char *what) {
    say(json_pack("{s:s,s:s}", "is", what, "id", end->id));
}

static void tell_nacks(struct end *end) {
    const struct remote_stats *stats = remote_stats(end->remote);
    json_t *seqs = json_array();
    for (unsigned i = end->told.nack_count; i != stats->nack_count; i++) {
        uint16_t seq = stats->nacks[i % REMOTE_NACKS_MAX];
        json_array_append_new(seqs, json_integer(seq));
        resend(end, seq);
    }
    say(json_pack("{s:s,s:s,s:o}", "is", "nack", "id", end->id, "seqs", seqs));
}

static void tell_changes(struct end *end) {
    const struct remote_stats *stats = remote_stats(end->remote);
    if (stats->is_nominated && !end->told.is_nominated)
        tell(end, "nominated");
    if (stats->is_up && !end->told.is_up)
        tell(end, "up");
    if (stats->is_bye && !end->told.is_bye)
        tell(end, "bye");
    if (stats->key_frames != end->told.key_frames)
        tell(end, "key_frame");
    if (stats->nack_count != end->told.nack_count)
        tell_nacks(end);
    end->told = *stats;
}

static void program_on_tick(void *arg) {
    struct program *program = arg;
    MAP_EACH(&program->ends, at) {
        struct end *end = at.value;
        for (struct play *play = end->plays, *next; play; play = next) {
            next = play->next;
            turn(end, play);
        }
        tell_changes(end);
    }
}

static void tell_stats(const struct end *end) {
    const struct remote_stats *s = remote_stats(end->remote);
    say(json_pack("{s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:b,s:b,s:b}", "is",
                  "stats", "id", end->id, "requests", (int)s->requests, "datagrams",
                  (int)s->datagrams, "bytes", (int)s->bytes, "sent", (int)s->sent, "sent_bytes",
                  (int)s->sent_bytes, "reports", (int)s->reports, "fraction_lost", s->fraction_lost,
                  "lost", s->lost, "jitter", (int)s->jitter, "nacks", (int)s->nack_count,
                  "key_frames", (int)s->key_frames, "nominated", s->is_nominated, "up", s->is_up,
                  "bye", s->is_bye));
}

/* ---- Commands ---- */

static void do_open(struct program *program, const char *id, const json_t *command) {
    const char *profiles = text(command, "profiles");
    const struct remote_settings settings = {
        .is_lite = is_set(command, "lite"),
        .is_tcp = is_set(command, "tcp"),
        .is_active = is_set(command, "active"),
        .has_data = is_set(command, "data"),
        .hides_ssrc = is_set(command, "hides_ssrc"),
        .has_no_candidates = is_set(command, "no_candidates"),
        .audio = (unsigned)number(command, "audio", 0),
        .video = (unsigned)number(command, "video", 0),
        .faults = read_faults(command),
        .profiles = *profiles ? profiles : NULL,
        .seed = (uint64_t)number(command, "seed", (int64_t)(rand_u64() >> 16))};
    struct end *end = mem_alloc(sizeof *end);
    if (map_find(&program->ends, slice_from(id)) ||
        remote_open(&end->remote, program->loop, &settings) != 0) {
        mem_free(end);
        complain("it cannot be opened");
        return;
    }
    end->id = mem_copy_text(id);
    map_set(&program->ends, slice_from(id), end);
}

static void close_end(struct end *end) {
    while (end->plays)
        stop(end, end->plays);
    remote_close(end->remote);
    mem_free(end->id);
    mem_free(end);
}

static void do_offer(struct end *end) {
    struct buf sdp = {0};
    char candidate[128];
    remote_offer(end->remote, &sdp);
    remote_candidate(end->remote, candidate);
    buf_add_byte(&sdp, 0);
    say(json_pack("{s:s,s:s,s:s,s:s}", "is", "offer", "id", end->id, "sdp", sdp.data, "candidate",
                  candidate));
    buf_free(&sdp);
}

static void do_add(struct end *end, const json_t *command) {
    unsigned section = remote_add_section(
        end->remote, strcmp(text(command, "kind"), "video") == 0 ? REMOTE_VIDEO : REMOTE_AUDIO);
    if (*text(command, "track"))
        remote_set_track(end->remote, section, text(command, "stream"), text(command, "track"));
    say(json_pack("{s:s,s:s,s:i}", "is", "added", "id", end->id, "section", (int)section));
}

static void do_send(struct end *end, unsigned section, const json_t *command) {
    uint8_t payload[PAYLOAD_MAX];
    size_t len = read_hex(text(command, "payload"), payload, sizeof payload);
    if (!remote_send(end->remote, section, (uint8_t)number(command, "type", 111),
                     (uint16_t)number(command, "seq", 0), (uint32_t)number(command, "timestamp", 0),
                     slice_of(payload, len)))
        complain("it is not connected");
}

static void do_raw(struct end *end, const json_t *command) {
    uint8_t payload[PAYLOAD_MAX];
    size_t len = read_hex(text(command, "payload"), payload, sizeof payload);
    for (int64_t i = number(command, "count", 1); i > 0; i--)
        remote_send_raw(end->remote, payload, len, is_set(command, "elsewhere"));
}

/* What concerns one section. False: no such command. */
static bool do_section(struct end *end, const char *what, const json_t *command) {
    unsigned section = (unsigned)number(command, "section", 0);
    if (section >= remote_section_count(end->remote))
        complain("no such section");
    else if (strcmp(what, "track") == 0)
        remote_set_track(end->remote, section, text(command, "stream"), text(command, "track"));
    else if (strcmp(what, "sends") == 0)
        remote_set_sending(end->remote, section, is_set(command, "sends"));
    else if (strcmp(what, "ssrc") == 0)
        remote_change_ssrc(end->remote, section);
    else if (strcmp(what, "send") == 0)
        do_send(end, section, command);
    else if (strcmp(what, "play") == 0)
        do_play(end, command);
    else if (strcmp(what, "stop") == 0 && find_play(end, section))
        stop(end, find_play(end, section));
    else if (strcmp(what, "report") == 0)
        remote_send_report(end->remote, section, strtoull(text(command, "ntp"), NULL, 16),
                           (uint32_t)number(command, "rtp_time", 0));
    else if (strcmp(what, "bye") == 0)
        remote_send_bye(end->remote, section);
    else
        return strcmp(what, "stop") == 0;
    return true;
}

static void do_command(struct program *program, const json_t *command) {
    const char *what = text(command, "do"), *id = text(command, "id");
    if (strcmp(what, "open") == 0) {
        do_open(program, id, command);
        return;
    }
    struct end *end = map_find(&program->ends, slice_from(id));
    if (!end)
        complain("no such connection");
    else if (strcmp(what, "offer") == 0)
        do_offer(end);
    else if (strcmp(what, "answer") == 0)
        remote_answer(end->remote, slice_from(text(command, "sdp")));
    else if (strcmp(what, "add") == 0)
        do_add(end, command);
    else if (strcmp(what, "restart") == 0)
        remote_restart(end->remote);
    else if (strcmp(what, "move") == 0)
        (void)remote_move(end->remote);
    else if (strcmp(what, "faults") == 0)
        remote_set_faults(end->remote, read_faults(command));
    else if (strcmp(what, "raw") == 0)
        do_raw(end, command);
    else if (strcmp(what, "stats") == 0)
        tell_stats(end);
    else if (strcmp(what, "close") == 0)
        close_end(map_remove(&program->ends, slice_from(id)));
    else if (!do_section(end, what, command))
        complain("no such command");
}

static void take_lines(struct program *program) {
    size_t end;
    while ((end = slice_find_byte(buf_slice(&program->line), '\n')) < program->line.len) {
        json_t *command = json_loadb(program->line.data, end, 0, NULL);
        if (command)
            do_command(program, command);
        else
            complain("no JSON");
        json_decref(command);
        buf_consume(&program->line, end + 1);
    }
}

static void program_on_input(int events, void *arg) {
    struct program *program = arg;
    ssize_t got = read(STDIN_FILENO, buf_reserve(&program->line, 65536), 65536);
    if (got <= 0) {
        watch_set(program->input, 0);
        loop_stop(program->loop);
        return;
    }
    program->line.len += (size_t)got;
    take_lines(program);
}

int main(void) {
    struct program program = {0};
    if (srtp_init() != srtp_err_status_ok || loop_open(&program.loop) != 0 ||
        watch_open(&program.input, program.loop, STDIN_FILENO, program_on_input, &program) != 0)
        return 1;
    map_init(&program.ends, rand_u64());
    watch_set(program.input, WATCH_READ);
    timer_start(program.loop, &program.timer, TICK_MS, TICK_MS, program_on_tick, &program);
    loop_run(program.loop);
    MAP_EACH(&program.ends, at)
        close_end(at.value);
    map_free(&program.ends);
    timer_stop(&program.timer);
    watch_close(program.input);
    loop_close(program.loop);
    buf_free(&program.line);
    return 0;
}
