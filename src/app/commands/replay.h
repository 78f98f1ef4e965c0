/* Plays a recorded meeting through the analysis, on the audio's own clock: for `prosa analyze` and
 * `prosa rules`. */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include "app/commands/scene.h"
#include "meeting/meeting.h"

#include <stdbool.h>

/* Times of the feedback are ms from the scene's start. False, with a sentence on stderr: a file
 * cannot be read. */
bool replay(const struct scene *scene, const struct rules *rules, feedback_fn *on_feedback,
            void *user);

#endif
