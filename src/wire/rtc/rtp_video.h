/*
 * Pictures out of RTP payloads: VP8 (RFC 7741), VP9 (RFC 9628), H.264 (RFC 6184; as an annex B
 * stream). Payloads are given in order, and what is lost is told. A picture of which something is
 * missing is left out, and so are those after it until one that needs no earlier ones. Bytes of a
 * picture are bounded; all lengths in payloads are checked.
 */
#ifndef WIRE_RTP_VIDEO_H
#define WIRE_RTP_VIDEO_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum rtp_video_codec { RTP_VIDEO_VP8, RTP_VIDEO_VP9, RTP_VIDEO_H264 };

enum { RTP_VIDEO_PICTURE_MAX = 4 * 1024 * 1024 };

/* Zeroed but for the codec at the start. */
struct rtp_video {
    enum rtp_video_codec codec;
    struct buf picture; /* owned; what there is of it */
    uint32_t timestamp; /* of it */
    bool has_begun;     /* it has a beginning, and nothing of it is missing */
    bool needs_key;     /* an earlier one is missing */
    bool is_in_unit;    /* H.264: a unit in fragments is not over */
    uint64_t dropped;   /* pictures that were left out */
};

void rtp_video_free(struct rtp_video *video);

/* Payloads before the next one are lost. */
void rtp_video_lose(struct rtp_video *video);

/* True: *picture is a whole one, until the next call. */
bool rtp_video_take(struct rtp_video *video, struct slice payload, uint32_t timestamp, bool marker,
                    struct slice *picture);

#endif
