/* The settings of the rules for every organization and kind of meeting: those of the environment,
 * changed by RULES_FILE. One thread. */
#ifndef APP_RULEBOOK_H
#define APP_RULEBOOK_H

#include "base/slice.h"
#include "meeting/rules.h"

struct buf;
struct config;
struct rulebook;

/* Reads RULES_FILE, if it is set. 0 or an errno with one sentence in `problem`. The config must
 * outlive it. Waits for the disk, as the next does. */
int rulebook_open(struct rulebook **out, const struct config *config, struct buf *problem);
void rulebook_free(struct rulebook *book);

/* Reads the file again. A file that cannot be used changes nothing: errno, and `problem`. */
int rulebook_reload(struct rulebook *book, struct buf *problem);

/* What holds for meetings of that organization and kind; both may be empty. */
void rulebook_rules(const struct rulebook *book, struct slice organization, struct slice kind,
                    struct rules *rules);

#endif
