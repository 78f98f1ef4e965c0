/* Whether the settings' folders can be written. */
#include "app/config/config.h"
#include "base/macros.h"
#include "outside/db/db_url.h"
#include "outside/files/folder_probe.h"

enum { WHY_BYTES = 256 };

static int refuse(struct buf *problem, const char *setting, struct buf *why, int err) {
    if (err)
        buf_printf(problem, "%s cannot be used: %.*s", setting, SLICE_ARG(buf_slice(why)));
    buf_free(why);
    return err;
}

static int check_database_file(const struct config *config, struct buf *problem) {
    struct db_url url;
    struct buf why = {0};
    char fault[WHY_BYTES];
    if (db_url_parse_or(&url, config->database_url, config->default_database, fault, sizeof fault))
        return 0; /* refused already */
    int err = url.engine == DB_SQLITE ? folder_probe_file(url.path, &why) : 0;
    db_url_free(&url);
    return refuse(problem, config->database_url ? "DATABASE_URL" : "STORAGE_DIR", &why, err);
}

int config_check_folders(const struct config *config, struct buf *problem) {
    const char *const folders[][2] = {{"STORAGE_DIR", config->storage_dir},
                                      {"EGRESS_AUDIO_OUTPUT_DIR", config->audio_dir},
                                      {"EGRESS_VIDEO_OUTPUT_DIR", config->video_dir}};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        struct buf why = {0};
        int err = refuse(problem, folders[i][0], &why, folder_probe(folders[i][1], &why));
        if (err)
            return err;
    }
    return check_database_file(config, problem);
}
