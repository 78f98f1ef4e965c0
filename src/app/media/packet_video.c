#include "app/media/packet_video.h"

#include "app/media/video_track.h"
#include "app/packets/align.h"
#include "app/packets/losses.h"
#include "app/packets/packet_queue.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/rtc/rtc_peer.h"
#include "wire/rtc/rtp.h"
#include "wire/rtc/rtp_video.h"

#define MS INT64_C(1000000)

enum {
    CLOCK_HZ = 90000,
    WAIT_MS = 500,             /* for a packet that is missing */
    QUEUE_BYTES = 1024 * 1024, /* half a second of a stream that is large */
    KEY_AGAIN_MS = 1000,       /* between two requests for a key frame */
    FAR_SEQS = 3000,           /* numbers that leap further begin anew */
    FAR_MS = 2000,             /* so do timestamps */
    SEQ_START_BITS = 32,
    TIME_START_BITS = 48,
};

struct packet_video {
    struct list in_siblings;
    struct packet_video_settings set;
    struct track *track;
    struct align align;
    struct losses losses;
    struct packet_queue queue;
    struct rtp_video pictures;
    bool is_started;
    uint32_t ssrc;
    /* The newest number as it was sent, unwrapped, and how far ours is ahead; the newest time, and
     * what makes it a position. */
    int64_t sent_seq, ahead, time, base;
    int64_t key_asked_ns;
};

/* ---- Numbers and times ---- */

static void epoch_begin(struct packet_video *v, const struct rtc_packet *packet) {
    int64_t next = v->is_started ? v->sent_seq + v->ahead + 1 : INT64_C(1) << SEQ_START_BITS;
    v->sent_seq = rtp_unwrap_seq(INT64_C(1) << SEQ_START_BITS, packet->seq);
    v->ahead = next - v->sent_seq;
    v->time = rtp_unwrap_time(INT64_C(1) << TIME_START_BITS, packet->timestamp);
    v->base = v->is_started ? align_at(&v->align, packet->arrived_ns) - v->time : -v->time;
    v->ssrc = packet->ssrc;
    v->is_started = true;
    v->pictures.needs_key = true;
    losses_forget(&v->losses);
}

static bool is_far(const struct packet_video *v, const struct rtc_packet *packet) {
    int64_t seq = rtp_unwrap_seq(v->sent_seq, packet->seq);
    return packet->ssrc != v->ssrc || seq > v->sent_seq + FAR_SEQS || seq < v->sent_seq - FAR_SEQS;
}

/* Timestamps that leap away from arrivals are placed by them. */
static void time_follow(struct packet_video *v, const struct rtc_packet *packet) {
    int64_t time = rtp_unwrap_time(v->time, packet->timestamp);
    int64_t lag_ns = align_lag_ns(&v->align, time + v->base, packet->arrived_ns);
    if (lag_ns > FAR_MS * MS || lag_ns < -FAR_MS * MS) {
        v->base = align_at(&v->align, packet->arrived_ns) - time;
        align_forget(&v->align, packet->arrived_ns);
    }
    v->time = time;
    align_hear(&v->align, time + v->base, packet->arrived_ns);
}

/* ---- Pictures ---- */

static void key_ask(struct packet_video *v, int64_t now_ns) {
    if (!v->pictures.needs_key || now_ns - v->key_asked_ns < KEY_AGAIN_MS * MS)
        return;
    v->key_asked_ns = now_ns;
    v->set.on_key_frame(v->ssrc, v->set.user);
}

static void picture_take(struct packet_video *v, const struct queued *packet) {
    struct slice picture;
    v->track->core->stats.packets.lost += packet->lost;
    if (packet->lost > 0)
        rtp_video_lose(&v->pictures);
    if (!rtp_video_take(&v->pictures, packet->payload, (uint32_t)packet->placed.time,
                        packet->marker, &picture))
        return;
    int64_t at_ns = align_time_ns(&v->align, packet->placed.time + v->base);
    video_track_show(v->track, picture, at_ns / MS);
}

static void missing_ask(struct packet_video *v, int64_t now_ns) {
    int64_t seqs[LOSSES_MISSING_MAX];
    uint16_t sent[LOSSES_MISSING_MAX];
    size_t count = losses_due(&v->losses, now_ns, seqs);
    for (size_t i = 0; i < count; i++)
        sent[i] = (uint16_t)(seqs[i] - v->ahead);
    if (count > 0)
        v->set.on_missing(v->ssrc, sent, count, v->set.user);
}

void packet_video_take(struct packet_video *v, const struct rtc_packet *packet) {
    int64_t now_ns = packet->arrived_ns;
    if (packet->codec != v->set.codec) {
        v->track->core->stats.packets.bad++;
        return;
    }
    if (!v->is_started || is_far(v, packet))
        epoch_begin(v, packet);
    int64_t sent_seq = rtp_unwrap_seq(v->sent_seq, packet->seq);
    if (losses_hear(&v->losses, sent_seq + v->ahead, now_ns) != LOSSES_NEW) {
        v->track->core->stats.packets.repeated++;
        return;
    }
    if (sent_seq >= v->sent_seq) {
        v->sent_seq = sent_seq;
        time_follow(v, packet);
    }
    const struct queued queued = {
        .placed = {sent_seq + v->ahead, rtp_unwrap_time(v->time, packet->timestamp)},
        .ticks = 1,
        .marker = packet->marker,
        .payload = packet->payload};
    struct queued waiting;
    while (packet_queue_is_full(&v->queue, &queued) &&
           packet_queue_take(&v->queue, now_ns, 0, INT64_MAX, &waiting))
        picture_take(v, &waiting);
    if (packet_queue_put(&v->queue, &queued, now_ns, INT64_MAX))
        picture_take(v, &queued);
    while (packet_queue_take(&v->queue, now_ns, WAIT_MS, INT64_MAX, &waiting))
        picture_take(v, &waiting);
    missing_ask(v, now_ns);
    key_ask(v, now_ns);
}

/* ---- Life ---- */

struct packet_video *packet_video_open(const struct packet_video_settings *set) {
    struct packet_video *v = mem_alloc(sizeof *v);
    enum track_codec codec = set->codec == SDP_VP8   ? TRACK_VP8
                             : set->codec == SDP_VP9 ? TRACK_VP9
                                                     : TRACK_H264;
    v->set = *set;
    v->track = video_track_begin(set->live, set->room, set->identity, set->sid, codec);
    v->pictures.codec = set->codec == SDP_VP8   ? RTP_VIDEO_VP8
                        : set->codec == SDP_VP9 ? RTP_VIDEO_VP9
                                                : RTP_VIDEO_H264;
    v->queue.most_bytes = QUEUE_BYTES;
    align_init(&v->align, CLOCK_HZ);
    list_add(set->siblings, &v->in_siblings);
    return v;
}

void packet_video_close(struct packet_video *v, enum track_end end) {
    struct queued waiting;
    while (packet_queue_take(&v->queue, INT64_MAX / 2, 0, INT64_MAX, &waiting))
        picture_take(v, &waiting);
    v->track->core->stats.ended[end]++;
    track_close(v->track, end);
    rtp_video_free(&v->pictures);
    packet_queue_free(&v->queue);
    list_remove(&v->in_siblings);
    mem_free(v);
}

void packet_videos_close(struct list *siblings, enum track_end end) {
    LIST_EACH(siblings, node)
        packet_video_close(CONTAINER_OF(node, struct packet_video, in_siblings), end);
}
