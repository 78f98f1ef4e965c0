/* Plays a recorded meeting through the analysis, on the audio's own clock: for `prosa analyze`,
 * `prosa rules` and `prosa report`. */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include "app/commands/scene.h"
#include "meeting/meeting.h"

#include <stdbool.h>

/* Times of the feedback are ms from the scene's start. False, with a sentence on stderr: a file
 * cannot be read. */
bool replay(const struct scene *scene, const struct rules *rules, feedback_fn *on_feedback,
            void *user);

/* The same at the times at which it was recorded (Unix ms), and then writes the members of its report
 * that are about the talk (meeting_write_report). */
bool replay_report(const struct scene *scene, const struct rules *rules, feedback_fn *on_feedback,
                   void *user, struct buf *report);

#endif
