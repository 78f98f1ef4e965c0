#include "app/commands/admin.h"

#include "app/config/config.h"
#include "base/buf.h"
#include "outside/store/store_admin.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WHY_BYTES = 512 };

/* One command at work: the settings, the database, what is to be printed. */
struct work {
    struct config *config;
    struct store_admin *admin;
    struct buf lines;
    char why[WHY_BYTES];
};

static int usage(const char *text) {
    fputs(text, stderr);
    return 2;
}

static bool is_help(int argc, char **argv) {
    return argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

static int work_start(struct work *work) {
    struct buf problem = {0};
    int err = config_load(&work->config, &problem);
    if (err)
        snprintf(work->why, sizeof work->why, "%.*s", SLICE_ARG(buf_slice(&problem)));
    buf_free(&problem);
    if (err)
        return err;
    return store_admin_open(&work->admin, work->config->database_url,
                            work->config->default_database, work->why, sizeof work->why);
}

static int work_end(struct work *work, int err) {
    if (err)
        fprintf(stderr, "prosa: %s\n", work->why);
    else
        fwrite(work->lines.data ? work->lines.data : "", 1, work->lines.len, stdout);
    store_admin_close(work->admin);
    if (work->config)
        config_free(work->config);
    buf_free(&work->lines);
    return err ? 1 : 0;
}

int migrate_main(int argc, char **argv) {
    static const char help[] =
        "usage: prosa migrate [--status | --dry-run]\n\n"
        "Brings the database of DATABASE_URL up to this program (as starting the server does).\n"
        "  --status   say which steps are applied\n"
        "  --dry-run  print the SQL that is missing, and change nothing\n";
    struct work work = {0};
    const char *option = argc > 1 ? argv[1] : "";
    if (is_help(argc, argv))
        return fputs(help, stdout) < 0;
    const bool is_status = strcmp(option, "--status") == 0,
               is_dry = strcmp(option, "--dry-run") == 0;
    if (argc > 2 || (*option && !is_status && !is_dry))
        return usage(help);
    int err = work_start(&work);
    if (!err && is_status)
        err = store_admin_status(work.admin, &work.lines, work.why, sizeof work.why);
    else if (!err)
        err = store_admin_migrate(work.admin, is_dry, &work.lines, work.why, sizeof work.why);
    if (!err && !is_status && work.lines.len == 0)
        buf_add_text(&work.lines, "The database is up to date.\n");
    return work_end(&work, err);
}

int backup_main(int argc, char **argv) {
    static const char help[] =
        "usage: prosa backup FILE\n\n"
        "Copies the SQLite database into a new file, while a server may be writing to it. To "
        "restore:\n"
        "stop the server, put the copy where the database was, remove its -wal and -shm, start.\n"
        "A PostgreSQL database is backed up with pg_dump.\n";
    struct work work = {0};
    if (is_help(argc, argv))
        return fputs(help, stdout) < 0;
    if (argc != 2 || argv[1][0] == '-')
        return usage(help);
    int err = work_start(&work);
    if (!err)
        err = store_admin_backup(work.admin, argv[1], work.why, sizeof work.why);
    return work_end(&work, err);
}

int org_main(int argc, char **argv) {
    static const char help[] =
        "usage: prosa org link SLUG | unlink SLUG | list\n\n"
        "A linked organization owns the meetings whose room says so in its metadata:\n"
        "{\"organization\":\"SLUG\"}. Anybody may register a name; linking it is the operator's "
        "word.\n";
    struct work work = {0};
    if (is_help(argc, argv))
        return fputs(help, stdout) < 0;
    const bool is_link = argc == 3 && strcmp(argv[1], "link") == 0;
    const bool is_unlink = argc == 3 && strcmp(argv[1], "unlink") == 0;
    const bool is_list = argc == 2 && strcmp(argv[1], "list") == 0;
    if (!is_link && !is_unlink && !is_list)
        return usage(help);
    int err = work_start(&work);
    if (!err)
        err = store_admin_migrate(work.admin, false, NULL, work.why, sizeof work.why);
    if (!err && is_list)
        err = store_admin_organizations(work.admin, &work.lines, work.why, sizeof work.why);
    else if (!err)
        err = store_admin_link(work.admin, slice_from(argv[2]), is_link, work.why, sizeof work.why);
    return work_end(&work, err);
}
