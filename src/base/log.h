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
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)

#endif
