/*
 * Ids of feedback in a column of type uuid. On the wire an id is a time and a random number in base
 * 36 ("mwrsswtr-1g1x2p"); another's table may take only UUIDs. Both numbers fit into a UUID of
 * version 8 (RFC 9562, 5.8), together with a mark that tells ours from others', so that an id is
 * read as it was sent. Pure.
 */
#ifndef OUTSIDE_FEEDBACK_ID_H
#define OUTSIDE_FEEDBACK_ID_H

#include "base/slice.h"

enum { FEEDBACK_UUID_SIZE = 37, FEEDBACK_ID_SIZE = 32 };

/* False: it is not an id of ours. */
bool feedback_id_to_uuid(struct slice id, char uuid[FEEDBACK_UUID_SIZE]);
/* False: the UUID was not made here. */
bool feedback_id_from_uuid(struct slice uuid, char id[FEEDBACK_ID_SIZE]);

#endif
