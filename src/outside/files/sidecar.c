#include "outside/files/sidecar.h"

#include "base/macros.h"
#include "base/mem.h"
#include "outside/files/doubt.h"
#include "outside/files/file.h"
#include "outside/files/format.h"
#include "wire/web/json_read.h"
#include "wire/web/json_write.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { VERSION = 1, FILE_MODE = 0640, JSON_MAX_BYTES = 1 << 20 };

/* Keys of the first texts of a recording_info, in its order. */
static const char *const keys[] = {"recording", "meeting", "room",  "participant",
                                   "name",      "track",   "format"};

void sidecar_free(struct sidecar *sidecar) {
    recording_info_free(&sidecar->info);
    mem_free(sidecar->gaps);
    mem_free(sidecar->pauses);
    *sidecar = (struct sidecar){0};
}

/* Lists grow by doubling and stop at SIDECAR_LIST_MAX. */
static void *grow(void *items, size_t count, size_t item_bytes) {
    bool is_power = (count & (count - 1)) == 0;
    return is_power ? mem_resize(items, (count ? count * 2 : 1) * item_bytes) : items;
}

void sidecar_add_gap(struct sidecar *sidecar, uint64_t at, uint64_t frames,
                     enum sidecar_cause cause) {
    sidecar->gap_frames += frames;
    size_t count = sidecar->gap_count;
    struct sidecar_gap *last = count > 0 ? &sidecar->gaps[count - 1] : NULL;
    if (last && last->cause == cause && last->at + last->frames == at) {
        last->frames += frames;
        return;
    }
    sidecar->gaps_total++;
    if (count == SIDECAR_LIST_MAX)
        return;
    sidecar->gaps = grow(sidecar->gaps, count, sizeof *sidecar->gaps);
    sidecar->gaps[sidecar->gap_count++] =
        (struct sidecar_gap){.at = at, .frames = frames, .cause = cause};
}

static void move_pauses(struct sidecar *sidecar, uint64_t after, int64_t frames) {
    for (size_t i = sidecar->pause_count; i-- > 0 && sidecar->pauses[i].at > after;)
        sidecar->pauses[i].at += (uint64_t)frames;
}

/* Makes room at place `i` of the list; what lies behind has moved already. */
static void place_gap(struct sidecar *sidecar, size_t i, struct sidecar_gap gap) {
    sidecar->gaps_total++;
    if (sidecar->gap_count == SIDECAR_LIST_MAX)
        return;
    sidecar->gaps = grow(sidecar->gaps, sidecar->gap_count, sizeof *sidecar->gaps);
    memmove(sidecar->gaps + i + 1, sidecar->gaps + i,
            (sidecar->gap_count - i) * sizeof *sidecar->gaps);
    sidecar->gaps[i] = gap;
    sidecar->gap_count++;
}

void sidecar_insert_gap(struct sidecar *sidecar, uint64_t at, uint64_t frames) {
    size_t i = sidecar->gap_count;
    for (; i > 0 && sidecar->gaps[i - 1].at >= at; i--)
        sidecar->gaps[i - 1].at += frames;
    sidecar->gap_frames += frames;
    move_pauses(sidecar, at, (int64_t)frames);
    struct sidecar_gap *before = i > 0 ? &sidecar->gaps[i - 1] : NULL;
    uint64_t end = before ? before->at + before->frames : 0;
    if (before && (end > at || (end == at && before->cause == GAP_NETWORK)))
        before->frames += frames;
    else
        place_gap(sidecar, i, (struct sidecar_gap){at, frames, GAP_NETWORK});
}

void sidecar_remove_gap(struct sidecar *sidecar, uint64_t at, uint64_t frames) {
    size_t i = sidecar->gap_count;
    for (; i > 0 && sidecar->gaps[i - 1].at >= at; i--)
        sidecar->gaps[i - 1].at -= frames;
    sidecar->gap_frames -= frames;
    move_pauses(sidecar, at, -(int64_t)frames);
    if (i == 0 || sidecar->gaps[i - 1].at + sidecar->gaps[i - 1].frames < at)
        return; /* not in the list, which is full */
    sidecar->gaps[i - 1].frames -= frames;
    if (sidecar->gaps[i - 1].frames > 0)
        return;
    sidecar->gaps_total--;
    sidecar->gap_count--;
    memmove(sidecar->gaps + i - 1, sidecar->gaps + i,
            (sidecar->gap_count - (i - 1)) * sizeof *sidecar->gaps);
}

void sidecar_add_pause(struct sidecar *sidecar, uint64_t at, int64_t from_ms) {
    sidecar->pauses_total++;
    if (sidecar->pause_count == SIDECAR_LIST_MAX)
        return;
    sidecar->pauses = grow(sidecar->pauses, sidecar->pause_count, sizeof *sidecar->pauses);
    sidecar->pauses[sidecar->pause_count++] = (struct sidecar_pause){.at = at, .from_ms = from_ms};
}

void sidecar_end_pause(struct sidecar *sidecar, int64_t from_ms, int64_t to_ms) {
    sidecar->paused_ms += to_ms > from_ms ? to_ms - from_ms : 0;
    if (sidecar->pause_count == 0)
        return;
    struct sidecar_pause *last = &sidecar->pauses[sidecar->pause_count - 1];
    if (last->to_ms == 0 && last->from_ms == from_ms)
        last->to_ms = to_ms;
}

void sidecar_move_pause_end(struct sidecar *sidecar, int64_t by_ms) {
    sidecar->paused_ms += by_ms;
    if (sidecar->pause_count > 0 && sidecar->pauses_total == sidecar->pause_count)
        sidecar->pauses[sidecar->pause_count - 1].to_ms += by_ms;
}

int64_t sidecar_duration_ms(const struct sidecar *sidecar) {
    const struct recording_info *info = &sidecar->info;
    if (info->rate_hz > 0)
        return (int64_t)(sidecar->frames * 1000 / info->rate_hz);
    int64_t end_ms = info->ended_ms ? info->ended_ms : info->started_ms;
    return end_ms - info->started_ms - sidecar->paused_ms;
}

struct recording_info sidecar_describe(const struct sidecar *sidecar, const char *folder,
                                       char path[SIDECAR_PATH_SIZE]) {
    struct recording_info info = sidecar->info;
    snprintf(path, SIDECAR_PATH_SIZE, "%s/%s", folder, sidecar->file);
    info.path = slice_from(path);
    info.duration_ms = sidecar_duration_ms(sidecar);
    return info;
}

static void add_gaps(struct buf *out, const struct sidecar *sidecar) {
    json_break_line(out, 2);
    json_add_uint(out, "gapCount", sidecar->gaps_total);
    json_add_uint(out, "gapFrames", sidecar->gap_frames);
    json_open_array(out, "gaps");
    for (size_t i = 0; i < sidecar->gap_count; i++) {
        const struct sidecar_gap *gap = &sidecar->gaps[i];
        json_break_line(out, 4);
        json_open(out, NULL);
        json_add_uint(out, "atFrame", gap->at);
        json_add_uint(out, "frames", gap->frames);
        json_add_text(out, "cause", gap->cause == GAP_DISK ? SLICE("disk") : SLICE("network"));
        json_close(out);
    }
    json_close_array(out);
}

static void add_pauses(struct buf *out, const struct sidecar *sidecar) {
    json_break_line(out, 2);
    json_add_uint(out, "pauseCount", sidecar->pauses_total);
    json_add_int(out, "pausedMs", sidecar->paused_ms);
    json_open_array(out, "pauses");
    for (size_t i = 0; i < sidecar->pause_count; i++) {
        const struct sidecar_pause *pause = &sidecar->pauses[i];
        json_break_line(out, 4);
        json_open(out, NULL);
        json_add_uint(out, "atFrame", pause->at);
        json_add_time_or_null(out, "from", pause->from_ms);
        json_add_time_or_null(out, "to", pause->to_ms);
        json_close(out);
    }
    json_close_array(out);
}

static void add_file(struct buf *out, const struct sidecar *sidecar) {
    const struct recording_info *info = &sidecar->info;
    bool is_video = format_is_video(info->format);
    json_break_line(out, 2);
    json_add_text(out, "file", slice_from(sidecar->file));
    json_break_line(out, 2);
    json_add_text(out, "kind", is_video ? SLICE("video") : SLICE("audio"));
    json_add_uint(out, "part", info->part);
    if (!is_video) {
        json_break_line(out, 2);
        json_add_uint(out, "sampleRate", info->rate_hz);
        json_add_uint(out, "channels", info->channels);
    }
    json_break_line(out, 2);
    json_add_time_or_null(out, "startedAt", info->started_ms);
    json_add_time_or_null(out, "endedAt", info->ended_ms);
    if (info->has_way) {
        json_break_line(out, 2);
        json_add_time(out, "spokenAt", info->started_ms - info->delay_ms);
        json_add_uint(out, "delayMs", info->delay_ms);
        json_add_text(out, "delayFrom",
                      info->is_delay_measured ? SLICE("measured") : SLICE("setting"));
    }
    json_break_line(out, 2);
    json_add_uint(out, "bytes", info->bytes);
    json_add_uint(out, "frames", sidecar->frames);
    json_add_int(out, "durationMs", sidecar_duration_ms(sidecar));
    json_add_int(out, "driftMs", sidecar->drift_ms);
    if (info->doubts)
        json_break_line(out, 2);
    doubts_write_json(out, info->doubts);
}

void sidecar_write_json(struct buf *out, const struct sidecar *sidecar) {
    struct recording_info info = sidecar->info;
    json_open(out, NULL);
    json_break_line(out, 2);
    json_add_uint(out, "version", VERSION);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        json_break_line(out, 2);
        json_add_text(out, keys[i], *recording_info_text(&info, i));
    }
    add_file(out, sidecar);
    add_gaps(out, sidecar);
    add_pauses(out, sidecar);
    json_break_line(out, 2);
    json_add_text_or_null(out, "sha256", info.sha256);
    json_break_line(out, 2);
    json_add_text_or_null(out, "end", info.end);
    buf_add_byte(out, '\n');
    json_close(out);
    buf_add_byte(out, '\n');
}

/* Borrows from `root`. */
static bool get_text(const json_t *root, const char *key, struct slice *out) {
    const json_t *value = json_object_get(root, key);
    if (!json_is_string(value))
        return false;
    *out = slice_of(json_string_value(value), json_string_length(value));
    return true;
}

static uint64_t get_count(const json_t *root, const char *key) {
    json_int_t value = json_integer_value(json_object_get(root, key));
    return value > 0 ? (uint64_t)value : 0;
}

static int64_t get_time(const json_t *root, const char *key) {
    const json_t *value = json_object_get(root, key);
    int64_t at_ms = 0;
    if (json_is_string(value) && !text_parse_iso_time(slice_from(json_string_value(value)), &at_ms))
        return 0;
    return at_ms;
}

static bool is_text(const json_t *root, const char *key, const char *text) {
    const char *value = json_string_value(json_object_get(root, key));
    return value && strcmp(value, text) == 0;
}

static void get_gaps(const json_t *root, struct sidecar *out) {
    size_t index;
    json_t *gap;
    json_array_foreach(json_object_get(root, "gaps"), index, gap) {
        sidecar_add_gap(out, get_count(gap, "atFrame"), get_count(gap, "frames"),
                        is_text(gap, "cause", "disk") ? GAP_DISK : GAP_NETWORK);
    }
    out->gaps_total = get_count(root, "gapCount");
    out->gap_frames = get_count(root, "gapFrames");
}

static void get_pauses(const json_t *root, struct sidecar *out) {
    size_t index;
    json_t *pause;
    json_array_foreach(json_object_get(root, "pauses"), index, pause) {
        int64_t from_ms = get_time(pause, "from"), to_ms = get_time(pause, "to");
        sidecar_add_pause(out, get_count(pause, "atFrame"), from_ms);
        if (to_ms)
            sidecar_end_pause(out, from_ms, to_ms);
    }
    out->pauses_total = get_count(root, "pauseCount");
    out->paused_ms = (int64_t)get_count(root, "pausedMs");
}

static int read_object(const json_t *root, struct sidecar *out) {
    struct recording_info *info = &out->info;
    struct slice file;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (!get_text(root, keys[i], recording_info_text(info, i)))
            return EINVAL;
    if (get_count(root, "version") != VERSION || !get_text(root, "file", &file))
        return EINVAL;
    snprintf(out->file, sizeof out->file, "%.*s", SLICE_ARG(file));
    get_text(root, "end", &info->end);
    get_text(root, "sha256", &info->sha256);
    recording_info_own(info);
    info->part = (unsigned)get_count(root, "part");
    if (!format_is_video(info->format)) {
        info->rate_hz = (uint32_t)get_count(root, "sampleRate");
        info->channels = (uint32_t)get_count(root, "channels");
    }
    info->doubts = doubts_read_json(json_object_get(root, "doubts"));
    info->has_way = json_is_integer(json_object_get(root, "delayMs"));
    info->delay_ms = (unsigned)get_count(root, "delayMs");
    info->is_delay_measured = is_text(root, "delayFrom", "measured");
    info->started_ms = get_time(root, "startedAt");
    info->ended_ms = get_time(root, "endedAt");
    info->bytes = get_count(root, "bytes");
    out->frames = get_count(root, "frames");
    out->drift_ms = (int64_t)json_integer_value(json_object_get(root, "driftMs"));
    get_gaps(root, out);
    get_pauses(root, out);
    return 0;
}

int sidecar_parse_json(struct slice json, struct sidecar *out) {
    json_t *root = json_read_strict(json);
    struct sidecar sidecar = {0};
    int err = json_is_object(root) ? read_object(root, &sidecar) : EINVAL;
    if (!err)
        *out = sidecar;
    json_decref(root);
    return err;
}

void sidecar_file_name(char out[STORAGE_FILE_SIZE], const char *file) {
    const char *dot = strrchr(file, '.');
    int stem = dot ? (int)(dot - file) : (int)strlen(file);
    snprintf(out, STORAGE_FILE_SIZE, "%.*s.json", stem, file);
}

static int save_as(int folder_fd, const char *name, struct slice text, bool sync) {
    int fd =
        openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return errno;
    int err = file_write_all(fd, text);
    if (!err && sync && fsync(fd))
        err = errno;
    if (close(fd) && !err)
        err = errno;
    return err;
}

int sidecar_save(int folder_fd, const struct sidecar *sidecar, bool sync) {
    char name[STORAGE_FILE_SIZE], draft[STORAGE_FILE_SIZE + 8];
    sidecar_file_name(name, sidecar->file);
    snprintf(draft, sizeof draft, ".%s.new", name);
    struct buf json = {0};
    sidecar_write_json(&json, sidecar);
    int err = save_as(folder_fd, draft, buf_slice(&json), sync);
    if (!err && renameat(folder_fd, draft, folder_fd, name))
        err = errno;
    if (err)
        unlinkat(folder_fd, draft, 0);
    buf_free(&json);
    return err;
}

int sidecar_load(int folder_fd, const char *file, struct sidecar *out) {
    char name[STORAGE_FILE_SIZE];
    sidecar_file_name(name, file);
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno;
    struct buf json = {0};
    int err = file_read_all(fd, JSON_MAX_BYTES, &json);
    close(fd);
    if (!err)
        err = sidecar_parse_json(buf_slice(&json), out);
    else if (err == EFBIG) /* not one of ours */
        err = EINVAL;
    buf_free(&json);
    return err;
}

static int rewrite_meeting(int folder_fd, const char *file, struct slice meeting) {
    struct sidecar sidecar;
    int err = sidecar_load(folder_fd, file, &sidecar);
    if (err)
        return err;
    if (!slice_is_equal(sidecar.info.meeting, meeting)) {
        recording_info_set(&sidecar.info.meeting, meeting);
        snprintf(sidecar.file, sizeof sidecar.file, "%s", file);
        err = sidecar_save(folder_fd, &sidecar, true);
    }
    sidecar_free(&sidecar);
    return err;
}

int sidecar_set_meeting(const struct storage *storage, enum storage_kind kind, struct slice path,
                        struct slice meeting) {
    char folder[STORAGE_FILE_SIZE], file[STORAGE_FILE_SIZE];
    int fd, folder_fd;
    int err = storage_open_file(storage, kind, path, &fd);
    if (err)
        return err;
    storage_split_path(path, folder, file);
    err = storage_try_lock(fd) ? storage_open_folder(storage, kind, folder, false, &folder_fd)
                               : EBUSY;
    if (!err) {
        err = rewrite_meeting(folder_fd, file, meeting);
        close(folder_fd);
    }
    close(fd);
    return err;
}
