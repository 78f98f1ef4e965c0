#include "app/objects/object_work.h"

#include "app/objects/object_key.h"
#include "base/mem.h"
#include "outside/files/erase.h"
#include "outside/files/format.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum storage_kind kind_of(const struct object_work *work) {
    return format_is_video(work->format) ? STORAGE_VIDEO : STORAGE_AUDIO;
}

static void keep_why(struct object_work *work, const char *why) {
    snprintf(work->why, sizeof work->why, "%s", why);
}

/* ---- To the store ---- */

static int open_file(struct object_work *work, const char *path, struct s3_upload *upload) {
    struct stat stat;
    int err = storage_open_file(work->storage, kind_of(work), slice_from(path), &upload->fd);
    if (!err && fstat(upload->fd, &stat)) {
        err = errno;
        close(upload->fd);
    }
    if (!err)
        upload->bytes = (uint64_t)stat.st_size;
    else
        snprintf(work->why, sizeof work->why, "the file cannot be opened: %s", strerror(err));
    return err;
}

/* The sidecar may have been sent before with less in it, so it replaces what is there. */
static int send_sidecar(struct object_work *work, struct s3_line *line) {
    char file[STORAGE_FILE_SIZE], folder[STORAGE_FILE_SIZE], name[STORAGE_FILE_SIZE];
    if (!storage_split_path(slice_from(work->path), folder, file))
        return EINVAL;
    sidecar_file_name(name, file);
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    char *text = buf_take_text(&path), *key = object_key_sidecar(slice_from(work->key));
    struct s3_upload upload = {.key = key, .type = "application/json", .may_replace = true};
    int err = open_file(work, text, &upload);
    if (!err) {
        err = s3_upload_send(line, &upload);
        keep_why(work, upload.why);
        close(upload.fd);
    }
    mem_free(text);
    mem_free(key);
    return err == ENOENT ? 0 : err; /* a recording without a sidecar is one all the same */
}

static int send_recording(struct object_work *work, struct s3_line *line) {
    const struct format *format = format_find(work->format);
    struct s3_upload upload = {.key = work->key,
                               .type = format ? format->mime : "application/octet-stream"};
    snprintf(upload.id, sizeof upload.id, "%s", work->upload_id ? work->upload_id : "");
    int err = open_file(work, work->path, &upload);
    if (err)
        return err;
    if (s3_upload_needs_id(&upload)) {
        err = s3_upload_begin(line, &upload);
        err = err ? err : EINPROGRESS;
    } else {
        err = s3_upload_send(line, &upload);
    }
    slice_replace_text(&work->upload_id, slice_from(upload.id));
    work->sent = upload.sent;
    keep_why(work, upload.why);
    close(upload.fd);
    return err;
}

static int upload(struct object_work *work, struct s3_line *line) {
    int err = send_recording(work, line);
    return err ? err : send_sidecar(work, line);
}

/* ---- From this disk, and from the store ---- */

/* Looks at the object once more first: a bucket can be emptied by others. */
static int drop_local(struct object_work *work, struct s3_line *line) {
    char etag[S3_ETAG_SIZE];
    uint64_t bytes = 0;
    struct s3_upload file = {.fd = -1};
    int err = open_file(work, work->path, &file);
    if (err == ENOENT)
        return 0;
    if (!err)
        close(file.fd);
    if (!err)
        err = s3_object_look(line, work->key, &bytes, etag, work->why);
    if (err == ENOENT || (!err && bytes != file.bytes)) {
        keep_why(work, "the object is gone from the store, or has become another");
        return ESTALE;
    }
    if (err)
        return err;
    const struct recording_info info = {.path = slice_from(work->path), .format = work->format};
    struct erased erased = {0};
    err = erase_recording(work->storage, &info, &erased);
    if (err)
        snprintf(work->why, sizeof work->why, "the file cannot be deleted: %s", strerror(err));
    return err;
}

static int erase(struct object_work *work, struct s3_line *line) {
    char *sidecar = object_key_sidecar(slice_from(work->key));
    int err = work->upload_id && work->upload_id[0]
                  ? s3_upload_abort(line, work->key, work->upload_id, work->why)
                  : 0;
    if (!err)
        err = s3_object_delete(line, work->key, work->why);
    if (!err)
        err = s3_object_delete(line, sidecar, work->why);
    mem_free(sidecar);
    return err;
}

void object_work_run(struct object_work *work) {
    static int (*const steps[])(struct object_work *, struct s3_line *) = {
        [STORE_OBJECT_WAITING] = upload,
        [STORE_OBJECT_STORED] = drop_local,
        [STORE_OBJECT_ERASING] = erase,
    };
    struct s3_line *line = s3_line_open(work->s3, work->is_stopped);
    work->err = steps[work->state](work, line);
    s3_line_close(line);
}

void object_work_free(struct object_work *work) {
    mem_free(work->path);
    mem_free(work->key);
    mem_free(work->upload_id);
}
