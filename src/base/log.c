#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log_repeats.h"
#include "base/macros.h"
#include "base/text.h"
#include "base/trace.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* The only variable of the whole process. Every module logs, so a logger passed as an argument
 * would appear in every call and carry no information. */
static struct {
    /* Written once, before any other thread starts. */
    enum log_level level;
    enum log_format format;
    const struct log_sink *_Atomic sink;
    struct log_repeats repeats;
    atomic_uint_fast64_t lines, lost, held;
} log_state = {LOG_INFO, LOG_TEXT};

enum { VALUE_MAX = 512 }; /* bytes of one text value; the rest is cut */

void log_setup(enum log_level level, enum log_format format) {
    log_state.level = level;
    log_state.format = format;
}

void log_set_sink(const struct log_sink *sink) {
    atomic_store(&log_state.sink, sink);
}

void log_flush(int64_t patience_ms) {
    const struct log_sink *sink = atomic_load(&log_state.sink);
    if (sink)
        sink->flush(patience_ms, sink->owner);
}

void log_stats(struct log_stats *stats) {
    *stats = (struct log_stats){.lines = atomic_load(&log_state.lines),
                                .lost = atomic_load(&log_state.lost),
                                .repeats = atomic_load(&log_state.held)};
}

void log_count_lost(void) {
    atomic_fetch_add(&log_state.lost, 1);
}

bool log_is_on(enum log_level level) {
    return level >= log_state.level && level < LOG_OFF;
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
    if (log_state.format == LOG_TEXT) {
        buf_printf(line, "%s %-5s %s: %s", time, names[level], area, message);
        return;
    }
    buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"area\":\"%s\",\"message\":", time,
               names[level], area);
    text_add_json(line, slice_from(message));
}

static void add_field(struct buf *line, const struct log_field *field) {
    buf_printf(line, log_state.format == LOG_TEXT ? " %s=" : ",\"%s\":", field->key);
    if (field->kind == LOG_FIELD_INT) {
        buf_printf(line, "%lld", (long long)field->integer);
        return;
    }
    struct slice text = slice_take(field->text, VALUE_MAX);
    if (log_state.format == LOG_TEXT && log_is_plain(text))
        buf_add_slice(line, text);
    else
        text_add_json(line, text);
}

/* Without a sink each line is a single write, so that lines of several threads do not mix. A failure
 * is ignored: there is no other place to report it. */
static void log_put(struct slice line) {
    const struct log_sink *sink = atomic_load(&log_state.sink);
    bool is_taken = true;
    if (sink) {
        is_taken = sink->take(line, sink->owner);
    } else {
        ssize_t ignored = write(STDERR_FILENO, line.ptr, line.len);
        (void)ignored;
    }
    atomic_fetch_add(&log_state.lines, 1);
    if (!is_taken)
        log_count_lost();
}

void log_raw(struct slice line) {
    log_put(line);
}

void log_write(enum log_level level, const char *area, const char *message,
               const struct log_field *fields, size_t count) {
    struct buf line = {0};
    add_head(&line, level, area, message);
    for (size_t i = 0; i < count; i++)
        add_field(&line, &fields[i]);
    if (trace_current())
        add_field(&line,
                  &(struct log_field){.key = "traceId", .text = slice_from(trace_current()->id)});
    buf_add_text(&line, log_state.format == LOG_TEXT ? "\n" : "}\n");
    log_put(buf_slice(&line));
    buf_free(&line);
}

bool log_may_repeat(enum log_level level, unsigned burst, const char *cause, const char *area,
                    const char *message) {
    const struct log_kind kind = {level, area, message, cause};
    if (log_repeats_allow(&log_state.repeats, &kind, burst, clock_mono_ms()))
        return true;
    atomic_fetch_add(&log_state.held, 1);
    return false;
}

void log_tell_repeats(int64_t now_ms) {
    struct log_kind kind;
    uint64_t held;
    while (log_repeats_due(&log_state.repeats, now_ms, &kind, &held)) {
        const struct log_field fields[] = {log_text("cause", kind.cause),
                                           log_int("repeats", (int64_t)held)};
        size_t skipped = kind.cause ? 0 : 1;
        log_write((enum log_level)kind.level, kind.area, kind.message, fields + skipped,
                  ARRAY_LEN(fields) - skipped);
    }
}

#define AT(member) offsetof(struct log_stats, member)

static const struct counter counters[] = {
    {"prosa_log_lines_total", "Lines of the log, with those that were lost.", COUNTER_SUM,
     AT(lines)},
    {"prosa_log_lost_lines_total",
     "Lines of the log that were lost, because nobody read them fast enough.", COUNTER_SUM,
     AT(lost)},
    {"prosa_log_repeats_total",
     "Lines that a stranger could cause at will, and that were only counted.", COUNTER_SUM,
     AT(repeats)},
};

const struct counter_table log_counters = {counters, ARRAY_LEN(counters)};
