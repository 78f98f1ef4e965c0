#include "app/config/setting.h"

#include "app/config/config.h"
#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *config_keep(struct config *config, char *text) {
    size_t bytes = (config->owned_count + 1) * sizeof *config->owned;
    config->owned = mem_resize(config->owned, bytes);
    return config->owned[config->owned_count++] = text;
}

const char *config_keep_copy(struct config *config, struct slice text) {
    return config_keep(config, slice_copy_text(text));
}

const struct setting *setting_find(struct slice name) {
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *row = &settings[i];
        if (row->name && (slice_is_equal(name, slice_from(row->name)) ||
                          (row->alias && slice_is_equal(name, slice_from(row->alias)))))
            return row;
    }
    return NULL;
}

static void write_bytes(struct buf *out, double bytes) {
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
    case SETTING_INT:
        buf_printf(out, "a whole number from %.10g to %.10g", row->min, row->max);
        return;
    case SETTING_REAL:
        buf_printf(out, "a number from %.10g to %.10g", row->min, row->max);
        return;
    case SETTING_BYTES:
        buf_add_text(out, "a size from ");
        write_bytes(out, row->min);
        buf_add_text(out, " to ");
        write_bytes(out, row->max);
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
static int refuse(const struct setting *row, const char *value, struct buf *problem) {
    if (row->flags & SETTING_SECRET)
        buf_printf(problem, "%s cannot be used: it must be ", row->name);
    else
        buf_printf(problem, "%s is \"%s\": it must be ", row->name, value);
    setting_write_kind(row, problem);
    return EINVAL;
}

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

static bool parse_number(const struct setting *row, const char *text, double *number) {
    char *rest;
    double factor = 1;

    if (!isdigit((unsigned char)text[0]) || strpbrk(text, "xX"))
        return false;
    errno = 0;
    *number = strtod(text, &rest);
    if (errno || !isfinite(*number))
        return false;
    if (row->type == SETTING_BYTES ? !parse_unit(rest, &factor) : *rest != 0)
        return false;
    *number *= factor;
    return *number >= row->min && *number <= row->max &&
           (row->type == SETTING_REAL || *number == floor(*number));
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

static bool parse_choice(const char *choices, const char *text, int *value) {
    struct slice rest = slice_from(choices), choice;
    for (int i = 0; slice_cut(&rest, '|', &choice); i++)
        if (slice_is_equal_nocase(choice, slice_from(text))) {
            *value = i;
            return true;
        }
    return false;
}

static bool parse_word(const char *choices, const char *text, struct config *config,
                       const char **word) {
    struct slice rest = slice_from(choices), choice;
    int index;
    if (!parse_choice(choices, text, &index))
        return false;
    for (int i = 0; i <= index; i++)
        slice_cut(&rest, '|', &choice);
    *word = config_keep_copy(config, choice);
    return true;
}

static bool is_plain_text(struct slice text) {
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
            return false;
    return text.len > 0;
}

/* The scheme becomes one of `plain` and `secure`, a bare host gets the plain one, and a slash at
 * the end goes. */
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
    buf_printf(&url, "%s://%.*s", is_secure ? secure : plain, SLICE_ARG(rest));
    return buf_take_text(&url);
}

int setting_parse(const struct setting *row, struct config *config, const char *value,
                  struct buf *problem) {
    void *field = (char *)config + row->offset;
    bool is_ws = row->type == SETTING_WS_URL;
    bool fits = false;
    double number;

    switch (row->type) {
    case SETTING_TEXT:
        fits = (double)strlen(value) >= row->min && (double)strlen(value) <= row->max;
        if (fits)
            *(const char **)field = config_keep_copy(config, slice_from(value));
        break;
    case SETTING_HTTP_URL:
    case SETTING_WS_URL: {
        char *url =
            parse_url(value, is_ws ? "ws" : "http", is_ws ? "wss" : "https", (size_t)row->max);
        fits = url != NULL;
        if (fits)
            *(const char **)field = config_keep(config, url);
        break;
    }
    case SETTING_INT:
    case SETTING_BYTES:
        fits = parse_number(row, value, &number);
        if (fits)
            *(int64_t *)field = (int64_t)number;
        break;
    case SETTING_REAL:
        fits = parse_number(row, value, field);
        break;
    case SETTING_BOOL:
        fits = parse_bool(value, field);
        break;
    case SETTING_CHOICE:
        fits = parse_choice(row->choices, value, field);
        break;
    case SETTING_WORD:
        fits = parse_word(row->choices, value, config, field);
        break;
    }
    return fits ? 0 : refuse(row, value, problem);
}
