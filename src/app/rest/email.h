/* E-mail addresses: which are accepted, and the form in which they are stored and looked up. */
#ifndef APP_EMAIL_H
#define APP_EMAIL_H

#include "base/slice.h"

#include <stdbool.h>

enum { EMAIL_MAX = 320, EMAIL_SIZE = EMAIL_MAX + 1 };

/* By class-validator's rule: one '@', a host with a dot in it, no quoted part. */
bool email_is_valid(struct slice text);

/* Without white space around it, and ASCII letters in lower case. Cut after EMAIL_MAX bytes. */
void email_normalise(struct slice email, char out[EMAIL_SIZE]);

#endif
