/* One feedback's way out of the server: to the hosts of its meeting, and into the store. Control thread only. */
#ifndef APP_FEEDBACK_OUT_H
#define APP_FEEDBACK_OUT_H

#include "meeting/feedback.h"

#include <stdint.h>

struct config;
struct directory_feedback;
struct hosts;
struct store;

struct delivery {
    const struct config *config;
    struct hosts *hosts;
    struct store *store; /* NULL: nothing is stored */
    uint64_t counts[FEEDBACK_TYPES];
};

void delivery_take(struct delivery *, const struct directory_feedback *);

#endif
