/* `prosa rules score`: what other settings of the rules would have told in a recorded meeting. */
#include "app/commands/commands.h"

#include "app/commands/replay.h"
#include "app/commands/told.h"
#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "base/mem.h"
#include "meeting/rule.h"
#include "outside/store/store.h"
#include "outside/store/store_admin.h"
#include "outside/store/store_verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { WRONG_USAGE = 2, CHANGES_MAX = 64, WHY_BYTES = 512 };

struct score {
    const char *meeting;    /* MEETING.json, a folder of recordings, or a meeting's id */
    const char *rules_file; /* --rules; NULL: RULES_FILE */
    const char *organization, *kind;
    const char *changes[CHANGES_MAX]; /* --set */
    size_t change_count;
    bool proves_zeros; /* --no-dtx */
    bool has_stored;   /* the database was read */
    struct config *config;
    struct scene scene;
    struct buf problem;
    struct told stored, present, other;
};

/* ---- The command line ---- */

static bool option_set(struct score *score, const char *name, const char *value) {
    if (strcmp(name, "--rules") == 0)
        score->rules_file = value;
    else if (strcmp(name, "--organization") == 0)
        score->organization = value;
    else if (strcmp(name, "--kind") == 0)
        score->kind = value;
    else if (strcmp(name, "--host") == 0)
        scene_add_host(&score->scene, value);
    else if (strcmp(name, "--set") == 0 && score->change_count < CHANGES_MAX)
        score->changes[score->change_count++] = value;
    else
        return false;
    return true;
}

static int arguments_read(struct score *score, int argc, char **argv) {
    if (argc < 3 || strcmp(argv[1], "score") != 0)
        return WRONG_USAGE;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--no-dtx") == 0) {
            score->proves_zeros = true;
        } else if (strncmp(argv[i], "--", 2) != 0 && !score->meeting) {
            score->meeting = argv[i];
        } else if (i + 1 == argc || !option_set(score, argv[i], argv[i + 1])) {
            buf_printf(&score->problem, "%s: unknown option or value", argv[i]);
            return WRONG_USAGE;
        } else {
            i++;
        }
    }
    if (score->meeting)
        return 0;
    buf_add_text(&score->problem, "name a MEETING.json, a folder of recordings, or a meeting");
    return WRONG_USAGE;
}

/* ---- The rules ---- */

static bool has_other(const struct score *score) {
    return score->rules_file || score->change_count > 0;
}

/* "RULE_VOLUME_BAIXO_BELOW_DBFS=-30" */
static int change_apply(struct score *score, const char *change, struct rules *rules) {
    const struct rule_setting *setting;
    struct slice name, value;
    if (!slice_split(slice_from(change), '=', &name, &value) ||
        !slice_has_prefix_nocase(name, SLICE("RULE_"))) {
        buf_printf(&score->problem, "--set %s: write RULE_<TYPE>_<FIELD>=NUMBER", change);
        return 1;
    }
    int err = rules_set(rules, slice_skip(name, strlen("RULE_")), value, &setting);
    if (err == ENOENT)
        buf_printf(&score->problem, "%.*s is not a setting of the rules; see prosa --help",
                   SLICE_ARG(name));
    else if (err)
        buf_printf(&score->problem, "%.*s is \"%.*s\": it must be a number from %g to %g",
                   SLICE_ARG(name), SLICE_ARG(value), setting->min, setting->max);
    return err ? 1 : 0;
}

static int rules_read(struct score *score, bool is_other, struct rules *rules) {
    struct rulebook *book;
    const char *file = score->config->rules_file;
    if (is_other && score->rules_file)
        score->config->rules_file = score->rules_file;
    int code = rulebook_open(&book, score->config, &score->problem) ? 1 : 0;
    if (code == 0) {
        rulebook_rules(book, slice_from(score->organization), slice_from(score->kind), rules);
        rulebook_free(book);
    }
    score->config->rules_file = file;
    for (size_t i = 0; code == 0 && is_other && i < score->change_count; i++)
        code = change_apply(score, score->changes[i], rules);
    return code;
}

/* ---- The meeting ---- */

static int folder_read(struct score *score) {
    bool is_good = scene_read_meeting(&score->scene, score->meeting, score->config->audio_dir,
                                      &score->problem);
    for (size_t i = 0; i < score->scene.count && score->proves_zeros; i++)
        score->scene.parts[i].is_dtx = false;
    return is_good ? 0 : 1;
}

static void on_stored(const struct store_feedback *feedback, void *user) {
    struct score *score = user;
    told_add(&score->stored, feedback->ts_ms - score->scene.started_ms, feedback->id,
             feedback->type, feedback->severity, feedback->participant_id);
}

static void on_verdict(const struct store_verdict *verdict, void *user) {
    struct score *score = user;
    bool is_wrong = slice_is_equal(verdict->verdict, SLICE("wrong"));
    if (!is_wrong && !slice_is_equal(verdict->verdict, SLICE("told")))
        return;
    told_judge(&score->stored, is_wrong ? told_wrong : told_on,
               verdict->said_ms - score->scene.started_ms, verdict->feedback_id, verdict->type,
               verdict->participant_id.len > 0 ? verdict->participant_id : SLICE("group"));
}

static void print_wait(const char *what) {
    fprintf(stderr, "prosa: waiting: %s\n", what);
}

/* Recordings may have come from elsewhere: without their database they are judged all the same. */
static void stored_read(struct score *score) {
    struct store_admin *admin;
    struct stat info;
    if (!score->config->database_url && stat(score->config->default_database, &info) != 0)
        return;
    char why[WHY_BYTES] = "";
    int err = store_admin_open(&admin, score->config->database_url, score->config->default_database,
                               print_wait, why, sizeof why);
    if (err) {
        fprintf(stderr, "prosa rules: no stored events: %s\n", why);
        return;
    }
    err = store_admin_feedback(admin, slice_from(score->scene.name), why, sizeof why, on_stored,
                               score);
    if (err)
        fprintf(stderr, "prosa rules: no stored events: %s\n", why);
    score->has_stored = !err;
    if (!err && store_admin_verdicts(admin, slice_from(score->scene.name), why, sizeof why,
                                     on_verdict, score))
        fprintf(stderr, "prosa rules: no verdicts of hosts: %s\n", why);
    store_admin_close(admin);
}

/* Of recordings the stored events are compared; a MEETING.json has none. */
static int meeting_read(struct score *score) {
    if (slice_has_suffix(slice_from(score->meeting), SLICE(".json")))
        return scene_add(&score->scene, score->meeting, &score->problem) ? 0 : 1;
    int code = folder_read(score);
    if (code == 0)
        stored_read(score);
    return code;
}

static void on_replayed(const struct feedback *feedback, void *user) {
    told_add(user, feedback->ts_ms, SLICE(""), slice_from(feedback_type_name(feedback->type)),
             slice_from(severity_name(feedback->severity)), slice_from(feedback->participant));
}

static int score_play(struct score *score, bool is_other, struct told *told) {
    struct rules rules;
    int code = rules_read(score, is_other, &rules);
    if (code == 0 && !replay(&score->scene, &rules, on_replayed, told))
        code = 1;
    return code;
}

/* ---- The command ---- */

static void score_print(struct score *score) {
    struct told *after = has_other(score) ? &score->other : &score->present;
    struct told *before = score->has_stored ? &score->stored : &score->present;
    printf("%s: %zu recordings", score->scene.name, score->scene.count);
    if (score->scene.unread > 0)
        printf(", %zu more are no WAV and were not heard", score->scene.unread);
    printf("\n\n");
    told_print_counts(score->has_stored ? &score->stored : NULL, &score->present,
                      has_other(score) ? &score->other : NULL);
    told_print_changes(before, after);
}

static int score_run(struct score *score) {
    int code = config_load(&score->config, &score->problem) ? 1 : 0;
    if (code == 0)
        code = meeting_read(score);
    if (code == 0 && !scene_resolve_hosts(&score->scene, &score->problem))
        code = 1;
    if (code == 0)
        code = score_play(score, false, &score->present);
    if (code == 0 && has_other(score))
        code = score_play(score, true, &score->other);
    if (code == 0)
        score_print(score);
    return code;
}

int rules_main(int argc, char **argv) {
    struct score *score = mem_alloc(sizeof *score);
    scene_init(&score->scene);
    int code = arguments_read(score, argc, argv);
    if (code == 0)
        code = score_run(score);
    if (score->problem.len > 0)
        fprintf(stderr, "prosa rules: %.*s\n", SLICE_ARG(buf_slice(&score->problem)));
    told_free(&score->stored);
    told_free(&score->present);
    told_free(&score->other);
    scene_free(&score->scene);
    config_free(score->config);
    buf_free(&score->problem);
    mem_free(score);
    return code;
}
