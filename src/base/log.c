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

static bool is_plain(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7f || s.ptr[i] == '"' || s.ptr[i] == '=' ||
            s.ptr[i] == '\\')
            return false;
    return s.len > 0;
}

static void add_value(struct buf *line, const struct log_field *field) {
    switch (field->kind) {
    case LOG_FIELD_INT:
        buf_printf(line, "%lld", (long long)field->integer);
        break;
    case LOG_FIELD_TEXT: {
        struct slice text = slice_take(field->text, VALUE_MAX);
        if (log_sink.format == LOG_TEXT && is_plain(text))
            buf_add_slice(line, text);
        else
            text_add_json(line, text);
        break;
    }
    }
}

static void add_text_line(struct buf *line, const char *time, const char *level, const char *area,
                          const char *message, const struct log_field *fields, size_t count) {
    buf_printf(line, "%s %-5s %s: %s", time, level, area, message);
    for (size_t i = 0; i < count; i++) {
        buf_printf(line, " %s=", fields[i].key);
        add_value(line, &fields[i]);
    }
}

static void add_json_line(struct buf *line, const char *time, const char *level, const char *area,
                          const char *message, const struct log_field *fields, size_t count) {
    buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"message\":", time, level,
               area);
    text_add_json(line, slice_from(message));
    for (size_t i = 0; i < count; i++) {
        buf_printf(line, ",\"%s\":", fields[i].key);
        add_value(line, &fields[i]);
    }
    buf_add_byte(line, '}');
}

void log_write(enum log_level level, const char *area, const char *message,
               const struct log_field *fields, size_t count) {
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char time[TEXT_ISO_SIZE];
    text_iso_time(clock_wall_ms(), time);
    struct buf line = {0};
    if (log_sink.format == LOG_JSON)
        add_json_line(&line, time, names[level], area, message, fields, count);
    else
        add_text_line(&line, time, names[level], area, message, fields, count);
    buf_add_byte(&line, '\n');
    /* Each line is a single write, so that lines of several threads do not mix. A failure is
     * ignored: there is no other place to report it. */
    ssize_t ignored = write(STDERR_FILENO, line.data, line.len);
    (void)ignored;
    buf_free(&line);
}
