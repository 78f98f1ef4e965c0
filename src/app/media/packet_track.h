/*
 * One audio track of a room that was joined: its packets come from a WebRTC connection.
 *
 *   packet -> place -> losses -> queue (a second) -> packet_file -> recorder
 *                           \--> queue (60 to 200 ms) -> packet_ears -> meeting, prosody service
 *
 * What owns the connection opens and closes its tracks, and drains the connection on each tick before the shard serves its tracks. Mute and presence come as news, as
 * for other tracks.
 */
#ifndef APP_PACKET_TRACK_H
#define APP_PACKET_TRACK_H

#include "app/media/track.h"
#include "wire/rtc/sdp.h"

struct buf;
struct rtc_packet;

/* What LiveKit says of the track. Texts are copied. */
struct packet_track_about {
    struct slice room, identity, sid;
    enum sdp_codec codec; /* SDP_OPUS, SDP_PCMU, SDP_PCMA */
    bool is_voice;        /* else a shared screen, which is not judged */
    bool is_stereo;
    bool has_dtx; /* without TF_NO_DTX: silence may be left out */
    bool is_muted, is_encrypted;
};

struct packet_track_settings {
    struct live_meeting *live;
    struct packet_track_about about;
    /* Packets are missing; ascending. May be NULL. */
    void (*on_missing)(uint32_t ssrc, const uint16_t *seqs, size_t count, void *user);
    void *user;
};

struct track *packet_track_open(const struct packet_track_settings *);
void packet_track_close(struct track *, enum track_end);
/* All that are of this kind. */
void packet_tracks_close(const struct live_meeting *, enum track_end);

/* In the order of arrival. The payload is copied as far as it is needed. */
void packet_track_take(struct track *, const struct rtc_packet *);

/* Nothing that comes from now on can be decoded, or it can again. What is encrypted is neither heard
 * nor recorded. */
void packet_track_set_encrypted(struct track *, bool is_encrypted);

/* The member "packets" of the debug answer; nothing when no track is of this kind. */
void packet_tracks_describe(const struct live_meeting *, struct buf *out);

#endif
