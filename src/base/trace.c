#include "base/trace.h"

#include "base/rand.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A variable of each thread: a trace that is passed as an argument would appear in every call. */
static _Thread_local const struct trace *current;

/* Lowercase hexadecimal of exactly this many digits, behind which `end` comes. */
static bool take_hex(struct slice *rest, size_t digits, char end, char *out) {
    if (rest->len < digits || (end && (rest->len == digits || rest->ptr[digits] != end)))
        return false;
    for (size_t i = 0; i < digits; i++)
        if (!memchr("0123456789abcdef", rest->ptr[i], 16))
            return false;
    memcpy(out, rest->ptr, digits);
    out[digits] = 0;
    *rest = slice_skip(*rest, digits + (end ? 1 : 0));
    return true;
}

static bool is_zero(const char *hex) {
    return strspn(hex, "0") == strlen(hex);
}

/* What a later version adds behind the flags is passed over. */
bool trace_parse(struct trace *out, struct slice header) {
    struct trace trace;
    char version[3];
    struct slice rest = slice_trim(header);
    if (!take_hex(&rest, 2, '-', version) || strcmp(version, "ff") == 0 ||
        !take_hex(&rest, TRACE_ID_CHARS, '-', trace.id) || is_zero(trace.id) ||
        !take_hex(&rest, TRACE_SPAN_CHARS, '-', trace.span) || is_zero(trace.span) ||
        !take_hex(&rest, 2, 0, trace.flags))
        return false;
    if (rest.len > 0 && (strcmp(version, "00") == 0 || rest.ptr[0] != '-'))
        return false;
    *out = trace;
    return true;
}

void trace_enter(const struct trace *trace) {
    current = trace;
}

const struct trace *trace_current(void) {
    return current;
}

bool trace_write(char out[TRACE_TEXT_SIZE]) {
    unsigned char random[TRACE_SPAN_CHARS / 2];
    char span[TRACE_SPAN_CHARS + 1];
    if (!current)
        return false;
    rand_bytes(random, sizeof random);
    text_hex(random, sizeof random, span);
    snprintf(out, TRACE_TEXT_SIZE, "00-%s-%s-%s", current->id, span, current->flags);
    return true;
}
