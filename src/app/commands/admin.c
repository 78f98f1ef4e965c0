#include "app/commands/commands.h"

#include "app/accounts/reset_token.h"
#include "app/config/config.h"
#include "base/buf.h"
#include "base/clock.h"
#include "outside/store/store_admin.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WHY_BYTES = 512 };

/* One command: the settings, the open database, the lines to print. */
struct admin_work {
    struct config *config;
    struct store_admin *admin;
    struct buf lines;
    char why[WHY_BYTES];
};

static void print_wait(const char *what) {
    fprintf(stderr, "prosa: waiting: %s\n", what);
}

static int work_start(struct admin_work *work) {
    struct buf problem = {0};
    int err = config_load(&work->config, &problem);
    if (err)
        snprintf(work->why, sizeof work->why, "%.*s", SLICE_ARG(buf_slice(&problem)));
    buf_free(&problem);
    if (err)
        return err;
    return store_admin_open(&work->admin, work->config->database_url,
                            work->config->default_database, print_wait, work->why,
                            sizeof work->why);
}

static int work_end(struct admin_work *work, int err) {
    if (err)
        fprintf(stderr, "prosa: %s\n", work->why);
    else
        fwrite(work->lines.data ? work->lines.data : "", 1, work->lines.len, stdout);
    store_admin_close(work->admin);
    config_free(work->config);
    buf_free(&work->lines);
    return err ? 1 : 0;
}

/* Brings the database up to date, as the start of the server does. */
static int work_start_migrated(struct admin_work *work) {
    int err = work_start(work);
    return err ? err : store_admin_migrate(work->admin, false, NULL, work->why, sizeof work->why);
}

static int migrate(struct admin_work *work, bool is_dry) {
    int err = store_admin_migrate(work->admin, is_dry, &work->lines, work->why, sizeof work->why);
    const char *news = err ? NULL : store_admin_news(work->admin);
    if (news)
        fprintf(stderr, "prosa: %s\n", news);
    if (!err && work->lines.len == 0)
        buf_add_text(&work->lines, "The database is up to date.\n");
    return err;
}

int migrate_main(int argc, char **argv) {
    struct admin_work work = {0};
    const char *option = argc > 1 ? argv[1] : "";
    const bool is_status = strcmp(option, "--status") == 0;
    const bool is_dry = strcmp(option, "--dry-run") == 0;
    const bool is_times = strcmp(option, "--times") == 0;
    const bool is_text = argc == 3 && strcmp(argv[2], "text") == 0;
    if (is_times ? argc != 3 || (!is_text && strcmp(argv[2], "numbers") != 0)
                 : argc > 2 || (*option && !is_status && !is_dry))
        return 2;
    int err = is_times ? work_start_migrated(&work) : work_start(&work);
    if (!err && is_times)
        err = store_admin_convert_times(work.admin, is_text, work.why, sizeof work.why);
    else if (!err && is_status)
        err = store_admin_status(work.admin, &work.lines, work.why, sizeof work.why);
    else if (!err)
        err = migrate(&work, is_dry);
    return work_end(&work, err);
}

int backup_main(int argc, char **argv) {
    struct admin_work work = {0};
    if (argc != 2 || argv[1][0] == '-')
        return 2;
    int err = work_start(&work);
    if (!err)
        err = store_admin_backup(work.admin, argv[1], work.why, sizeof work.why);
    return work_end(&work, err);
}

int org_main(int argc, char **argv) {
    struct admin_work work = {0};
    bool is_link = argc == 3 && strcmp(argv[1], "link") == 0;
    bool is_unlink = argc == 3 && strcmp(argv[1], "unlink") == 0;
    bool is_list = argc == 2 && strcmp(argv[1], "list") == 0;
    if (!is_link && !is_unlink && !is_list)
        return 2;
    int err = work_start_migrated(&work);
    if (!err && is_list)
        err = store_admin_organizations(work.admin, &work.lines, work.why, sizeof work.why);
    else if (!err)
        err = store_admin_link(work.admin, slice_from(argv[2]), is_link, work.why, sizeof work.why);
    return work_end(&work, err);
}

static int make_reset_link(struct admin_work *work, const char *address) {
    struct store_admin_user user = {0};
    struct buf problem = {0}, token = {0};
    struct reset_claim claim = {.expires_s = clock_wall_ms() / 1000 + RESET_TTL_S};
    email_normalise(slice_from(address), claim.email);
    int err = config_secrets(work->config, &problem);
    if (err)
        snprintf(work->why, sizeof work->why, "%.*s", SLICE_ARG(buf_slice(&problem)));
    if (!err)
        err = store_admin_find_user(work->admin, slice_from(claim.email), &user, work->why,
                                    sizeof work->why);
    if (!err && (!user.is_found || user.is_disabled)) {
        err = ENOENT;
        snprintf(work->why, sizeof work->why, "%s",
                 user.is_found ? "this user is disabled" : "no user has the e-mail");
    }
    if (!err) {
        const char *page = work->config->reset_url;
        reset_token_write(&token, &claim, buf_slice(&user.password_hash),
                          slice_from(work->config->jwt_refresh_secret));
        buf_printf(&work->lines, "%s%s%.*s\n", page ? page : "", page ? "#token=" : "",
                   SLICE_ARG(buf_slice(&token)));
        fprintf(stderr, "prosa: for one use and one hour; POST /auth/reset-password takes it as "
                        "\"token\", with \"newPassword\"\n");
    }
    buf_free(&user.email);
    buf_free(&user.password_hash);
    buf_free(&problem);
    buf_free(&token);
    return err;
}

static int reset_link_main(const char *address) {
    struct admin_work work = {0};
    int err = work_start_migrated(&work);
    if (!err)
        err = make_reset_link(&work, address);
    return work_end(&work, err);
}

int admin_main(int argc, char **argv) {
    struct admin_work work = {0};
    int64_t count = 0;
    if (argc == 3 && strcmp(argv[1], "reset-link") == 0)
        return reset_link_main(argv[2]);
    if (argc < 3 || argc > 4 || strcmp(argv[1], "assign-organization") != 0)
        return 2;
    int err = work_start_migrated(&work);
    if (!err)
        err = store_admin_assign(work.admin, slice_from(argv[2]), slice_from(argv[3]), &count,
                                 work.why, sizeof work.why);
    if (!err)
        buf_printf(&work.lines, "%lld meetings belong to %s now.\n", (long long)count, argv[2]);
    return work_end(&work, err);
}
