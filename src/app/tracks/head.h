/*
 * A container's header in front of a stream that should be bare samples: senders that stream a file
 * send the header of a WAV as well. "RIFF", "WAVE" and a format are three facts against the
 * address, so the header is no audio. Pure.
 */
#ifndef APP_HEAD_H
#define APP_HEAD_H

#include "base/buf.h"
#include "wire/media/wav.h"

enum { HEAD_MAX_BYTES = 4096 };

enum head_verdict { HEAD_OPEN, HEAD_NONE, HEAD_WAV };

/* Zeroed is the beginning of a stream. */
struct head {
    bool is_done;
    struct wav_parser parser;
    /* What has come while the verdict is open. */
    struct buf kept;
};

/*
 * The next bytes of a stream. HEAD_OPEN: they are kept. HEAD_NONE: what was kept is audio, and so
 * are these. HEAD_WAV: a header (parser.info) ended behind *used of these; what follows is audio.
 * After either of them nothing is to be heard any more.
 */
enum head_verdict head_hear(struct head *, const uint8_t *bytes, size_t len, size_t *used);

#endif
