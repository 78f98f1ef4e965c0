/*
 * Request bodies: reads them and says what is wrong with their fields, in the words and the order
 * of class-validator: all failures at once, unknown properties first, then the fields as declared,
 * and within a field the last rule first.
 */
#ifndef APP_BODY_H
#define APP_BODY_H

#include "base/buf.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http_request;

enum body_rule_kind {
    RULE_NONE,
    RULE_STRING,
    RULE_EMAIL,
    RULE_NOT_EMPTY,
    RULE_MIN_LENGTH, /* in UTF-16 units, as JavaScript counts */
    RULE_MAX_LENGTH,
    RULE_IN, /* one of `choices`, in any letter case */
};

struct body_rule {
    enum body_rule_kind kind;
    unsigned length;
    const char *const *choices; /* NULL after the last */
};

enum { BODY_RULES_MAX = 4 };

struct body_field {
    const char *name;
    bool is_optional; /* it may be missing or null */
    struct body_rule rules[BODY_RULES_MAX];
};

/*
 * Reads the body: JSON or a form. A body of another type counts as an empty object, as does a
 * missing one. The caller owns the object. NULL: it could not be read, and the request is answered.
 */
json_t *body_read(struct http_request *);

/* The two forms of a body. The caller owns the object. NULL: the JSON is neither an object nor an
 * array (which has none of the fields). Pure. */
json_t *body_parse_form(struct slice body);
json_t *body_parse_json(struct slice text);

/* Whether the Content-Type is this one, whatever its parameters are. */
bool body_type_is(const struct http_request *, const char *type);

/* Whether the fields are valid. If they are not, the request is answered 400. */
bool body_check(struct http_request *, const json_t *body, const struct body_field *fields,
                size_t count);

/* Whether the body's characters are UTF-8, as far as Content-Type says. If not, the request is
 * answered 415. */
bool body_check_charset(struct http_request *);

/* Answers 400 with one failure, in the same form. */
void body_refuse(struct http_request *, const char *failure);

/* Adds the failures to an open JSON array, each as a text; false when there are none. */
bool body_validate(const json_t *body, const struct body_field *fields, size_t count,
                   struct buf *failures);

/* A text of an object; empty when the member is missing or no text. Borrowed. */
struct slice body_text(const json_t *body, const char *name);

#endif
