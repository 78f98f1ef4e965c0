/*
 * The log: one line for each event on standard error, as text or JSON. Values are escaped here, so
 * text from clients cannot forge a line. Never log tokens, passwords or audio; reduce names with
 * text_reduce first.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *key;
    enum { LOG_FIELD_TEXT, LOG_FIELD_INT } kind;
    union {
        struct slice text;
        int64_t integer;
    };
};

/* Call it once, before any other thread starts. Without it: text at LOG_INFO. */
void log_setup(enum log_level level, enum log_format format);
bool log_is_on(enum log_level level);

/* Where finished lines go, instead of straight to standard error (net/log_writer.h). Both functions
 * are called by any thread, `flush` from signal handlers too. */
struct log_sink {
    /* Takes a whole line over; false: there is no room for it. */
    bool (*take)(struct slice line, void *owner);
    /* Waits until what was taken is written, at most so long. */
    void (*flush)(int64_t patience_ms, void *owner);
    void *owner;
};
/* NULL: standard error again. The sink has to live as long as it is set. */
void log_set_sink(const struct log_sink *);
void log_flush(int64_t patience_ms);

/* Lines that were to be written; those of them that were lost, because nobody read them fast enough
 * or standard error could not be written; and those only counted as repeats (log_limited). */
struct log_stats {
    uint64_t lines, lost, repeats;
};
void log_stats(struct log_stats *);
extern const struct counter_table log_counters;
/* Called by a sink for a line that it took and could not write. */
void log_count_lost(void);

/* A line that is complete, for formats of others' making; it ends with a newline, and holds no other. */
void log_raw(struct slice line);

/* With the id of the trace that the thread is in. */
void log_write(enum log_level level, const char *area, const char *message,
               const struct log_field *fields, size_t count);

static inline struct log_field log_slice(const char *key, struct slice text) {
    return (struct log_field){.key = key, .kind = LOG_FIELD_TEXT, .text = text};
}

static inline struct log_field log_text(const char *key, const char *text) {
    return log_slice(key, slice_from(text));
}

static inline struct log_field log_int(const char *key, int64_t value) {
    return (struct log_field){.key = key, .kind = LOG_FIELD_INT, .integer = value};
}

/* The description of an errno value, under the key "error". */
struct log_field log_errno(int err);

/*
 * log_info("egress", "audio track connected", log_text("room", room), log_int("rateHz", rate));
 * `area` names the part of the program. `message` is a constant sentence; everything that varies is
 * a field.
 */
#define LOG_AT(level, area, message, ...)                                                          \
    do {                                                                                           \
        if (log_is_on(level)) {                                                                    \
            const struct log_field log_fields_[] = {{0}, ##__VA_ARGS__};                           \
            log_write((level), (area), (message), log_fields_ + 1,                                 \
                      sizeof log_fields_ / sizeof *log_fields_ - 1);                               \
        }                                                                                          \
    } while (0)
/*
 * For lines that a stranger can cause at will: of one kind the first `burst` lines within a minute
 * are written, further ones are counted, and one line with their number follows when the minute is
 * over. A kind is the area, the message and `cause`; all three are constant texts, and `cause` may
 * be NULL. Otherwise it is the first field.
 *
 * log_limited(LOG_WARN, 1, fault_name, "webhook", "refused", log_text("peer", peer));
 */
#define log_limited(level, burst, cause, area, message, ...)                                       \
    do {                                                                                           \
        if (log_is_on(level) && log_may_repeat((level), (burst), (cause), (area), (message))) {    \
            const struct log_field log_fields_[] = {log_text("cause", (cause)), ##__VA_ARGS__};    \
            const size_t log_skipped_ = (cause) ? 0 : 1;                                           \
            log_write((level), (area), (message), log_fields_ + log_skipped_,                      \
                      sizeof log_fields_ / sizeof *log_fields_ - log_skipped_);                    \
        }                                                                                          \
    } while (0)
bool log_may_repeat(enum log_level level, unsigned burst, const char *cause, const char *area,
                    const char *message);

/* Writes the numbers of repeats whose minute is over at `now_ms` (monotonic). Called about once a
 * second by the thread that writes the log. */
void log_tell_repeats(int64_t now_ms);

#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)

#endif
