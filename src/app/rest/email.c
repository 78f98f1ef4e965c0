#include "app/rest/email.h"

#include "base/text.h"

#include <string.h>

enum { LOCAL_MAX = 64, HOST_MAX = 254, LABEL_MAX = 63 };

static bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A byte of a character beyond ASCII. */
static bool is_international(char c) {
    return (unsigned char)c >= 0x80;
}

static bool is_local_char(char c) {
    return is_alphanumeric(c) || is_international(c) ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_local_part(struct slice local) {
    if (local.len == 0 || local.len > LOCAL_MAX)
        return false;
    bool was_dot = true;
    for (size_t i = 0; i < local.len; i++) {
        char c = local.ptr[i];
        if (c == '.' ? was_dot : !is_local_char(c))
            return false;
        was_dot = c == '.';
    }
    return !was_dot;
}

static bool is_host_label(struct slice label) {
    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' ||
        label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        if (!is_alphanumeric(c) && !is_international(c) && c != '-')
            return false;
    }
    return true;
}

static bool is_top_label(struct slice label) {
    bool is_encoded = slice_has_prefix_nocase(label, SLICE("xn--"));
    for (size_t i = 0; i < label.len; i++) {
        if (label.ptr[i] >= '0' && label.ptr[i] <= '9' && !is_encoded)
            return false;
    }
    return label.len >= 2;
}

bool email_is_valid(struct slice text) {
    struct slice local, host;
    if (text.len > EMAIL_MAX || !slice_split(text, '@', &local, &host) || host.len == 0 ||
        host.len > HOST_MAX || !text_is_utf8(text) || !is_local_part(local))
        return false;
    struct slice rest = host, label = SLICE_NONE;
    unsigned labels = 0;
    for (; slice_cut(&rest, '.', &label); labels++) {
        if (!is_host_label(label))
            return false;
    }
    return labels >= 2 && is_top_label(label);
}

void email_normalise(struct slice email, char out[EMAIL_SIZE]) {
    email = slice_take(slice_trim(email), EMAIL_MAX);
    for (size_t i = 0; i < email.len; i++) {
        char c = email.ptr[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    out[email.len] = 0;
}
