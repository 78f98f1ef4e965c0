/* A scene from the folder of a meeting's recordings: the sidecars say who, when, and what is
 * missing. */
#include "app/commands/scene.h"

#include "base/mem.h"
#include "outside/files/file.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void span_add(struct scene_spans *spans, int64_t from_ms, int64_t to_ms) {
    spans->span = mem_resize(spans->span, (spans->count + 1) * sizeof *spans->span);
    spans->span[spans->count++] = (struct scene_span){from_ms, to_ms};
}

/* The time of a sample frame, in ms from the scene's start: pauses are not in the file. */
static int64_t frame_ms(const struct sidecar *sidecar, const struct scene *scene, uint64_t frame) {
    int64_t ms = sidecar->info.started_ms - scene->started_ms +
                 (int64_t)(frame * 1000 / sidecar->info.rate_hz);
    for (size_t i = 0; i < sidecar->pause_count; i++) {
        const struct sidecar_pause *pause = &sidecar->pauses[i];
        if (pause->at <= frame && pause->to_ms > pause->from_ms)
            ms += pause->to_ms - pause->from_ms;
    }
    return ms;
}

static void part_describe(struct scene_part *part, const struct sidecar *sidecar,
                          const struct scene *scene) {
    part->start_ms = sidecar->info.started_ms - scene->started_ms;
    for (size_t i = 0; i < sidecar->pause_count; i++) {
        const struct sidecar_pause *pause = &sidecar->pauses[i];
        if (pause->to_ms > pause->from_ms)
            span_add(&part->pauses, pause->from_ms - scene->started_ms,
                     pause->to_ms - scene->started_ms);
    }
    for (size_t i = 0; i < sidecar->gap_count; i++) {
        const struct sidecar_gap *gap = &sidecar->gaps[i];
        int64_t from_ms = frame_ms(sidecar, scene, gap->at);
        span_add(&part->gaps, from_ms,
                 from_ms + (int64_t)(gap->frames * 1000 / sidecar->info.rate_hz));
    }
}

typedef void sidecar_fn(const struct sidecar *sidecar, const char *folder, struct scene *scene);

/* Calls `each` for the sidecar of every WAV in the folder. */
static int sidecars_each(const char *folder, struct scene *scene, sidecar_fn *each) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = NULL;
    int err = fd < 0 ? errno : file_open_dir(fd, &dir);
    for (struct dirent *entry; !err && (entry = readdir(dir));) {
        struct sidecar sidecar = {0};
        bool is_json = slice_has_suffix(slice_from(entry->d_name), SLICE(".json"));
        if (!is_json || sidecar_load(fd, entry->d_name, &sidecar))
            continue;
        if (slice_is_equal(sidecar.info.format, SLICE("wav")) && sidecar.info.rate_hz > 0)
            each(&sidecar, folder, scene);
        else
            scene->unread++;
        sidecar_free(&sidecar);
    }
    if (dir)
        closedir(dir);
    if (fd >= 0)
        close(fd);
    return err;
}

static void note_start(const struct sidecar *sidecar, const char *folder, struct scene *scene) {
    int64_t started_ms = sidecar->info.started_ms;
    if (scene->started_ms == 0 || started_ms < scene->started_ms)
        scene->started_ms = started_ms;
    if (sidecar->info.meeting.len > 0)
        slice_replace_text(&scene->name, sidecar->info.meeting);
}

static void add_part(const struct sidecar *sidecar, const char *folder, struct scene *scene) {
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, sidecar->file);
    struct scene_part *part =
        scene_add_file(scene, sidecar->info.participant, buf_take_text(&path));
    slice_replace_text(&part->name, sidecar->info.name);
    part->is_dtx = true;
    part_describe(part, sidecar, scene);
}

bool scene_read_folder(struct scene *scene, const char *folder, struct buf *problem) {
    enum { STEP_MS = 100 }; /* the rules judge at multiples of this */
    int err = sidecars_each(folder, scene, note_start);
    scene->started_ms -= scene->started_ms % STEP_MS;
    scene->unread = 0;
    if (!err)
        err = sidecars_each(folder, scene, add_part);
    if (err)
        buf_printf(problem, "%s: %s", folder, strerror(err));
    else if (scene->count == 0)
        buf_printf(problem, "%s: no WAV with its .json", folder);
    return !err && scene->count > 0;
}

static bool is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool scene_read_meeting(struct scene *scene, const char *meeting, const char *audio_dir,
                        struct buf *problem) {
    char name[TEXT_NAME_SIZE];
    struct buf path = {0};
    if (is_folder(meeting)) {
        buf_add_text(&path, meeting);
    } else {
        storage_folder_name(name, slice_from(meeting));
        buf_printf(&path, "%s/%s", audio_dir, name);
    }
    buf_add_byte(&path, '\0');
    bool is_good = scene_read_folder(scene, path.data, problem);
    buf_free(&path);
    return is_good;
}
