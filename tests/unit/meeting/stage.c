#include "stage.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_MS = VOICE_FRAME_MS, RING = 4096 };

#define PI 3.14159265358979323846

static void stage_tell(const struct feedback *feedback, void *user) {
    struct stage *stage = user;
    assert(stage->tolds < TOLD);
    stage->told[stage->tolds++] = *feedback;
}

void stage_open(struct stage *stage, const struct rules *rules) {
    struct rules defaults;
    rules_init(&defaults);
    memset(stage, 0, sizeof *stage);
    stage->meeting = meeting_new(rules ? rules : &defaults, 0);
}

void stage_close(struct stage *stage) {
    meeting_free(stage->meeting);
}

struct actor *stage_open_two(struct stage *stage, const struct rules *rules) {
    stage_open(stage, rules);
    struct actor *ana = stage_join(stage, "ana");
    stage_join(stage, "bob");
    return ana;
}

void stage_open_three(struct stage *stage, struct actor *actors[3]) {
    static const char *const names[] = {"ana", "bob", "eva"};
    stage_open(stage, NULL);
    for (int i = 0; i < 3; i++)
        actors[i] = stage_join(stage, names[i]);
}

static int64_t stage_now_ms(const struct stage *stage) {
    return stage->frame * FRAME_MS;
}

double stage_now_s(const struct stage *stage) {
    return (double)stage_now_ms(stage) / 1000;
}

struct actor *stage_join(struct stage *stage, const char *identity) {
    assert(stage->count < ACTORS);
    struct actor *actor = &stage->actors[stage->count++];
    *actor = (struct actor){
        .participant = meeting_add(stage->meeting, slice_from(identity)),
        .level_dbfs = -21,
        .noise_dbfs = -65,
        .clip = 0.02,
        .syllables_per_s = 4.5,
        .pitch_hz = 140,
        .pitch_semitones = 3,
        .seed = (uint64_t)stage->count * 0x9E3779B97F4A7C15u,
    };
    actor->track = meeting_connect(stage->meeting, actor->participant, stage_now_ms(stage));
    return actor;
}

void stage_leave(struct stage *stage, struct actor *actor) {
    meeting_disconnect(stage->meeting, actor->track, stage_now_ms(stage));
    actor->participant = NULL;
}

void actor_speak(struct actor *actor, double level_dbfs) {
    actor->doing = SPEAKS;
    actor->level_dbfs = level_dbfs;
}

void actor_listen(struct actor *actor) {
    actor->doing = LISTENS;
}

void actor_do(struct actor *actor, enum doing doing) {
    actor->doing = doing;
}

void stage_mute(struct stage *stage, struct actor *actor, bool is_muted) {
    stage_set_mic(stage, actor, is_muted ? MIC_MUTED : MIC_OPEN);
}

void stage_set_mic(struct stage *stage, struct actor *actor, enum mic mic) {
    meeting_set_mic(stage->meeting, actor->track, mic, stage_now_ms(stage));
}

/* 0..1 */
static double actor_chance(struct actor *actor) {
    actor->seed = actor->seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(actor->seed >> 40) / (1 << 24);
}

static double db_power(double db) {
    return db <= -120 ? 0 : pow(10, db / 10);
}

/* A voice goes up and down by some 3 dB, smoothly and by chance; its mean power is the level's. */
static double actor_voice(struct actor *actor) {
    if (actor->doing != SPEAKS && actor->doing != CLIPS)
        return 0;
    actor->swing_db = 0.6 * actor->swing_db + 8 * (actor_chance(actor) - 0.5);
    return db_power(actor->level_dbfs + actor->swing_db - 1);
}

static struct voice_frame actor_frame(struct actor *actor, int64_t frame) {
    double voice = actor->power[frame % RING] = actor_voice(actor);
    double echo = 0;
    if (actor->echo_of && frame >= actor->echo_frames)
        echo =
            actor->echo_of->power[(frame - actor->echo_frames) % RING] * db_power(-actor->echo_db);
    double power = actor->doing == SENDS_ZEROS ? 0 : voice + echo + db_power(actor->noise_dbfs);
    double t = (double)frame * FRAME_MS / 1000;
    struct voice_frame out = {
        .power = (float)power,
        .peak = (float)fmin(1, sqrt(power) * 3),
        .clip = actor->doing == CLIPS ? (float)actor->clip : 0,
        .speech = voice + echo > 10 * db_power(actor->noise_dbfs) ? 0.97f : 0.02f,
        .floor_db = (float)actor->noise_dbfs,
    };
    if (actor->doing == SENDS_NEAR_ZEROS || actor->doing == SENDS_FAINT_NOISE) {
        bool is_noise = actor->doing == SENDS_FAINT_NOISE;
        out.peak = (is_noise ? 2.0f : 1.0f) / 32768;
        out.nonzero = is_noise ? 0.95f : frame % 10 == 0 ? 0.06f : 0;
    }
    if (voice > 0) {
        out.periodicity = 0.9f;
        out.f0_hz = (float)(actor->pitch_hz *
                            pow(2, actor->pitch_semitones / 12 * 1.5 * sin(2 * PI * 0.31 * t)));
    }
    for (int i = 0; i < 2; i++) {
        double at = t + i * 0.01;
        out.syllable_db[i] =
            voice > 0 ? (float)(actor->level_dbfs + 5 * cos(2 * PI * actor->syllables_per_s * at))
                      : -80;
    }
    return out;
}

static void stage_frame(struct stage *stage) {
    int64_t end_ms = stage_now_ms(stage) + FRAME_MS;
    for (int i = 0; i < stage->count; i++) {
        struct actor *actor = &stage->actors[i];
        if (!actor->participant)
            continue;
        struct voice_frame frame = actor_frame(actor, stage->frame);
        if (actor->doing != SENDS_NOTHING)
            meeting_hear(stage->meeting, actor->track, &frame, end_ms);
    }
    stage->frame++;
    meeting_judge(stage->meeting, end_ms + VOICE_DELAY_MS, stage_tell, stage);
}

void stage_play(struct stage *stage, double seconds) {
    int64_t end = stage->frame + llround(seconds * 1000 / FRAME_MS);
    while (stage->frame < end)
        stage_frame(stage);
}

void stage_say(struct stage *stage, struct actor *actor, double seconds) {
    actor_speak(actor, actor->level_dbfs);
    stage_play(stage, seconds);
    actor_listen(actor);
}

void stage_say_in_mood(struct stage *stage, struct actor *actor, double seconds, float valence,
                       float arousal) {
    actor_speak(actor, -21);
    for (double done = 0; done < seconds; done += 2) {
        stage_play(stage, 2);
        int64_t now = (int64_t)(stage_now_s(stage) * 1000);
        struct feeling feeling = {valence, arousal};
        meeting_feel(stage->meeting, actor->participant, &feeling, now - 2000, now);
    }
    actor_listen(actor);
    stage_play(stage, 0.4);
}

static bool is_told(const struct feedback *told, enum feedback_type type, const char *who) {
    return told->type == type && (!who || strcmp(told->participant, who) == 0);
}

int stage_count(const struct stage *stage, enum feedback_type type, const char *who) {
    int count = 0;
    for (int i = 0; i < stage->tolds; i++)
        count += is_told(&stage->told[i], type, who);
    return count;
}

const struct feedback *stage_told(const struct stage *stage, enum feedback_type type, int n) {
    for (int i = 0; i < stage->tolds; i++)
        if (is_told(&stage->told[i], type, NULL) && n-- == 0)
            return &stage->told[i];
    return NULL;
}

double told_s(const struct feedback *feedback) {
    return (double)feedback->ts_ms / 1000;
}

double told_fact(const struct feedback *feedback, enum feedback_fact fact) {
    for (unsigned i = 0; i < feedback->facts; i++)
        if (feedback->fact[i].fact == fact)
            return feedback->fact[i].value;
    return NAN;
}
