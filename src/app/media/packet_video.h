/*
 * One video track of a room that was joined: packets become pictures, which video_track records.
 * What is missing is asked for; a picture that stays incomplete is left out, and the sender is asked
 * for one that needs no earlier ones.
 */
#ifndef APP_PACKET_VIDEO_H
#define APP_PACKET_VIDEO_H

#include "app/media/track.h"
#include "wire/rtc/sdp.h"

struct packet_video;
struct rtc_packet;

struct packet_video_settings {
    struct live_meeting *live;
    struct list *siblings; /* of the owner; it is listed there */
    struct slice room, identity, sid;
    enum sdp_codec codec; /* SDP_VP8, SDP_VP9, SDP_H264 */
    void (*on_missing)(uint32_t ssrc, const uint16_t *seqs, size_t count, void *user);
    void (*on_key_frame)(uint32_t ssrc, void *user);
    void *user;
};

struct packet_video *packet_video_open(const struct packet_video_settings *settings);
void packet_video_take(struct packet_video *video, const struct rtc_packet *packet);
/* Finishes the recording. */
void packet_video_close(struct packet_video *video, enum track_end end);
void packet_videos_close(struct list *siblings, enum track_end end);

#endif
