#include "app/tracks/head.h"

enum head_verdict head_hear(struct head *head, const uint8_t *bytes, size_t len, size_t *used) {
    enum wav_result result;
    *used = wav_parse(&head->parser, bytes, len, &result);
    if (result == WAV_MORE && head->kept.len + len <= HEAD_MAX_BYTES) {
        buf_add(&head->kept, bytes, len);
        return HEAD_OPEN;
    }
    head->is_done = true;
    if (result == WAV_DONE)
        return HEAD_WAV;
    *used = 0;
    return HEAD_NONE;
}
