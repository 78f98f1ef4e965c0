/* What this program is made of. */
#ifndef VERSIONS_H
#define VERSIONS_H

#include <stdio.h>

/* "prosa 0.1.0 (commit)" and a line for each library, as it is loaded now. 0. */
int versions_print(FILE *out);

#endif
