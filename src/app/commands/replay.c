#include "app/commands/replay.h"

#include "app/commands/wav_reader.h"
#include "base/mem.h"
#include "meeting/report.h"

#include <stdio.h>
#include <string.h>

enum { TURN_MS = VOICE_FRAME_MS, TURN_FRAMES = VOICE_RATE_MAX_HZ / 1000 * TURN_MS };

/* One file of a participant, which is played. */
struct player {
    const struct scene_part *part;
    struct wav_reader wav;
    struct voice voice;
    struct meeting_track *track; /* NULL: not connected */
    uint64_t taken;              /* sample frames heard or skipped */
    int64_t paused_ms;           /* time that is not in the file */
    int64_t ended_ms;            /* where the file ended; -1: it still plays */
    bool is_muted;
};

struct playing {
    const struct scene *scene;
    struct meeting *meeting;
    struct player *players;
    int64_t base_ms; /* of the meeting's time: when the scene started */
    int16_t pcm[TURN_FRAMES * VOICE_CHANNELS_MAX];
};

static int64_t player_ms(const struct player *player) {
    return player->part->start_ms + player->paused_ms +
           (int64_t)(player->taken * 1000 / player->wav.format.rate_hz);
}

static void player_hear(struct playing *playing, struct player *player, size_t frames) {
    const int16_t *pcm = playing->pcm;
    while (frames > 0) {
        struct voice_frame frame;
        bool done;
        size_t used = voice_hear(&player->voice, pcm, frames, &frame, &done);
        pcm += used * player->wav.format.channels;
        frames -= used;
        player->taken += used;
        if (done)
            meeting_hear(playing->meeting, player->track, &frame,
                         playing->base_ms + player_ms(player) - VOICE_DELAY_MS);
    }
}

static bool spans_cover(const struct scene_spans *spans, int64_t at_ms) {
    for (size_t i = 0; i < spans->count; i++)
        if (at_ms >= spans->span[i].from_ms && at_ms < spans->span[i].to_ms)
            return true;
    return false;
}

/* The detector judges a frame only after it has heard what follows, so silence follows the end. */
static void player_end(struct playing *playing, struct player *player) {
    size_t rest = (size_t)player->wav.format.rate_hz * 2 * VOICE_DELAY_MS / 1000;
    player->ended_ms = player_ms(player);
    memset(playing->pcm, 0, sizeof playing->pcm);
    while (rest > 0) {
        size_t frames = rest < TURN_FRAMES ? rest : TURN_FRAMES;
        player_hear(playing, player, frames);
        rest -= frames;
    }
}

static void player_miss(struct playing *playing, struct player *player, int64_t from_ms,
                        int64_t until_ms) {
    voice_skip(&player->voice, TURN_MS);
    meeting_miss(playing->meeting, player->track, playing->base_ms + from_ms,
                 playing->base_ms + until_ms);
}

/* Takes from the file what is due at until_ms. */
static void player_read(struct playing *playing, struct player *player, int64_t from_ms,
                        int64_t until_ms) {
    int64_t due_ms = until_ms - player->part->start_ms - player->paused_ms;
    uint64_t until = (uint64_t)due_ms * player->wav.format.rate_hz / 1000;
    size_t frames = wav_reader_read(&player->wav, playing->pcm, (size_t)(until - player->taken));
    bool is_over = frames < until - player->taken;
    if (player->is_muted || spans_cover(&player->part->gaps, from_ms)) {
        player->taken += frames;
        player_miss(playing, player, from_ms, until_ms);
    } else {
        player_hear(playing, player, frames);
    }
    if (is_over)
        player_end(playing, player);
}

/* Plays up to `until_ms`. */
static void player_turn(struct playing *playing, struct player *player, int64_t from_ms,
                        int64_t until_ms) {
    bool is_paused = spans_cover(&player->part->pauses, from_ms);
    bool is_muted = is_paused || spans_cover(&player->part->muted, from_ms);
    if (is_muted != player->is_muted)
        meeting_set_mic(playing->meeting, player->track, is_muted ? MIC_MUTED : MIC_OPEN,
                        playing->base_ms + from_ms);
    player->is_muted = is_muted;
    if (player->ended_ms >= 0)
        return;
    if (!is_paused) {
        player_read(playing, player, from_ms, until_ms);
        return;
    }
    player->paused_ms += until_ms - from_ms;
    player_miss(playing, player, from_ms, until_ms);
}

static bool player_open(struct player *player) {
    int error = wav_reader_open(&player->wav, player->part->path);
    if (error) {
        fprintf(stderr, "prosa: %s: %s\n", player->part->path, wav_reader_why(error));
        return false;
    }
    voice_init(&player->voice, player->wav.format.rate_hz, player->wav.format.channels);
    player->ended_ms = -1;
    return true;
}

static void player_join(struct playing *playing, struct player *player, int64_t now_ms) {
    const struct scene_part *part = player->part;
    struct participant *participant = meeting_add(playing->meeting, slice_from(part->id));
    meeting_set_name(participant, slice_from(part->name));
    meeting_set_host(participant, part->is_host);
    player->track = meeting_connect(playing->meeting, participant, playing->base_ms + now_ms);
    meeting_set_dtx(player->track, part->is_dtx);
}

/* Joins those who are due, and takes leave of those who are over: a participant leaves when
 * everything they said has been judged. How many play, or are still to come. */
static size_t players_follow(struct playing *playing, int64_t now_ms) {
    size_t count = 0;
    for (size_t i = 0; i < playing->scene->count; i++) {
        struct player *player = &playing->players[i];
        if (!player->track && player->ended_ms < 0 && now_ms + TURN_MS > player->part->start_ms)
            player_join(playing, player, now_ms);
        if (player->track && player->ended_ms >= 0 &&
            now_ms >= player->ended_ms + MEETING_WAIT_MS + MEETING_STEP_MS) {
            meeting_disconnect(playing->meeting, player->track, playing->base_ms + now_ms);
            player->track = NULL;
        }
        count += player->track || player->ended_ms < 0;
    }
    return count;
}

static bool play(struct playing *playing, feedback_fn *on_feedback, void *user) {
    size_t count = playing->scene->count;
    for (size_t i = 0; i < count; i++) {
        playing->players[i].part = &playing->scene->parts[i];
        if (!player_open(&playing->players[i]))
            return false;
    }
    for (int64_t from_ms = 0; players_follow(playing, from_ms) > 0; from_ms += TURN_MS) {
        for (size_t i = 0; i < count; i++)
            if (playing->players[i].track)
                player_turn(playing, &playing->players[i], from_ms, from_ms + TURN_MS);
        meeting_judge(playing->meeting, playing->base_ms + from_ms + TURN_MS, on_feedback, user);
    }
    return true;
}

struct replay_listener {
    struct meeting *meeting;
    feedback_fn *on_feedback;
    void *user;
};

static void replay_on_feedback(const struct feedback *feedback, void *user) {
    const struct replay_listener *listener = user;
    report_event(meeting_report(listener->meeting), feedback);
    listener->on_feedback(feedback, listener->user);
}

static bool replay_from(const struct scene *scene, const struct rules *rules, int64_t base_ms,
                        feedback_fn *on_feedback, void *user, struct buf *report) {
    struct playing *playing = mem_alloc(sizeof *playing);
    playing->scene = scene;
    playing->base_ms = base_ms;
    playing->meeting = meeting_new(rules, base_ms);
    playing->players = mem_alloc_array(scene->count, sizeof *playing->players);
    struct replay_listener listener = {playing->meeting, on_feedback, user};
    bool is_good = play(playing, replay_on_feedback, &listener);
    if (is_good && report)
        meeting_write_report(report, playing->meeting, 0);
    for (size_t i = 0; i < scene->count; i++)
        wav_reader_close(&playing->players[i].wav);
    mem_free(playing->players);
    meeting_free(playing->meeting);
    mem_free(playing);
    return is_good;
}

bool replay(const struct scene *scene, const struct rules *rules, feedback_fn *on_feedback,
            void *user) {
    return replay_from(scene, rules, 0, on_feedback, user, NULL);
}

bool replay_report(const struct scene *scene, const struct rules *rules, feedback_fn *on_feedback,
                   void *user, struct buf *report) {
    return replay_from(scene, rules, scene->started_ms, on_feedback, user, report);
}
