#include "app/commands/commands.h"

#include "app/commands/scene.h"
#include "app/commands/wav_reader.h"
#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "base/buf.h"
#include "base/mem.h"
#include "meeting/meeting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = VOICE_FRAME_MS, TURN_FRAMES = VOICE_RATE_MAX_HZ / 1000 * TURN_MS };

enum format { FORMAT_JSONL, FORMAT_TEXT };

/* One participant, whose file is played. */
struct player {
    const struct scene_part *part;
    struct wav_reader wav;
    struct voice voice;
    struct meeting_track *track; /* NULL: not connected */
    uint64_t taken;              /* sample frames heard or skipped */
    int64_t ended_ms;            /* where the file ended; -1: it still plays */
    bool is_muted;
};

struct analysis {
    const struct scene *scene;
    enum format format;
    enum locale locale;
    struct meeting *meeting;
    struct player *players;
    uint64_t seq;
    struct buf line;
    int16_t pcm[TURN_FRAMES * VOICE_CHANNELS_MAX];
};

static void text_print(const struct feedback *feedback, enum locale locale) {
    char message[FEEDBACK_MESSAGE_MAX];
    feedback_message(message, feedback, locale);
    int64_t tenths = feedback->ts_ms / 100;
    printf("%02" PRId64 ":%02" PRId64 ".%" PRId64 "  %-8s  %-22s  %-16s  %s\n", tenths / 600,
           tenths / 10 % 60, tenths % 10, severity_name(feedback->severity),
           feedback_type_name(feedback->type), feedback->participant, message);
}

static void analysis_on_feedback(const struct feedback *feedback, void *arg) {
    struct analysis *analysis = arg;
    analysis->seq++;
    if (analysis->format == FORMAT_TEXT) {
        text_print(feedback, analysis->locale);
        return;
    }
    char id[32];
    snprintf(id, sizeof id, "analyze-%" PRIu64, analysis->seq);
    buf_clear(&analysis->line);
    feedback_write_json(&analysis->line, feedback, analysis->locale, slice_from(id),
                        slice_from(analysis->scene->name), analysis->seq);
    buf_add_byte(&analysis->line, '\n');
    fwrite(analysis->line.data, 1, analysis->line.len, stdout);
}

static int64_t player_ms(const struct player *player) {
    return (int64_t)(player->taken * 1000 / player->wav.format.rate_hz);
}

static void player_hear(struct analysis *analysis, struct player *player, size_t frames) {
    const int16_t *pcm = analysis->pcm;
    while (frames > 0) {
        struct voice_frame frame;
        bool done;
        size_t used = voice_hear(&player->voice, pcm, frames, &frame, &done);
        pcm += used * player->wav.format.channels;
        frames -= used;
        player->taken += used;
        if (done)
            meeting_hear(analysis->meeting, player->track, &frame,
                         player_ms(player) - VOICE_DELAY_MS);
    }
}

static bool spans_cover(const struct scene_spans *spans, int64_t at_ms) {
    for (size_t i = 0; i < spans->count; i++)
        if (at_ms >= spans->span[i].from_ms && at_ms < spans->span[i].to_ms)
            return true;
    return false;
}

/* The detector judges a frame only after it has heard what follows, so silence follows the end. */
static void player_end(struct analysis *analysis, struct player *player) {
    size_t rest = (size_t)player->wav.format.rate_hz * 2 * VOICE_DELAY_MS / 1000;
    player->ended_ms = player_ms(player);
    memset(analysis->pcm, 0, sizeof analysis->pcm);
    while (rest > 0) {
        size_t frames = rest < TURN_FRAMES ? rest : TURN_FRAMES;
        player_hear(analysis, player, frames);
        rest -= frames;
    }
}

/* Plays up to `until_ms`. */
static void player_turn(struct analysis *analysis, struct player *player, int64_t from_ms,
                        int64_t until_ms) {
    bool is_muted = spans_cover(&player->part->muted, from_ms);
    if (is_muted != player->is_muted)
        meeting_set_mic(analysis->meeting, player->track, is_muted ? MIC_MUTED : MIC_OPEN, from_ms);
    player->is_muted = is_muted;
    if (player->ended_ms >= 0)
        return;
    uint64_t until = (uint64_t)until_ms * player->wav.format.rate_hz / 1000;
    size_t frames = wav_reader_read(&player->wav, analysis->pcm, (size_t)(until - player->taken));
    bool is_over = frames < until - player->taken;
    if (is_muted || spans_cover(&player->part->gaps, from_ms)) {
        player->taken += frames;
        voice_skip(&player->voice, TURN_MS);
        meeting_miss(analysis->meeting, player->track, from_ms, until_ms);
    } else {
        player_hear(analysis, player, frames);
    }
    if (is_over)
        player_end(analysis, player);
}

static bool player_open(struct analysis *analysis, struct player *player) {
    int error = wav_reader_open(&player->wav, player->part->path);
    if (error) {
        fprintf(stderr, "prosa: %s: %s\n", player->part->path, wav_reader_why(error));
        return false;
    }
    voice_init(&player->voice, player->wav.format.rate_hz, player->wav.format.channels);
    player->ended_ms = -1;
    struct participant *participant = meeting_add(analysis->meeting, slice_from(player->part->id));
    meeting_set_name(participant, slice_from(player->part->name));
    meeting_set_host(participant, player->part->is_host);
    player->track = meeting_connect(analysis->meeting, participant, 0);
    return true;
}

/* A participant leaves when everything they said has been judged. */
static size_t players_leave(struct analysis *analysis, int64_t now_ms) {
    size_t playing = 0;
    for (size_t i = 0; i < analysis->scene->count; i++) {
        struct player *player = &analysis->players[i];
        if (player->track && player->ended_ms >= 0 &&
            now_ms >= player->ended_ms + MEETING_WAIT_MS + MEETING_STEP_MS) {
            meeting_disconnect(analysis->meeting, player->track, now_ms);
            player->track = NULL;
        }
        playing += player->track != NULL;
    }
    return playing;
}

static bool analysis_play(struct analysis *analysis) {
    size_t count = analysis->scene->count;
    for (size_t i = 0; i < count; i++) {
        analysis->players[i].part = &analysis->scene->parts[i];
        if (!player_open(analysis, &analysis->players[i]))
            return false;
    }
    for (int64_t from_ms = 0; players_leave(analysis, from_ms) > 0; from_ms += TURN_MS) {
        for (size_t i = 0; i < count; i++)
            if (analysis->players[i].track)
                player_turn(analysis, &analysis->players[i], from_ms, from_ms + TURN_MS);
        meeting_judge(analysis->meeting, from_ms + TURN_MS, analysis_on_feedback, analysis);
    }
    return fflush(stdout) == 0;
}

static bool analyze(const struct scene *scene, const struct rules *rules, enum format format,
                    enum locale locale) {
    struct analysis *analysis = mem_alloc(sizeof *analysis);
    analysis->scene = scene;
    analysis->format = format;
    analysis->locale = locale;
    analysis->meeting = meeting_new(rules, 0);
    analysis->players = mem_alloc_array(scene->count, sizeof *analysis->players);
    bool is_good = analysis_play(analysis);
    for (size_t i = 0; i < scene->count; i++)
        wav_reader_close(&analysis->players[i].wav);
    mem_free(analysis->players);
    meeting_free(analysis->meeting);
    buf_free(&analysis->line);
    mem_free(analysis);
    return is_good;
}

struct options {
    enum format format;
    const char *locale;
    const char *organization, *kind;
};

static bool option_set(struct options *options, struct scene *scene, const char *name,
                       const char *value) {
    if (strcmp(name, "--format") == 0 && strcmp(value, "jsonl") == 0)
        options->format = FORMAT_JSONL;
    else if (strcmp(name, "--format") == 0 && strcmp(value, "text") == 0)
        options->format = FORMAT_TEXT;
    else if (strcmp(name, "--locale") == 0)
        options->locale = value;
    else if (strcmp(name, "--organization") == 0)
        options->organization = value;
    else if (strcmp(name, "--kind") == 0)
        options->kind = value;
    else if (strcmp(name, "--host") == 0)
        scene_add_host(scene, value);
    else
        return false;
    return true;
}

static bool is_file(const char *word) {
    return slice_has_suffix(slice_from(word), SLICE(".json"));
}

/* Fills the scene from the command line. The exit code so far: 0, or a sentence in `problem`. */
static int arguments_read(int argc, char **argv, struct options *options, struct scene *scene,
                          struct buf *problem) {
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0) {
            if (!scene_add(scene, argv[i], problem))
                return is_file(argv[i]) ? 1 : 2;
        } else if (i + 1 == argc || !option_set(options, scene, argv[i], argv[i + 1])) {
            buf_printf(problem, "%s: unknown option or value", argv[i]);
            return 2;
        } else {
            i++;
        }
    }
    if (scene->count > 0)
        return 0;
    buf_add_text(problem, "name a MEETING.json, or ID=FILE.wav for each participant");
    return 2;
}

/* The option, else the setting. Returns the same. */
static int locale_read(const struct options *options, const struct config *config,
                       enum locale *locale, struct buf *problem) {
    *locale = config->feedback_locale;
    if (!options->locale || locale_find(slice_from(options->locale), locale))
        return 0;
    buf_add_text(problem, "--locale is pt-BR or en");
    return 2;
}

/* The settings, changed by RULES_FILE. */
static int rules_read(const struct options *options, const struct config *config,
                      struct rules *rules, struct buf *problem) {
    struct rulebook *book;
    if (rulebook_open(&book, config, problem))
        return 1;
    rulebook_rules(book, slice_from(options->organization), slice_from(options->kind), rules);
    rulebook_free(book);
    return 0;
}

int analyze_main(int argc, char **argv) {
    struct options options = {0};
    struct scene scene;
    struct config *config = NULL;
    struct buf problem = {0};
    enum locale locale;
    struct rules rules;

    scene_init(&scene);
    int code = arguments_read(argc, argv, &options, &scene, &problem);
    if (code == 0 && config_load(&config, &problem) != 0)
        code = 1;
    if (code == 0)
        code = locale_read(&options, config, &locale, &problem);
    if (code == 0)
        code = rules_read(&options, config, &rules, &problem);
    if (code == 0 && (!scene_resolve_hosts(&scene, &problem) ||
                      !analyze(&scene, &rules, options.format, locale)))
        code = 1;
    if (problem.len > 0)
        fprintf(stderr, "prosa analyze: %.*s\n", SLICE_ARG(buf_slice(&problem)));
    config_free(config);
    buf_free(&problem);
    scene_free(&scene);
    return code;
}
