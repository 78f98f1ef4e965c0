/* The name of an organization as it appears in URLs. */
#ifndef APP_SLUG_H
#define APP_SLUG_H

#include "base/slice.h"

enum { SLUG_MAX = 48, SLUG_SIZE = SLUG_MAX + 1 };

/* "São Paulo & Cia" -> "sao-paulo-cia". Never empty. */
void slug_make(struct slice name, char out[SLUG_SIZE]);

#endif
