#include "app/shard/track.h"

#include "app/shard/live_meeting.h"
#include "base/mem.h"

void track_add(struct shard_core *core, struct track *track, const struct track_params *params) {
    track->participant_name = mem_copy_text(params->participant);
    track->track_name = mem_copy_text(params->track);
    list_add(&core->tracks, &track->in_shard);
    list_add(&track->meeting->tracks, &track->in_meeting);
    track->meeting->audio_tracks += track->kind == TRACK_AUDIO;
}

void track_remove(struct track *track) {
    media_conn_free(track->conn);
    mem_free(track->participant_name);
    mem_free(track->track_name);
    list_remove(&track->in_shard);
    list_remove(&track->in_meeting);
    track->meeting->audio_tracks -= track->kind == TRACK_AUDIO;
}

enum recorder_end track_recorder_end(enum track_end end) {
    switch (end) {
    case TRACK_END_CLOSED:
        return RECORDER_CLOSED;
    case TRACK_END_IDLE:
        return RECORDER_TIMEOUT;
    case TRACK_END_DRAINED:
        return RECORDER_SHUTDOWN;
    default:
        return RECORDER_LOST;
    }
}
