/* The events that are told to others, as docs/webhooks.md defines them. Control thread only; NULL
 * is fine for the deliveries. */
#ifndef APP_DELIVERY_EVENT_H
#define APP_DELIVERY_EVENT_H

#include "base/slice.h"
#include "meeting/feedback.h"

#include <stdint.h>

struct deliveries;
struct directory_feedback;
struct recording_info;
struct session;

/* meeting.started and meeting.ended. What is older than a day is not told: it was before. */
void delivery_meeting(struct deliveries *, const struct session *);

/* recording.finished: `meeting_id` as the database knows it. One that ended more than a day ago is
 * not told. */
void delivery_recording(struct deliveries *, const struct recording_info *,
                        struct slice meeting_id);

/* report.ready. */
void delivery_report(struct deliveries *, const struct session *);

/* feedback.critical; others are not told. */
void delivery_feedback(struct deliveries *, struct slice id, const struct directory_feedback *,
                       enum locale);

#endif
