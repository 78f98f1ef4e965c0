/* Shared by the reader of offers and the writer of answers. */
#ifndef WIRE_SDP_PRIVATE_H
#define WIRE_SDP_PRIVATE_H

#include "wire/rtc/sdp.h"

/* As a=rtpmap names them, with their clock. */
extern const struct slice sdp_codec_names[SDP_CODECS];

#endif
