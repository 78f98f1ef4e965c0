/* Takes one feedback out of the server: to the hosts of its meeting and into the store. Control
 * thread only. */
#ifndef APP_FEEDBACK_OUT_H
#define APP_FEEDBACK_OUT_H

#include "base/slice.h"
#include "meeting/feedback.h"

#include <stdint.h>

struct directory_feedback;

struct feedback_out {
    const struct config *config;
    struct hosts *hosts;
    struct store *store;
    uint64_t counts[FEEDBACK_TYPES];
    /* Hears of each as well; may be NULL. */
    void (*on_feedback)(struct slice id, const struct directory_feedback *, void *user);
    void *user;
};

/* How the metrics show it. */
extern const struct counter_table feedback_out_counters;

/* `user` is the struct feedback_out. */
void feedback_out_take(const struct directory_feedback *from, void *user);

#endif
