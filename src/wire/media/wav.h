/* WAV: written as RIFF with 16-bit PCM, and as RF64 past 4 GiB (EBU Tech 3306); read in any PCM or
 * float layout; and the repair of a file whose writer died. */
#ifndef WIRE_WAV_H
#define WIRE_WAV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAV_TAG_PCM = 1, WAV_TAG_FLOAT = 3 };

struct wav_format {
    uint16_t tag; /* of an "extensible" file, that of its sub-format */
    uint16_t channels;
    uint32_t rate_hz;
    uint16_t bits;        /* per sample */
    uint16_t frame_bytes; /* one sample of every channel */
};

/* Canonical: 44 bytes, at most 4 GiB. RF64: 80 bytes, a JUNK chunk that becomes ds64 when the sizes
 * outgrow 32 bits. */
enum wav_layout { WAV_CANONICAL, WAV_RF64 };

enum { WAV_CANONICAL_BYTES = 44, WAV_RF64_BYTES = 80, WAV_HEADER_MAX = 80 };

/* The most data that a canonical header can state, in bytes. */
#define WAV_CANONICAL_DATA_MAX (UINT32_C(0xFFFFFFFE) - (WAV_CANONICAL_BYTES - 8))

struct wav_format wav_format_s16(uint32_t rate_hz, uint16_t channels);
size_t wav_header_bytes(enum wav_layout layout);

/* Fills `out` with the header of a file that holds `data_bytes` of samples; returns its length. */
size_t wav_write_header(uint8_t out[WAV_HEADER_MAX], enum wav_layout layout,
                        const struct wav_format *format, uint64_t data_bytes);

#define WAV_SIZE_UNKNOWN UINT64_MAX

struct wav_info {
    struct wav_format format;
    bool is_rf64;       /* RF64 or BW64 */
    bool has_ds64_slot; /* first chunk is ds64, or JUNK of 28 bytes that can become one */
    /* As stored: file length - 8; WAV_SIZE_UNKNOWN for FFFFFFFF without ds64. */
    uint64_t riff_bytes;
    uint64_t data_offset; /* of the first sample */
    uint64_t data_bytes;  /* as stored; WAV_SIZE_UNKNOWN for FFFFFFFF without ds64 */
};

enum wav_result { WAV_MORE, WAV_DONE, WAV_BAD };

/* Zeroed is the start of a file. */
struct wav_parser {
    struct wav_info info; /* complete with WAV_DONE */
    uint64_t offset;      /* bytes of the file taken so far */
    uint64_t skip;        /* bytes to pass over next: feed them, or seek and subtract */
    /* private */
    uint64_t skip_after; /* the rest of the chunk once `held` is full */
    uint64_t ds64_data;
    uint8_t state;
    uint8_t have;
    uint8_t need;
    bool has_fmt;
    bool has_ds64;
    uint8_t held[40];
};

/* Takes the file's bytes in order, up to the first sample. Returns how many it used. *result says
 * whether the header is complete (info is valid), needs more, or is no WAV with samples. */
size_t wav_parse(struct wav_parser *parser, const uint8_t *bytes, size_t len,
                 enum wav_result *result);

/* Whether a tag begins here (ID3, APE) that programs put behind a finished file, in no chunk. */
enum { WAV_TAG_BYTES = 8 };
bool wav_is_tag(const uint8_t bytes[WAV_TAG_BYTES]);

/* How to repair a file: cut it to `file_bytes`, then write `patches` in order. */
struct wav_repair {
    uint64_t file_bytes; /* never more than the file has */
    uint64_t data_bytes;
    size_t patch_count;
    struct {
        uint64_t offset;
        uint8_t len;
        uint8_t bytes[36];
    } patches[4];
};

/* Plans the repair of a file of `file_bytes` with the header `info`. False when it needs none: its
 * sizes agree, or it is a finished file with chunks behind the samples. A repaired file needs no
 * further repair. */
bool wav_plan_repair(const struct wav_info *info, uint64_t file_bytes, struct wav_repair *out);

#endif
