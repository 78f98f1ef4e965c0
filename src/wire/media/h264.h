/* H.264 as a byte stream (ITU-T H.264 annex B). */
#ifndef WIRE_H264_H
#define WIRE_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Do these first bytes of an access unit begin what can be decoded without what came before: its parameters, or a whole picture? */
bool h264_is_key(const uint8_t *bytes, size_t len);

#endif
