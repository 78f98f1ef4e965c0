#include "app/recordings/download.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/worker.h"
#include "outside/files/format.h"
#include "outside/files/storage.h"
#include "wire/web/range.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 128 * 1024, ETAG_SIZE = 64 };

struct download {
    struct http_request *req; /* NULL once the client went */
    struct worker *worker;
    const struct storage *storage;
    enum storage_kind kind;
    char *path, *range, *if_range;
    const char *type;
    int fd;
    uint64_t size;         /* of the file */
    char etag[ETAG_SIZE];  /* changes with every byte that is written */
    uint64_t offset, left; /* still to be sent */
    char *chunk;
    size_t chunk_bytes;
    int err;
    bool is_working; /* a worker has it */
    bool is_head;
};

static void download_free(struct download *download) {
    if (download->fd >= 0)
        close(download->fd);
    mem_free(download->path);
    mem_free(download->range);
    mem_free(download->if_range);
    mem_free(download->chunk);
    mem_free(download);
}

static void download_on_abort(struct http_request *req) {
    struct download *download = req->user;
    download->req = NULL;
    if (!download->is_working)
        download_free(download);
}

static void download_work(struct download *download, work_fn *fn, work_done_fn *done) {
    download->is_working = true;
    if (worker_run(download->worker, fn, done, download) == 0)
        return;
    download->is_working = false;
    if (download->left > 0)
        http_drop(download->req); /* the body has begun */
    else
        http_respond_error(download->req, 503, "Too many downloads at once; try again shortly");
    download_free(download);
}

/* ---- The body, chunk by chunk ---- */

static void read_chunk(void *user) {
    struct download *download = user;
    size_t want = download->left < CHUNK_BYTES ? (size_t)download->left : CHUNK_BYTES;
    ssize_t n = pread(download->fd, download->chunk, want, (off_t)download->offset);
    download->err = n < 0 ? errno : n == 0 ? EIO : 0; /* 0: the file has become shorter */
    download->chunk_bytes = n > 0 ? (size_t)n : 0;
}

static void download_on_chunk(int err, void *user);

static void send_more(struct download *download) {
    if (download->left > 0) {
        download_work(download, read_chunk, download_on_chunk);
        return;
    }
    http_body_end(download->req);
    download_free(download);
}

static void download_on_drain(struct http_request *req) {
    struct download *download = req->user;
    if (!download->is_working)
        send_more(download);
}

static void download_on_chunk(int err, void *user) {
    struct download *download = user;
    download->is_working = false;
    if (!download->req) {
        download_free(download);
        return;
    }
    if (err || download->err) {
        http_drop(download->req);
        download_free(download);
        return;
    }
    download->offset += download->chunk_bytes;
    download->left -= download->chunk_bytes;
    if (http_body_write(download->req, slice_of(download->chunk, download->chunk_bytes)))
        send_more(download);
}

/* ---- The head ---- */

static void add_names(struct download *download) {
    struct buf value = {0};
    const char *name = strrchr(download->path, '/') + 1; /* a reduced name: nothing to quote */
    buf_printf(&value, "attachment; filename=\"%s\"", name);
    http_add_header(download->req, "Content-Disposition", buf_slice(&value));
    http_add_header(download->req, "Accept-Ranges", SLICE("bytes"));
    http_add_header(download->req, "ETag", slice_from(download->etag));
    http_add_header(download->req, "Cache-Control", SLICE("private, no-store"));
    buf_free(&value);
}

static void answer_none(struct download *download) {
    struct buf value = {0};
    buf_printf(&value, "bytes */%" PRIu64, download->size);
    http_add_header(download->req, "Content-Range", buf_slice(&value));
    http_respond_error(download->req, 416, "There is nothing of the recording in this range");
    buf_free(&value);
    download_free(download);
}

/* A range counts for the file that If-Range names. When it has changed, all of it is sent. */
static struct slice wanted_range(const struct download *download) {
    bool is_same = !download->if_range[0] || !strcmp(download->if_range, download->etag);
    return is_same ? slice_from(download->range) : SLICE_NONE;
}

static void download_begin(struct download *download) {
    uint64_t first = 0, last = 0;
    struct buf value = {0};
    enum range_result result = range_parse(wanted_range(download), download->size, &first, &last);
    if (result == RANGE_NONE) {
        answer_none(download);
        return;
    }
    download->offset = first;
    download->left = result == RANGE_PART ? last - first + 1 : download->size;
    add_names(download);
    if (result == RANGE_PART) {
        buf_printf(&value, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last, download->size);
        http_add_header(download->req, "Content-Range", buf_slice(&value));
        buf_free(&value);
    }
    http_respond_start(download->req, result == RANGE_PART ? 206 : 200, download->type,
                       (int64_t)download->left);
    if (download->is_head)
        download->left = 0;
    else
        download->chunk = mem_alloc_raw(CHUNK_BYTES);
    send_more(download);
}

static void download_open_file(void *user) {
    struct download *download = user;
    struct stat stat;
    download->err = storage_open_file(download->storage, download->kind, slice_from(download->path),
                                      &download->fd);
    if (!download->err && fstat(download->fd, &stat))
        download->err = errno;
    if (!download->err && !S_ISREG(stat.st_mode))
        download->err = ENOENT;
    if (download->err)
        return;
    download->size = (uint64_t)stat.st_size;
    snprintf(download->etag, sizeof download->etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"",
             (uint64_t)stat.st_ino, download->size,
             (uint64_t)stat.st_mtim.tv_sec * 1000000000 + (uint64_t)stat.st_mtim.tv_nsec);
}

static void download_on_open(int err, void *user) {
    struct download *download = user;
    download->is_working = false;
    if (!download->req) {
        download_free(download);
        return;
    }
    if (!err && !download->err) {
        download_begin(download);
        return;
    }
    if (!err && (download->err == ENOENT || download->err == ELOOP || download->err == EINVAL)) {
        http_respond_error(download->req, 404, "Recording not found");
    } else {
        log_limited(LOG_WARN, 10, NULL, "recordings", "a recording cannot be read",
                    log_errno(err ? err : download->err));
        http_respond_internal_error(download->req);
    }
    download_free(download);
}

void download_start(struct worker *worker, struct http_request *req,
                    const struct download_file *file) {
    struct download *download = mem_alloc(sizeof *download);
    const struct format *format = format_find(file->format);
    download->req = req;
    download->worker = worker;
    download->storage = file->storage;
    download->kind = format_is_video(file->format) ? STORAGE_VIDEO : STORAGE_AUDIO;
    download->path = slice_copy_text(file->path);
    download->range = slice_copy_text(file->range);
    download->if_range = slice_copy_text(file->if_range);
    download->type = format ? format->mime : "application/octet-stream";
    download->is_head = file->is_head;
    download->fd = -1;
    req->user = download;
    req->on_abort = download_on_abort;
    req->on_drain = download_on_drain;
    download_work(download, download_open_file, download_on_open);
}
