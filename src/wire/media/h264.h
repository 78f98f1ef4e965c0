/* H.264 as a byte stream (ITU-T H.264 annex B). */
#ifndef WIRE_H264_H
#define WIRE_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether an access unit that begins with these bytes can be decoded without an earlier one: it
 * starts with parameters or with a whole picture. */
bool h264_is_key(const uint8_t *bytes, size_t len);

#endif
