/* `prosa report`: the report of a meeting (docs/report.md), made again from its recordings. */
#include "app/commands/commands.h"

#include "app/commands/replay.h"
#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "app/page/page_files.h"
#include "base/buf.h"
#include "wire/web/json_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WRONG_USAGE = 2, REPORT_VERSION = 1, EVENTS_MAX = 500 };

struct report_run {
    const char *meeting; /* MEETING.json, a folder of recordings, or a meeting's id */
    const char *organization, *kind;
    const char *html; /* the file to be written; NULL: JSON on standard output */
    enum locale locale;
    struct config *config;
    struct scene scene;
    struct buf events, problem;
    uint64_t seq;
};

static bool option_set(struct report_run *run, const char *name, const char *value) {
    if (strcmp(name, "--organization") == 0)
        run->organization = value;
    else if (strcmp(name, "--kind") == 0)
        run->kind = value;
    else if (strcmp(name, "--html") == 0)
        run->html = value;
    else if (strcmp(name, "--host") == 0)
        scene_add_host(&run->scene, value);
    else
        return false;
    return true;
}

static int arguments_read(struct report_run *run, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 && !run->meeting) {
            run->meeting = argv[i];
        } else if (i + 1 == argc || !option_set(run, argv[i], argv[i + 1])) {
            buf_printf(&run->problem, "%s: unknown option or value", argv[i]);
            return WRONG_USAGE;
        } else {
            i++;
        }
    }
    if (run->meeting)
        return 0;
    buf_add_text(&run->problem, "name a MEETING.json, a folder of recordings, or a meeting");
    return WRONG_USAGE;
}

static int meeting_read(struct report_run *run) {
    bool is_good =
        slice_has_suffix(slice_from(run->meeting), SLICE(".json"))
            ? scene_add(&run->scene, run->meeting, &run->problem)
            : scene_read_meeting(&run->scene, run->meeting, run->config->audio_dir, &run->problem);
    return is_good && scene_resolve_hosts(&run->scene, &run->problem) ? 0 : 1;
}

static void report_on_feedback(const struct feedback *feedback, void *user) {
    struct report_run *run = user;
    char id[32];
    if (run->seq == EVENTS_MAX)
        return;
    snprintf(id, sizeof id, "report-%" PRIu64, ++run->seq);
    if (run->events.len > 0)
        buf_add_byte(&run->events, ',');
    struct buf json = {0};
    feedback_write_json(&json, feedback, run->locale, slice_from(id), slice_from(run->scene.name),
                        run->seq);
    buf_add_slice(&run->events, buf_slice(&json));
    buf_free(&json);
}

static void write_json(struct buf *json, const struct report_run *run, struct slice core) {
    json_open(json, NULL);
    json_add_int(json, "version", REPORT_VERSION);
    json_add_text(json, "meetingId", slice_from(run->scene.name));
    json_add_null(json, "roomName");
    json_add_text(json, "source", SLICE("recordings"));
    json_add_bool(json, "isFinal", true);
    buf_add_byte(json, ',');
    buf_add_slice(json, core);
    buf_add_text(json, ",\"events\":[");
    buf_add_slice(json, buf_slice(&run->events));
    buf_add_text(json, "],\"marks\":[]}\n");
}

/* No text in the JSON may end the element that it stands in, so there is no < in it. */
static void write_page(struct buf *page, struct slice json) {
    struct slice rest = report_page_files[0].plain, mark = SLICE(PAGE_REPORT_MARK);
    size_t at = 0;
    while (!slice_has_prefix(slice_skip(rest, at), mark))
        at++;
    buf_add_slice(page, slice_take(rest, at));
    for (size_t i = 0; i < json.len; i++) {
        if (json.ptr[i] == '<')
            buf_add_text(page, "\\u003c");
        else
            buf_add_byte(page, (uint8_t)json.ptr[i]);
    }
    buf_add_slice(page, slice_skip(rest, at + mark.len));
}

/* False: why is said. */
static bool save(struct report_run *run, struct slice text) {
    FILE *file = run->html ? fopen(run->html, "we") : stdout;
    bool is_good = file && fwrite(text.ptr, 1, text.len, file) == text.len && fflush(file) == 0;
    if (file && file != stdout)
        is_good = fclose(file) == 0 && is_good;
    if (!is_good)
        buf_printf(&run->problem, "%s: %s", run->html ? run->html : "standard output",
                   strerror(errno));
    return is_good;
}

static bool give(struct report_run *run, struct slice core) {
    struct buf json = {0}, page = {0};
    write_json(&json, run, core);
    if (run->html)
        write_page(&page, buf_slice(&json));
    bool is_good = save(run, buf_slice(run->html ? &page : &json));
    buf_free(&json);
    buf_free(&page);
    return is_good;
}

static int make(struct report_run *run) {
    struct rulebook *book;
    struct rules rules;
    struct buf core = {0};
    if (rulebook_open(&book, run->config, &run->problem))
        return 1;
    rulebook_rules(book, slice_from(run->organization), slice_from(run->kind), &rules);
    rulebook_free(book);
    bool is_good = replay_report(&run->scene, &rules, report_on_feedback, run, &core);
    if (is_good)
        is_good = give(run, buf_slice(&core));
    buf_free(&core);
    if (run->scene.unread > 0)
        fprintf(stderr, "prosa report: %zu recordings that are no WAV are left out\n",
                run->scene.unread);
    return is_good ? 0 : 1;
}

int report_main(int argc, char **argv) {
    struct report_run run = {0};
    scene_init(&run.scene);
    int code = arguments_read(&run, argc, argv);
    if (code == 0 && config_load(&run.config, &run.problem) != 0)
        code = 1;
    if (code == 0) {
        run.locale = run.config->feedback_locale;
        code = meeting_read(&run);
    }
    if (code == 0)
        code = make(&run);
    if (run.problem.len > 0)
        fprintf(stderr, "prosa report: %.*s\n", SLICE_ARG(buf_slice(&run.problem)));
    config_free(run.config);
    buf_free(&run.events);
    buf_free(&run.problem);
    scene_free(&run.scene);
    return code;
}
