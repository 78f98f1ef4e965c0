/* H.264 as a byte stream (ITU-T H.264 annex B), where start codes part its units, and as MP4 has it
 * (ISO/IEC 14496-15), where each unit follows its length, mostly in four bytes. */
#ifndef WIRE_H264_H
#define WIRE_H264_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether an access unit that begins with these bytes can be decoded without an earlier one: it
 * starts with parameters or with a whole picture. */
bool h264_is_key(const uint8_t *bytes, size_t len);

bool h264_has_start_code(const uint8_t *bytes, size_t len);

/* The avcC record of ISO/IEC 14496-15 (5.3.3.1.2), which may come in front of the pictures or apart
 * from them. */
struct h264_record {
    /* Of the lengths in the pictures: 1, 2 or 4 bytes. */
    unsigned length_bytes;
    /* The record's own bytes. */
    size_t used;
};

/* Reads a record at the beginning and appends its parameters, with start codes, to `units`. False,
 * and nothing is appended: there is none. */
bool h264_read_record(struct h264_record *record, const uint8_t *bytes, size_t len,
                      struct buf *units);

/* Appends units, whose lengths have length_bytes (1 to 4), with start codes to `units`. False, and
 * nothing is appended: the bytes are not whole units behind their lengths. */
bool h264_add_units(struct buf *units, const uint8_t *bytes, size_t len, unsigned length_bytes);

#endif
