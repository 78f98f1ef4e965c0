/* A meeting in which anything may happen in any order. What must hold: events in the order of time,
 * none about hosts, no type repeated too soon (what is worse aside), statistics that are JSON. */
#include "meeting/meeting.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 4, OPS_MAX = 4000 };

struct seen {
    int64_t last_ms;
    int64_t told_ms[FEEDBACK_TYPES][PEOPLE + 1];
    enum severity severity[FEEDBACK_TYPES][PEOPLE + 1];
};

static void check(const struct feedback *feedback, void *user) {
    struct seen *seen = user;
    assert(feedback->ts_ms >= seen->last_ms);
    seen->last_ms = feedback->ts_ms;
    assert(feedback->window_start_ms < feedback->window_end_ms);
    assert(strcmp(feedback->participant, "host") != 0);
    int who = feedback->is_group ? PEOPLE : feedback->participant[0] - 'a';
    if (feedback->type == FEEDBACK_OVERLAP_FALA)
        who = PEOPLE; /* the reminders are the meeting's, not that of the person named */
    assert(who >= 0 && who <= PEOPLE);
    int64_t *told = &seen->told_ms[feedback->type][who];
    enum severity *severity = &seen->severity[feedback->type][who];
    bool is_worse = feedback->severity > *severity;
    assert(*told == 0 || feedback->ts_ms - *told >= 10000 || is_worse);
    *told = feedback->ts_ms;
    *severity = feedback->severity;
    for (unsigned i = 0; i < feedback->facts; i++)
        assert(isfinite(feedback->fact[i].value));
    struct buf out = {0};
    feedback_write_json(&out, feedback, LOCALE_EN, SLICE("i"), SLICE("m"), 1);
    buf_free(&out);
}

static struct voice_frame frame_of(uint8_t a, uint8_t b) {
    float level = powf(10.0f, -(float)(a & 127) / 20.0f);
    return (struct voice_frame){
        .power = a == 0 ? 0 : level * level,
        .peak = a == 0 ? 0 : fminf(level * 2, 1),
        .clip = (float)(b & 3) / 100.0f,
        .speech = (float)(b >> 4) / 15.0f,
        .f0_hz = (b & 8) ? 60.0f + (float)a : 0,
        .periodicity = (float)(b & 15) / 15.0f,
        .syllable_db = {-(float)(a & 63), -(float)(b & 63)},
        .floor_db = -(float)(b >> 1),
    };
}

struct play {
    struct meeting *meeting;
    const char *names[PEOPLE];
    struct meeting_track *people[PEOPLE]; /* NULL: not connected */
    int64_t now_ms;
    struct seen seen;
};

static void hear_some(struct play *play, struct meeting_track *track, uint8_t a, uint8_t b) {
    struct voice_frame frame = frame_of(a, b);
    for (int i = 0; i < 1 + (b & 15); i++)
        meeting_hear(play->meeting, track, &frame, play->now_ms + i * 20 - 100);
}

static void act(struct play *play, uint8_t op, uint8_t a, uint8_t b) {
    struct meeting_track **seat = &play->people[a % PEOPLE];
    if (op % 16 >= 12) {
        play->now_ms += op % 16 == 15 ? 20 * a : 100;
        meeting_judge(play->meeting, play->now_ms, check, &play->seen);
    } else if (!*seat) {
        struct participant *participant =
            meeting_add(play->meeting, slice_from(play->names[a % PEOPLE]));
        meeting_set_host(participant, a % PEOPLE == PEOPLE - 1);
        *seat = meeting_connect(play->meeting, participant, play->now_ms + b - 128);
    } else if (op % 16 == 11) {
        meeting_disconnect(play->meeting, *seat, play->now_ms);
        *seat = NULL;
    } else if (op % 16 == 10) {
        meeting_set_mic(play->meeting, *seat, (enum mic)(b & 3), play->now_ms + b - 128);
    } else if (op % 16 == 9) {
        struct feeling feeling = {(float)a / 64 - 2, (b & 1) ? NAN : (float)b / 64 - 2};
        meeting_feel(play->meeting, meeting_track_owner(*seat), &feeling, play->now_ms - 20 * b,
                     play->now_ms);
    } else if (op % 16 == 8) {
        if (b & 1)
            meeting_pause(play->meeting);
        else
            meeting_resume(play->meeting, play->now_ms);
    } else {
        hear_some(play, *seat, b, op * 31 + a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rules rules;
    rules_init(&rules);
    rules_set(&rules, SLICE("ruido_de_fundo_enabled"), SLICE("1"), NULL);
    struct play *play = calloc(1, sizeof *play);
    *play = (struct play){.names = {"a", "b", "c", "host"}, .now_ms = 1000000};
    play->meeting = meeting_new(&rules, play->now_ms);
    for (size_t i = 0; i + 2 < size && i < 3 * OPS_MAX; i += 3)
        act(play, data[i], data[i + 1], data[i + 2]);
    struct buf out = {0};
    meeting_write_stats(&out, play->meeting);
    json_t *stats = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert(stats);
    json_decref(stats);
    buf_free(&out);
    meeting_free(play->meeting);
    free(play);
    return 0;
}
