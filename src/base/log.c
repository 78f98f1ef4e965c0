#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

/* The only variable of the whole process. Every module logs, so a logger passed as an argument
 * would appear in every call and carry no information. Written once, before any other thread
 * starts. */
static struct {
    enum log_level level;
    enum log_format format;
} log_sink = {LOG_INFO, LOG_TEXT};

enum { VALUE_MAX = 512 }; /* bytes of one text value; the rest is cut */

void log_setup(enum log_level level, enum log_format format) {
    log_sink.level = level;
    log_sink.format = format;
}

bool log_is_on(enum log_level level) {
    return level >= log_sink.level && level < LOG_OFF;
}

struct log_field log_errno(int err) {
    return log_text("error", strerrordesc_np(err) ? strerrordesc_np(err) : "unknown error");
}

static bool log_is_plain(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7f || s.ptr[i] == '"' || s.ptr[i] == '=' ||
            s.ptr[i] == '\\')
            return false;
    return s.len > 0;
}

static void add_head(struct buf *line, enum log_level level, const char *area,
                     const char *message) {
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char time[TEXT_ISO_SIZE];
    text_iso_time(clock_wall_ms(), time);
    if (log_sink.format == LOG_TEXT) {
        buf_printf(line, "%s %-5s %s: %s", time, names[level], area, message);
        return;
    }
    buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"message\":", time,
               names[level], area);
    text_add_json(line, slice_from(message));
}

static void add_field(struct buf *line, const struct log_field *field) {
    buf_printf(line, log_sink.format == LOG_TEXT ? " %s=" : ",\"%s\":", field->key);
    if (field->kind == LOG_FIELD_INT) {
        buf_printf(line, "%lld", (long long)field->integer);
        return;
    }
    struct slice text = slice_take(field->text, VALUE_MAX);
    if (log_sink.format == LOG_TEXT && log_is_plain(text))
        buf_add_slice(line, text);
    else
        text_add_json(line, text);
}

void log_write(enum log_level level, const char *area, const char *message,
               const struct log_field *fields, size_t count) {
    struct buf line = {0};
    add_head(&line, level, area, message);
    for (size_t i = 0; i < count; i++)
        add_field(&line, &fields[i]);
    buf_add_text(&line, log_sink.format == LOG_TEXT ? "\n" : "}\n");
    /* Each line is a single write, so that lines of several threads do not mix. A failure is
     * ignored: there is no other place to report it. */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
    buf_free(&line);
}
