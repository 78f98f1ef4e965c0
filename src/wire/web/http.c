#include "wire/web/http.h"

#include "base/macros.h"

#include <string.h>

/* ---- characters ---- */

/* RFC 9110, 5.6.2: the characters of a method or a header name. */
static bool is_token_char(uint8_t c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != 0 && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char((uint8_t)s.ptr[i]))
            return false;
    return s.len > 0;
}

/* Visible ASCII and bytes above it: some clients send raw UTF-8 in targets. */
static bool is_target(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.ptr[i] <= ' ' || s.ptr[i] == 0x7F)
            return false;
    return s.len > 0;
}

static bool is_field_value(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if (((uint8_t)s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 0x7F)
            return false;
    return true;
}

/* ---- headers ---- */

const struct slice *http_find_header(const struct http_head *head, const char *name) {
    struct slice wanted = slice_from(name);
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_is_equal_nocase(head->headers[i].name, wanted))
            return &head->headers[i].value;
    return NULL;
}

size_t http_count_headers(const struct http_head *head, const char *name) {
    struct slice wanted = slice_from(name);
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++)
        count += slice_is_equal_nocase(head->headers[i].name, wanted);
    return count;
}

bool http_list_has(struct slice list, const char *token) {
    struct slice wanted = slice_from(token), part;
    while (slice_cut(&list, ',', &part))
        if (slice_is_equal_nocase(slice_trim(part), wanted))
            return true;
    return false;
}

/* Whether any of the headers of that name lists the token. */
static bool headers_list(const struct http_head *head, const char *name, const char *token) {
    struct slice wanted = slice_from(name);
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_is_equal_nocase(head->headers[i].name, wanted) &&
            http_list_has(head->headers[i].value, token))
            return true;
    return false;
}

/* ---- heads ---- */

static enum http_result refuse(struct http_head *head, int status, const char *why) {
    head->refusal = status;
    head->why = why;
    return HTTP_BAD;
}

/* The length of the empty lines in front of a head: some clients end a body with one. */
static size_t count_lead(struct slice bytes) {
    size_t lead = 0;
    while (lead + 1 < bytes.len && bytes.ptr[lead] == '\r' && bytes.ptr[lead + 1] == '\n')
        lead += 2;
    return lead;
}

/* Finds the empty line that ends the head, which begins at `lead`. A line feed without a carriage return, the reverse, and
 * a NUL are refused at the first occurrence. */
static enum http_result find_end(struct http_head *head, struct slice bytes, size_t lead,
                                 size_t max_bytes, size_t *scanned, size_t *end) {
    size_t i = *scanned > lead ? *scanned : lead;
    for (; i < bytes.len; i++) {
        if (i == max_bytes)
            return refuse(head, 431, "head too large");
        char c = bytes.ptr[i], before = i > lead ? bytes.ptr[i - 1] : 0;
        if (c == 0)
            return refuse(head, 400, "NUL in head");
        if ((c == '\n') != (before == '\r'))
            return refuse(head, 400, c == '\n' ? "bare line feed" : "bare carriage return");
        if (c == '\n' && i >= lead + 3 && bytes.ptr[i - 2] == '\n') {
            *end = i + 1;
            return HTTP_DONE;
        }
    }
    *scanned = i;
    return HTTP_MORE;
}

/* Cuts the next line, without its end, off the head; the last one is empty. */
static struct slice cut_line(struct slice *rest) {
    size_t n = slice_find_byte(*rest, '\r');
    struct slice line = slice_take(*rest, n);
    *rest = slice_skip(*rest, n + 2);
    return line;
}

static bool parse_version(struct slice s, int *minor) {
    if (s.len != 8 || memcmp(s.ptr, "HTTP/1.", 7) != 0 || s.ptr[7] < '0' || s.ptr[7] > '9')
        return false;
    *minor = s.ptr[7] == '0' ? 0 : 1;
    return true;
}

static bool looks_like_http(struct slice s) {
    return s.len == 8 && memcmp(s.ptr, "HTTP/", 5) == 0;
}

static enum http_result parse_request_line(struct http_head *head, struct slice line) {
    struct slice rest;
    if (!slice_split(line, ' ', &head->method, &rest) ||
        !slice_split(rest, ' ', &head->target, &rest))
        return refuse(head, 400, "malformed request line");
    if (!is_token(head->method) || !is_target(head->target))
        return refuse(head, 400, "malformed request line");
    if (!parse_version(rest, &head->minor))
        return looks_like_http(rest) ? refuse(head, 505, "unknown HTTP version")
                                     : refuse(head, 400, "malformed request line");
    return HTTP_DONE;
}

static enum http_result parse_status_line(struct http_head *head, struct slice line) {
    struct slice version = slice_take(line, 8), rest = slice_skip(line, 8);
    uint64_t status;
    if (!parse_version(version, &head->minor) || rest.len < 4 || rest.ptr[0] != ' ')
        return refuse(head, 400, "malformed status line");
    if (!slice_to_uint(slice_take(slice_skip(rest, 1), 3), 999, &status) || status < 100)
        return refuse(head, 400, "malformed status line");
    rest = slice_skip(rest, 4);
    if (rest.len > 0 && rest.ptr[0] != ' ')
        return refuse(head, 400, "malformed status line");
    head->status = (int)status;
    head->reason = slice_skip(rest, 1);
    return HTTP_DONE;
}

/* Path and query of an origin-form or absolute-form target. */
static bool split_target(struct http_head *head) {
    struct slice rest = head->target;
    if (rest.ptr[0] != '/') {
        if (slice_is_equal(rest, SLICE("*")) || slice_is_equal(head->method, SLICE("CONNECT"))) {
            head->path = rest;
            return true;
        }
        if (slice_has_prefix_nocase(rest, SLICE("http://")))
            rest = slice_skip(rest, 7);
        else if (slice_has_prefix_nocase(rest, SLICE("https://")))
            rest = slice_skip(rest, 8);
        else
            return false;
        size_t authority = 0;
        while (authority < rest.len && rest.ptr[authority] != '/' && rest.ptr[authority] != '?')
            authority++;
        if (authority == 0)
            return false;
        rest = slice_skip(rest, authority);
    }
    size_t path = slice_find_byte(rest, '?');
    head->path = path > 0 ? slice_take(rest, path) : SLICE("/");
    head->query = slice_skip(rest, path + 1);
    return true;
}

static enum http_result parse_header(struct http_head *head, struct slice line) {
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return refuse(head, 400, "folded header line");
    if (head->header_count == HTTP_HEADERS_MAX)
        return refuse(head, 431, "too many headers");
    struct slice name, rest;
    if (!slice_split(line, ':', &name, &rest) || !is_token(name))
        return refuse(head, 400, "malformed header name");
    struct slice value = slice_trim(rest);
    if (!is_field_value(value))
        return refuse(head, 400, "malformed header value");
    head->headers[head->header_count++] = (struct http_header){name, value};
    return HTTP_DONE;
}

static enum http_result parse_headers(struct http_head *head, struct slice rest) {
    for (struct slice line = cut_line(&rest); line.len > 0; line = cut_line(&rest))
        if (parse_header(head, line) == HTTP_BAD)
            return HTTP_BAD;
    return HTTP_DONE;
}

/* The length of the body: the rules of RFC 9112, 6.3, without their leniency. */
static enum http_result read_framing(struct http_head *head) {
    size_t lengths = http_count_headers(head, "content-length");
    size_t codings = http_count_headers(head, "transfer-encoding");
    head->content_length = -1;
    if (lengths > 0 && codings > 0)
        return refuse(head, 400, "both Content-Length and Transfer-Encoding");
    if (lengths > 1 || codings > 1)
        return refuse(head, 400, "repeated Content-Length or Transfer-Encoding");
    if (lengths == 1) {
        uint64_t length;
        if (!slice_to_uint(*http_find_header(head, "content-length"), INT64_MAX, &length))
            return refuse(head, 400, "malformed Content-Length");
        head->content_length = (int64_t)length;
    }
    if (codings == 1) {
        if (head->minor == 0)
            return refuse(head, 400, "Transfer-Encoding in HTTP/1.0");
        if (!slice_is_equal_nocase(*http_find_header(head, "transfer-encoding"), SLICE("chunked")))
            return refuse(head, 501, "unknown Transfer-Encoding");
        head->is_chunked = true;
    }
    return HTTP_DONE;
}

static void read_connection(struct http_head *head) {
    bool close = headers_list(head, "connection", "close");
    bool keep = headers_list(head, "connection", "keep-alive");
    head->is_keep_alive = !close && (head->minor == 1 || keep);
    head->asks_upgrade = head->minor == 1 && headers_list(head, "connection", "upgrade") &&
                         http_find_header(head, "upgrade");
}

static enum http_result check_request(struct http_head *head) {
    if (!split_target(head))
        return refuse(head, 400, "malformed request target");
    size_t hosts = http_count_headers(head, "host");
    if (hosts > 1 || (hosts == 0 && head->minor == 1))
        return refuse(head, 400, hosts > 1 ? "repeated Host" : "missing Host");
    const struct slice *expect = http_find_header(head, "expect");
    if (expect && head->minor == 1) {
        if (!slice_is_equal_nocase(*expect, SLICE("100-continue")))
            return refuse(head, 417, "unknown Expect");
        head->expects_continue = true;
    }
    return HTTP_DONE;
}

static enum http_result parse_head(struct http_head *head, struct slice bytes, size_t max_bytes,
                                   size_t *scanned, size_t *used, bool is_request) {
    size_t end = 0;
    head->refusal = 0;
    head->why = NULL;
    size_t lead = is_request ? count_lead(bytes) : 0;
    enum http_result found = find_end(head, bytes, lead, max_bytes, scanned, &end);
    if (found != HTTP_DONE)
        return found;

    memset(head, 0, offsetof(struct http_head, headers));
    head->content_length = -1;
    head->is_chunked = head->is_keep_alive = head->expects_continue = head->asks_upgrade = false;
    struct slice rest = slice_skip(slice_take(bytes, end), lead);
    struct slice line = cut_line(&rest);
    enum http_result result =
        is_request ? parse_request_line(head, line) : parse_status_line(head, line);
    if (result == HTTP_DONE)
        result = parse_headers(head, rest);
    if (result == HTTP_DONE)
        result = read_framing(head);
    if (result == HTTP_DONE)
        read_connection(head);
    if (result == HTTP_DONE && is_request)
        result = check_request(head);
    if (result == HTTP_DONE)
        *used = end;
    return result;
}

enum http_result http_parse_request(struct http_head *head, struct slice bytes, size_t max_bytes,
                                    size_t *scanned, size_t *used) {
    return parse_head(head, bytes, max_bytes, scanned, used, true);
}

enum http_result http_parse_reply(struct http_head *head, struct slice bytes, size_t *scanned,
                                  size_t *used) {
    return parse_head(head, bytes, HTTP_HEAD_MAX, scanned, used, false);
}

const char *http_status_text(int status) {
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Payload Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Entity"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Unknown";
}
