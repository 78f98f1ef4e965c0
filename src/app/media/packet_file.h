/*
 * How a WebRTC track is recorded. Opus goes into Ogg Opus as it came, with packets of silence for
 * the time in which nothing was sent or arrived. Other formats, and G.711, are decoded first. The
 * recording waits up to a second for a packet that is missing, and nothing waits for the recording.
 *
 * Nothing is made up for a sender that is muted: the recording pauses (or goes on with silence, as the
 * settings say) and resumes with the first sound. A gap is as long as time has passed.
 */
#ifndef APP_PACKET_FILE_H
#define APP_PACKET_FILE_H

#include "app/media/track.h"
#include "app/packets/packet_queue.h"
#include "app/packets/samples.h"
#include "wire/media/opus_pages.h"

struct packet_file {
    struct track *track; /* its recorder is made here */
    const struct place *place;
    const struct format *format; /* NULL: not recorded */
    enum packet_codec codec;
    unsigned channels;
    bool is_stream; /* packets as they are */
    struct packet_queue queue;
    struct samples samples;  /* not of a stream */
    struct opus_pages pages; /* of a stream */
    struct buf out;
    bool has_begun, is_paused;
    bool is_told; /* there are frames that the sidecar does not know */
    /* Of the first sample, and of each that is the first after a pause: its time, as said and until it
     * is settled. */
    int64_t said_ns, first_at;
    bool is_placed;
    unsigned corrections; /* of the alignment, as far as they were told */
    /* The position up to which there is sound or silence, and up to which silence was sent. */
    int64_t end, silent_end;
    int64_t last_time; /* of the last packet, as it was sent */
    uint8_t last_toc;
    uint64_t breaks; /* of the place, as far as they are in the file */
    int64_t flushed_ns, broken_ns;
};

void packet_file_init(struct packet_file *file, struct track *track, const struct place *place,
                      const struct format *format, enum packet_codec codec, unsigned channels);
void packet_file_put(struct packet_file *file, const struct queued *packet, int64_t now_ns);
/* On a tick. is_muted: the sender is silent on purpose. */
void packet_file_tick(struct packet_file *file, int64_t now_ns, bool is_muted);
/* The track is muted: what is on its way has come. */
void packet_file_pause(struct packet_file *file, int64_t now_ns);
/* What waits is written, and the stream ended; the recorder is left to track_close(). */
void packet_file_end(struct packet_file *file, int64_t now_ns);

#endif
