#include "app/config/setting.h"

#include "base/buf.h"
#include "base/mem.h"
#include "wire/web/url.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(size_t) >= sizeof(int64_t), "sizes of disks need 64 bits");

const char *texts_keep(struct texts *texts, char *text) {
    texts->items = mem_resize(texts->items, (texts->count + 1) * sizeof *texts->items);
    return texts->items[texts->count++] = text;
}

const char *texts_keep_copy(struct texts *texts, struct slice text) {
    return texts_keep(texts, slice_copy_text(text));
}

void texts_free(struct texts *texts) {
    for (size_t i = 0; i < texts->count; i++)
        mem_free(texts->items[i]);
    mem_free(texts->items);
    *texts = (struct texts){0};
}

/* ---- What a setting takes ---- */

void setting_write_bytes(struct buf *out, double bytes) {
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    while (unit + 1 < ARRAY_LEN(units) && bytes >= 1024 && fmod(bytes, 1024) == 0) {
        bytes /= 1024;
        unit++;
    }
    buf_printf(out, "%.10g%s%s", bytes, unit ? " " : "", units[unit]);
}

void setting_write_kind(const struct setting *row, struct buf *out) {
    switch (row->type) {
    case SETTING_TEXT:
        if (row->min > 1)
            buf_printf(out, "text of %.10g to %.10g bytes", row->min, row->max);
        else
            buf_printf(out, "text of at most %.10g bytes", row->max);
        return;
    case SETTING_HTTP_URL:
        buf_add_text(out, "an address like https://host:port");
        return;
    case SETTING_WS_URL:
        buf_add_text(out, "an address like wss://host:port");
        return;
    case SETTING_MS:
    case SETTING_SECONDS:
        buf_printf(out, "a number of %s from %.10g to %.10g, or a time such as 15m",
                   row->type == SETTING_MS ? "ms" : "seconds", row->min, row->max);
        return;
    case SETTING_COUNT:
        buf_printf(out, "a whole number from %.10g to %.10g", row->min, row->max);
        return;
    case SETTING_REAL:
        buf_printf(out, "a number from %.10g to %.10g", row->min, row->max);
        return;
    case SETTING_BYTES:
        buf_add_text(out, "a size from ");
        setting_write_bytes(out, row->min);
        buf_add_text(out, " to ");
        setting_write_bytes(out, row->max);
        return;
    case SETTING_BOOL:
        buf_add_text(out, "true or false (on, off, yes, no, 1, 0)");
        return;
    case SETTING_CHOICE:
    case SETTING_WORD:
        buf_printf(out, "one of %s", row->choices);
        return;
    }
}

/* `NAME is "value": it must be ...`, without the value of a secret. */
static int setting_refuse(const struct setting *row, const char *value, struct buf *problem) {
    if (row->flags & SETTING_SECRET)
        buf_printf(problem, "%s cannot be used: it must be ", row->name);
    else
        buf_printf(problem, "%s is \"%s\": it must be ", row->name, value);
    setting_write_kind(row, problem);
    return EINVAL;
}

/* ---- From text ---- */

static bool parse_unit(const char *text, double *factor) {
    static const struct {
        const char *suffix;
        int shift;
    } units[] = {{"", 0},    {"B", 0},    {"K", 10}, {"KB", 10}, {"KiB", 10}, {"M", 20},
                 {"MB", 20}, {"MiB", 20}, {"G", 30}, {"GB", 30}, {"GiB", 30}};
    while (*text == ' ')
        text++;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (slice_is_equal_nocase(slice_from(text), slice_from(units[i].suffix))) {
            *factor = ldexp(1, units[i].shift);
            return true;
        }
    return false;
}

/* As the npm packages `ms` and `jsonwebtoken` write times. */
static bool parse_time_unit(const char *text, enum setting_type type, double *factor) {
    static const struct {
        const char *suffix;
        double ms;
    } units[] = {
        {"ms", 1},          {"s", 1000},         {"sec", 1000},        {"second", 1000},
        {"seconds", 1000},  {"m", 60000},        {"min", 60000},       {"minute", 60000},
        {"minutes", 60000}, {"h", 3600000},      {"hr", 3600000},      {"hour", 3600000},
        {"hours", 3600000}, {"d", 86400000},     {"day", 86400000},    {"days", 86400000},
        {"w", 604800000},   {"week", 604800000}, {"weeks", 604800000},
    };
    while (*text == ' ')
        text++;
    if (!*text)
        return true; /* a number in the setting's own unit */
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (slice_is_equal_nocase(slice_from(text), slice_from(units[i].suffix))) {
            *factor = units[i].ms / (type == SETTING_SECONDS ? 1000 : 1);
            return true;
        }
    return false;
}

static bool parse_any_unit(const struct setting *row, const char *text, double *factor) {
    switch (row->type) {
    case SETTING_BYTES:
        return parse_unit(text, factor);
    case SETTING_MS:
    case SETTING_SECONDS:
        return parse_time_unit(text, row->type, factor);
    default:
        return *text == 0;
    }
}

/* Whatever the bounds are. */
static bool setting_parse_number(const struct setting *row, const char *text, double *number) {
    char *rest;
    double factor = 1;

    if (!isdigit((unsigned char)text[0]) || strpbrk(text, "xX"))
        return false;
    errno = 0;
    *number = strtod(text, &rest);
    if (errno || !isfinite(*number))
        return false;
    if (!parse_any_unit(row, rest, &factor))
        return false;
    *number *= factor;
    return row->type == SETTING_REAL || *number == floor(*number);
}

/* Whether a number is within the bounds, or was brought there. */
static bool setting_fit_number(const struct setting *row, const char *text, double *number,
                               struct buf *warnings) {
    double nearest = fmax(row->min, fmin(row->max, *number));
    if (*number == nearest)
        return true;
    if (!(row->flags & SETTING_CLAMPED))
        return false;
    *number = nearest;
    buf_printf(warnings, "%s is \"%s\": %.10g is taken, since it must be ", row->name, text,
               nearest);
    setting_write_kind(row, warnings);
    buf_add_byte(warnings, '\n');
    return true;
}

static bool parse_bool(const char *text, bool *value) {
    static const char *const words[] = {"false", "true", "off", "on", "no", "yes", "0", "1"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (slice_is_equal_nocase(slice_from(text), slice_from(words[i]))) {
            *value = i & 1;
            return true;
        }
    return false;
}

static struct slice choice_at(const char *choices, int index) {
    struct slice rest = slice_from(choices), choice = SLICE_NONE;
    for (int i = 0; i <= index; i++)
        slice_cut(&rest, '|', &choice);
    return choice;
}

static bool parse_choice(const char *choices, const char *text, int *value) {
    struct slice rest = slice_from(choices), choice;
    for (int i = 0; slice_cut(&rest, '|', &choice); i++)
        if (slice_is_equal_nocase(choice, slice_from(text))) {
            *value = i;
            return true;
        }
    return false;
}

static bool parse_word(const char *choices, const char *text, struct texts *texts,
                       const char **word) {
    int index;
    if (!parse_choice(choices, text, &index))
        return false;
    *word = texts_keep_copy(texts, choice_at(choices, index));
    return true;
}

static bool is_plain_text(struct slice text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
            return false;
    return text.len > 0;
}

/* The scheme becomes `plain` or `secure`, a bare host gets the plain one, slashes at the end are
 * taken away. NULL when it is not an address. */
static char *parse_url(const char *text, const char *plain, const char *secure, size_t max) {
    const char *colon = strstr(text, "://");
    struct slice scheme = colon ? slice_of(text, (size_t)(colon - text)) : slice_from(plain);
    struct slice rest = slice_from(colon ? colon + 3 : text);
    bool is_plain =
        slice_is_equal_nocase(scheme, SLICE("http")) || slice_is_equal_nocase(scheme, SLICE("ws"));
    bool is_secure = slice_is_equal_nocase(scheme, SLICE("https")) ||
                     slice_is_equal_nocase(scheme, SLICE("wss"));

    while (slice_has_suffix(rest, SLICE("/")))
        rest.len--;
    if ((!is_plain && !is_secure) || !is_plain_text(rest) || rest.len > max ||
        strchr(":/?#@", rest.ptr[0]))
        return NULL;
    struct buf url = {0};
    struct url parts;
    buf_printf(&url, "%s://%.*s", is_secure ? secure : plain, SLICE_ARG(rest));
    if (!url_parse(&parts, buf_slice(&url)))
        return buf_take_text(&url);
    buf_free(&url);
    return NULL;
}

static bool parse_text(const struct setting *row, const char *value, struct texts *texts,
                       const char **text) {
    size_t len = strlen(value);
    if ((double)len < row->min || (double)len > row->max)
        return false;
    *text = texts_keep_copy(texts, slice_of(value, len));
    return true;
}

static bool setting_parse_address(const struct setting *row, const char *value, struct texts *texts,
                                  const char **address) {
    bool is_ws = row->type == SETTING_WS_URL;
    char *url = parse_url(value, is_ws ? "ws" : "http", is_ws ? "wss" : "https", (size_t)row->max);
    if (!url)
        return false;
    *address = texts_keep(texts, url);
    return true;
}

static bool parse_field(const struct setting *row, const char *value, void *field,
                        struct texts *texts, struct buf *warnings) {
    bool is_number = row->type == SETTING_COUNT || row->type == SETTING_MS ||
                     row->type == SETTING_SECONDS || row->type == SETTING_BYTES ||
                     row->type == SETTING_REAL;
    double number = 0;
    if (is_number && (!setting_parse_number(row, value, &number) ||
                      !setting_fit_number(row, value, &number, warnings)))
        return false;

    switch (row->type) {
    case SETTING_TEXT:
        return parse_text(row, value, texts, field);
    case SETTING_HTTP_URL:
    case SETTING_WS_URL:
        return setting_parse_address(row, value, texts, field);
    case SETTING_COUNT:
        *(unsigned *)field = (unsigned)number;
        return true;
    case SETTING_MS:
    case SETTING_SECONDS:
        *(int64_t *)field = (int64_t)number;
        return true;
    case SETTING_BYTES:
        *(size_t *)field = (size_t)number;
        return true;
    case SETTING_REAL:
        *(double *)field = number;
        return true;
    case SETTING_BOOL:
        return parse_bool(value, field);
    case SETTING_CHOICE:
        return parse_choice(row->choices, value, field);
    case SETTING_WORD:
        return parse_word(row->choices, value, texts, field);
    }
    return false;
}

int setting_parse(const struct setting *row, const char *value, void *target, struct texts *texts,
                  struct buf *problem, struct buf *warnings) {
    bool fits = parse_field(row, value, (char *)target + row->offset, texts, warnings);
    return fits ? 0 : setting_refuse(row, value, problem);
}

void setting_fit(const struct setting *row, double memory_bytes, void *target) {
    void *field = (char *)target + row->offset;
    double most = floor(memory_bytes / row->memory_for_one);
    most = most > row->min ? most : row->min;
    if (row->type == SETTING_COUNT && *(unsigned *)field > most)
        *(unsigned *)field = (unsigned)most;
    if (row->type == SETTING_BYTES && (double)*(size_t *)field > most)
        *(size_t *)field = (size_t)most;
}

/* ---- To text ---- */

void setting_write_value(const struct setting *row, const void *target, struct buf *out) {
    const void *field = (const char *)target + row->offset;
    const char *const *text = field;

    switch (row->type) {
    case SETTING_TEXT:
    case SETTING_HTTP_URL:
    case SETTING_WS_URL:
    case SETTING_WORD:
        buf_add_text(out, !*text ? "" : row->flags & SETTING_SECRET ? "(set)" : *text);
        return;
    case SETTING_COUNT:
        buf_printf(out, "%u", *(const unsigned *)field);
        return;
    case SETTING_MS:
    case SETTING_SECONDS:
        buf_printf(out, "%" PRId64, *(const int64_t *)field);
        return;
    case SETTING_BYTES:
        buf_printf(out, "%zu", *(const size_t *)field);
        return;
    case SETTING_REAL:
        buf_printf(out, "%g", *(const double *)field);
        return;
    case SETTING_BOOL:
        buf_add_text(out, *(const bool *)field ? "true" : "false");
        return;
    case SETTING_CHOICE:
        buf_add_slice(out, choice_at(row->choices, *(const int *)field));
        return;
    }
}
