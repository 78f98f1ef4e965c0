#include "outside/s3/s3_upload.h"

#include "base/mem.h"
#include "outside/files/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The etags of the parts that the store has, by number; "": it does not have it. */
struct part_list {
    unsigned count;
    char (*etags)[S3_ETAG_SIZE];
};

static int error_of(enum s3_outcome outcome) {
    switch (outcome) {
    case S3_DONE:
        return 0;
    case S3_EXISTS:
        return EEXIST;
    case S3_MISSING:
        return ENOENT;
    case S3_REFUSED:
    case S3_ELSEWHERE:
    case S3_SKEWED:
        return EIO;
    default:
        return EAGAIN;
    }
}

static void keep_why(char why[S3_WHY_SIZE], const struct s3_answer *answer) {
    memcpy(why, answer->why, S3_WHY_SIZE);
}

static bool is_in_parts(const struct s3_upload *upload) {
    return upload->bytes > S3_PART_BYTES;
}

static uint64_t part_bytes(const struct s3_upload *upload, unsigned number) {
    uint64_t left = upload->bytes - (number - 1) * S3_PART_BYTES;
    return left < S3_PART_BYTES ? left : S3_PART_BYTES;
}

/* ---- The parts that are there ---- */

static void add_id(struct buf *query, const struct s3_upload *upload) {
    buf_add_text(query, "uploadId=");
    sigv4_encode(query, slice_from(upload->id), false);
}

/* A part of another length was cut off, or is of another program: it is sent again. */
static void keep_parts(const struct s3_upload *upload, const struct s3_document *document,
                       struct part_list *parts) {
    for (size_t i = 0; i < document->part_count; i++) {
        const struct s3_part *part = &document->parts[i];
        if (part->number <= parts->count && part->bytes == part_bytes(upload, part->number))
            memcpy(parts->etags[part->number - 1], part->etag, S3_ETAG_SIZE);
    }
}

static int list_parts(struct s3_line *line, struct s3_upload *upload, struct part_list *parts) {
    unsigned after = 0;
    bool is_more = true;
    int err = 0;
    while (is_more && !err) {
        struct buf query = {0};
        if (after > 0)
            buf_printf(&query, "part-number-marker=%u&", after);
        add_id(&query, upload);
        const struct s3_request request = {
            .method = "GET", .key = slice_from(upload->key), .query = buf_slice(&query)};
        struct s3_answer answer;
        s3_line_call(line, &request, &answer);
        if (answer.outcome == S3_ANEW || answer.outcome == S3_MISSING)
            upload->id[0] = '\0';
        err = answer.outcome == S3_MISSING ? EAGAIN : error_of(answer.outcome);
        keep_why(upload->why, &answer);
        keep_parts(upload, &answer.document, parts);
        is_more = answer.document.is_truncated && answer.document.next_part > after;
        after = answer.document.next_part;
        s3_answer_free(&answer);
        buf_free(&query);
    }
    return err;
}

static int send_part(struct s3_line *line, struct s3_upload *upload, unsigned number,
                     char etag[S3_ETAG_SIZE]) {
    struct buf query = {0};
    buf_printf(&query, "partNumber=%u&", number);
    add_id(&query, upload);
    const struct s3_request request = {.method = "PUT",
                                       .key = slice_from(upload->key),
                                       .query = buf_slice(&query),
                                       .fd = upload->fd,
                                       .offset = (number - 1) * S3_PART_BYTES,
                                       .file_bytes = part_bytes(upload, number)};
    struct s3_answer answer;
    s3_line_call(line, &request, &answer);
    int err = error_of(answer.outcome);
    if (answer.outcome == S3_ANEW || answer.outcome == S3_MISSING) {
        upload->id[0] = '\0';
        err = EAGAIN;
    }
    keep_why(upload->why, &answer);
    if (!err)
        memcpy(etag, answer.etag, S3_ETAG_SIZE);
    upload->sent += err ? 0 : request.file_bytes;
    s3_answer_free(&answer);
    buf_free(&query);
    return err;
}

/* ---- The end ---- */

static void add_etag(struct buf *xml, const char *etag) {
    for (const char *c = etag; *c; c++) {
        if (*c == '"')
            buf_add_text(xml, "&quot;");
        else if (!strchr("<>&", *c))
            buf_add_byte(xml, *c);
    }
}

static void write_part_list(struct buf *xml, const struct part_list *parts) {
    buf_add_text(xml, "<CompleteMultipartUpload>");
    for (unsigned i = 0; i < parts->count; i++) {
        buf_printf(xml, "<Part><PartNumber>%u</PartNumber><ETag>", i + 1);
        add_etag(xml, parts->etags[i]);
        buf_add_text(xml, "</ETag></Part>");
    }
    buf_add_text(xml, "</CompleteMultipartUpload>");
}

static int complete(struct s3_line *line, struct s3_upload *upload, const struct part_list *parts) {
    struct buf query = {0}, xml = {0};
    add_id(&query, upload);
    write_part_list(&xml, parts);
    const struct s3_request request = {.method = "POST",
                                       .key = slice_from(upload->key),
                                       .query = buf_slice(&query),
                                       .body = buf_slice(&xml),
                                       .is_only_if_absent = !upload->may_replace};
    struct s3_answer answer;
    s3_line_call(line, &request, &answer);
    int err = error_of(answer.outcome);
    if (answer.outcome == S3_ANEW || answer.outcome == S3_MISSING) {
        upload->id[0] = '\0';
        err = EAGAIN;
    }
    keep_why(upload->why, &answer);
    s3_answer_free(&answer);
    buf_free(&query);
    buf_free(&xml);
    return err;
}

static int put_whole(struct s3_line *line, struct s3_upload *upload, const char *sum) {
    const struct s3_request request = {.method = "PUT",
                                       .key = slice_from(upload->key),
                                       .fd = upload->fd,
                                       .file_bytes = upload->bytes,
                                       .type = upload->type,
                                       .sum = sum,
                                       .is_only_if_absent = !upload->may_replace};
    struct s3_answer answer;
    s3_line_call(line, &request, &answer);
    int err = error_of(answer.outcome);
    keep_why(upload->why, &answer);
    upload->sent += err ? 0 : upload->bytes;
    s3_answer_free(&answer);
    return err == ENOENT ? EIO : err;
}

static int send_in_parts(struct s3_line *line, struct s3_upload *upload) {
    struct part_list parts = {.count = (unsigned)((upload->bytes - 1) / S3_PART_BYTES + 1)};
    parts.etags = mem_alloc_array(parts.count, sizeof *parts.etags);
    int err = list_parts(line, upload, &parts);
    for (unsigned i = 0; !err && i < parts.count; i++)
        if (!parts.etags[i][0])
            err = send_part(line, upload, i + 1, parts.etags[i]);
    if (!err)
        err = complete(line, upload, &parts);
    mem_free(parts.etags);
    return err;
}

/*
 * 0: the object is this file. ENOENT: there is none. EEXIST: it is another one. An answer may be lost
 * while the store does what it was asked, so this decides, and not the answer of the last step. Where
 * a store does not keep the sum, its length has to do, after a step that did not fail.
 */
static int look_whether_stored(struct s3_line *line, struct s3_upload *upload, const char *sum,
                               bool has_failed) {
    const struct s3_request request = {.method = "HEAD", .key = slice_from(upload->key)};
    struct s3_answer answer;
    s3_line_call(line, &request, &answer);
    int err = error_of(answer.outcome);
    bool is_same =
        answer.bytes == upload->bytes && (answer.sum[0] ? !strcmp(answer.sum, sum) : !has_failed);
    if (!err && !is_same)
        err = EEXIST;
    if (!err)
        memcpy(upload->etag, answer.etag, S3_ETAG_SIZE);
    else if (err != ENOENT)
        keep_why(upload->why, &answer);
    s3_answer_free(&answer);
    return err;
}

/* ---- An upload ---- */

bool s3_upload_needs_id(const struct s3_upload *upload) {
    return is_in_parts(upload) && !upload->id[0];
}

static int sum_file(struct s3_upload *upload, char sum[FILE_SUM_SIZE]) {
    int err = file_checksum(upload->fd, 0, upload->bytes, NULL, sum);
    if (err)
        snprintf(upload->why, sizeof upload->why, "the file cannot be read: %s", strerror(err));
    return err ? EIO : 0;
}

int s3_upload_begin(struct s3_line *line, struct s3_upload *upload) {
    char sum[FILE_SUM_SIZE];
    int err = sum_file(upload, sum);
    if (err)
        return err;
    if (upload->bytes > S3_PARTS_MAX * S3_PART_BYTES) {
        snprintf(upload->why, sizeof upload->why, "the file is longer than 80 GiB");
        return EFBIG;
    }
    const struct s3_request request = {.method = "POST",
                                       .key = slice_from(upload->key),
                                       .query = SLICE("uploads="),
                                       .type = upload->type,
                                       .sum = sum};
    struct s3_answer answer;
    s3_line_call(line, &request, &answer);
    err = error_of(answer.outcome);
    keep_why(upload->why, &answer);
    if (!err && !answer.document.upload_id[0]) {
        snprintf(upload->why, sizeof upload->why, "the store began an upload without an id");
        err = EIO;
    }
    if (!err)
        memcpy(upload->id, answer.document.upload_id, sizeof upload->id);
    s3_answer_free(&answer);
    return err == ENOENT ? EIO : err;
}

int s3_upload_send(struct s3_line *line, struct s3_upload *upload) {
    char sum[FILE_SUM_SIZE];
    int err = sum_file(upload, sum);
    if (err)
        return err;
    err = is_in_parts(upload) ? send_in_parts(line, upload) : put_whole(line, upload, sum);
    if (err == EIO)
        return err;
    int found = look_whether_stored(line, upload, sum, err != 0);
    if (!found || found == EEXIST || found == EIO)
        return found;
    return err ? err : EAGAIN;
}

/* ---- Objects ---- */

static int delete (struct s3_line *line, const char *key, struct slice query,
                   char why[S3_WHY_SIZE]) {
    const struct s3_request request = {.method = "DELETE", .key = slice_from(key), .query = query};
    struct s3_answer answer;
    s3_line_call(line, &request, &answer);
    bool is_gone = answer.outcome == S3_MISSING || answer.outcome == S3_ANEW;
    int err = is_gone ? 0 : error_of(answer.outcome);
    keep_why(why, &answer);
    s3_answer_free(&answer);
    return err;
}

int s3_upload_abort(struct s3_line *line, const char *key, const char *id, char why[S3_WHY_SIZE]) {
    struct buf query = {0};
    buf_add_text(&query, "uploadId=");
    sigv4_encode(&query, slice_from(id), false);
    int err = delete (line, key, buf_slice(&query), why);
    buf_free(&query);
    return err;
}

int s3_object_delete(struct s3_line *line, const char *key, char why[S3_WHY_SIZE]) {
    return delete (line, key, SLICE_NONE, why);
}

int s3_object_look(struct s3_line *line, const char *key, uint64_t *bytes, char etag[S3_ETAG_SIZE],
                   char why[S3_WHY_SIZE]) {
    const struct s3_request request = {.method = "HEAD", .key = slice_from(key)};
    struct s3_answer answer;
    s3_line_call(line, &request, &answer);
    int err = error_of(answer.outcome);
    keep_why(why, &answer);
    *bytes = answer.bytes;
    memcpy(etag, answer.etag, S3_ETAG_SIZE);
    s3_answer_free(&answer);
    return err;
}
