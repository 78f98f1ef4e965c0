#include "outside/s3/s3_document.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 4096 };

struct document_reader {
    XML_Parser parser;
    struct s3_document *out;
    unsigned depth;
    struct buf text; /* of the element that is open */
    bool is_in_part;
    struct s3_part part;
};

static const char *local_name(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

/* ---- One element ---- */

static void keep(char *out, size_t size, struct slice text) {
    if (text.len < size)
        snprintf(out, size, "%.*s", SLICE_ARG(text));
}

static unsigned number_of(struct slice text, uint64_t max) {
    uint64_t number = 0;
    return slice_to_uint(text, max, &number) ? (unsigned)number : 0;
}

static void end_part(struct document_reader *reader) {
    struct s3_document *out = reader->out;
    reader->is_in_part = false;
    if (!reader->part.number || !reader->part.etag[0] || out->part_count == S3_PARTS_MAX)
        return;
    out->parts = mem_resize(out->parts, (out->part_count + 1) * sizeof *out->parts);
    out->parts[out->part_count++] = reader->part;
}

static void end_in_part(struct document_reader *reader, const char *name, struct slice text) {
    if (!strcmp(name, "PartNumber"))
        reader->part.number = number_of(text, S3_PARTS_MAX);
    else if (!strcmp(name, "Size"))
        slice_to_uint(text, UINT64_MAX, &reader->part.bytes);
    else if (!strcmp(name, "ETag"))
        keep(reader->part.etag, sizeof reader->part.etag, text);
    else if (!strcmp(name, "Part"))
        end_part(reader);
}

static void end_outside_parts(struct document_reader *reader, const char *name, struct slice text) {
    struct s3_document *out = reader->out;
    if (!strcmp(name, "Code"))
        keep(out->code, sizeof out->code, text);
    else if (!strcmp(name, "Message"))
        keep(out->message, sizeof out->message, text);
    else if (!strcmp(name, "Region"))
        keep(out->region, sizeof out->region, text);
    else if (!strcmp(name, "UploadId"))
        keep(out->upload_id, sizeof out->upload_id, text);
    else if (!strcmp(name, "ETag"))
        keep(out->etag, sizeof out->etag, text);
    else if (!strcmp(name, "IsTruncated"))
        out->is_truncated = slice_is_equal(text, SLICE("true"));
    else if (!strcmp(name, "NextPartNumberMarker"))
        out->next_part = number_of(text, S3_PARTS_MAX);
}

/* ---- Expat ---- */

static void XMLCALL s3_on_start(void *user, const char *full_name, const char **attributes) {
    struct document_reader *reader = user;
    const char *name = local_name(full_name);
    if (reader->depth++ == 0)
        reader->out->is_error = !strcmp(name, "Error");
    if (!strcmp(name, "Part")) {
        reader->is_in_part = true;
        reader->part = (struct s3_part){0};
    }
    buf_clear(&reader->text);
}

static void XMLCALL s3_on_end(void *user, const char *full_name) {
    struct document_reader *reader = user;
    const char *name = local_name(full_name);
    reader->depth--;
    if (reader->is_in_part)
        end_in_part(reader, name, buf_slice(&reader->text));
    else
        end_outside_parts(reader, name, buf_slice(&reader->text));
    buf_clear(&reader->text);
}

static void XMLCALL s3_on_text(void *user, const char *text, int len) {
    struct document_reader *reader = user;
    if (reader->text.len + (size_t)len <= TEXT_MAX)
        buf_add(&reader->text, text, (size_t)len);
}

/* A document type could define entities that grow without end; no store sends one. */
static void XMLCALL s3_on_doctype(void *user, const char *name, const char *system_id,
                                  const char *public_id, int has_internal_subset) {
    struct document_reader *reader = user;
    XML_StopParser(reader->parser, XML_FALSE);
}

static struct slice without_blanks(struct slice xml) {
    while (xml.len > 0 && strchr(" \r\n\t", xml.ptr[0]) && xml.ptr[0])
        xml = slice_skip(xml, 1);
    return xml;
}

int s3_document_parse(struct slice xml, struct s3_document *out) {
    *out = (struct s3_document){0};
    struct document_reader reader = {.parser = XML_ParserCreate(NULL), .out = out};
    xml = without_blanks(xml);
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, s3_on_start, s3_on_end);
    XML_SetCharacterDataHandler(reader.parser, s3_on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, s3_on_doctype);
    bool is_read = xml.len > 0 && xml.len <= INT32_MAX &&
                   XML_Parse(reader.parser, xml.ptr, (int)xml.len, 1) == XML_STATUS_OK;
    XML_ParserFree(reader.parser);
    buf_free(&reader.text);
    return is_read ? 0 : EINVAL;
}

void s3_document_free(struct s3_document *document) {
    mem_free(document->parts);
    *document = (struct s3_document){0};
}
