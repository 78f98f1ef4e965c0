/* H.264 as a byte stream (ITU-T H.264 annex B), where start codes part its units, and as MP4 has it
 * (ISO/IEC 14496-15), where each unit follows its length in four bytes. */
#ifndef WIRE_H264_H
#define WIRE_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether an access unit that begins with these bytes can be decoded without an earlier one: it
 * starts with parameters or with a whole picture. */
bool h264_is_key(const uint8_t *bytes, size_t len);

bool h264_has_start_code(const uint8_t *bytes, size_t len);

/* Replaces the lengths by start codes, in place: both have four bytes. False, and nothing is
 * changed: the bytes are not whole units behind their lengths. */
bool h264_replace_lengths(uint8_t *bytes, size_t len);

#endif
