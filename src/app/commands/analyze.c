#include "app/commands/commands.h"

#include "app/commands/replay.h"
#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum format { FORMAT_JSONL, FORMAT_TEXT };

/* How the feedback is printed. */
struct analysis {
    const struct scene *scene;
    enum format format;
    enum locale locale;
    uint64_t seq;
    struct buf line;
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

static bool analyze(const struct scene *scene, const struct rules *rules, enum format format,
                    enum locale locale) {
    struct analysis analysis = {.scene = scene, .format = format, .locale = locale};
    bool is_good = replay(scene, rules, analysis_on_feedback, &analysis) && fflush(stdout) == 0;
    buf_free(&analysis.line);
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
    buf_add_text(problem, "--locale is pt-BR, en or es");
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
