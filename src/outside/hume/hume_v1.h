/* Messages of the realtime API (v1): binary frames of 100 ms one way, measurements as JSON text the
 * other. No session.update is sent: its shape is not documented, and the default configuration is
 * the one we want. */
#ifndef OUTSIDE_HUME_V1_H
#define OUTSIDE_HUME_V1_H

#include "outside/hume/hume_reading.h"

enum { HUME_V1_FRAME_SAMPLES = 1600 };

#define HUME_V1_CLOSE_MESSAGE SLICE("{\"type\":\"session.close\"}")

/* map: what the service's names for expressions mean. */
void hume_v1_read(struct hume_reading *out, const struct expressions *map, struct slice message);

#endif
