/*
 * Request bodies, and what is wrong with them in class-validator's words and order
 * (contracts/rest-and-auth.md, A3 and A4): all failures at once, unknown properties first, then the
 * fields as declared, and within a field the last rule first.
 */
#ifndef APP_BODY_H
#define APP_BODY_H

#include "base/buf.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http_request;

enum rule_kind {
    RULE_NONE,
    RULE_STRING,
    RULE_EMAIL,
    RULE_NOT_EMPTY,
    RULE_MIN_LENGTH, /* UTF-16 units, as JavaScript counts */
    RULE_MAX_LENGTH,
    RULE_IN, /* one of `choices`, in any letter case */
};

struct rule {
    enum rule_kind kind;
    unsigned length;
    const char *const *choices; /* NULL after the last */
};

enum { RULES_MAX = 4 };

struct field {
    const char *name;
    bool is_optional; /* neither there nor null is fine */
    struct rule rules[RULES_MAX];
};

/*
 * Reads the body: JSON, or a form. Any other type counts as empty, as does no body. The caller owns
 * the object. NULL: it could not be read, and the request is answered.
 */
json_t *body_read(struct http_request *);

/* Whether the fields are sound; if not the request is answered 400. */
bool body_check(struct http_request *, const json_t *body, const struct field *fields,
                size_t count);

/* The failures as a JSON array of texts, appended; false when there is none. */
bool validate(const json_t *body, const struct field *fields, size_t count, struct buf *failures);

/* A text of a validated body; empty when it is not there. Borrowed. */
struct slice body_text(const json_t *body, const char *name);

bool text_is_email(struct slice);

#endif
