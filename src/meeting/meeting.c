#include "meeting/meeting.h"

#include "base/macros.h"
#include "base/mem.h"
#include "meeting/judge.h"

#include <assert.h>
#include <string.h>

enum {
    ALIVE_SLOTS = SECOND_SLOTS,     /* steps do not wait for a track without frames for a second */
    KEEP_MS = 60000,                /* how long a hearing outlives its last track */
    REMEMBERED = 4096,              /* participants who are not connected, at most */
    LEAP_SLOTS = 60 * SECOND_SLOTS, /* a minute without a call: the time is skipped, not judged */
};

static int64_t step_of(int64_t ms) {
    int64_t step = ms / MEETING_STEP_MS;
    return (ms % MEETING_STEP_MS < 0 ? step - 1 : step) * STEP_SLOTS;
}

struct meeting *meeting_new(const struct rules *rules, int64_t at_ms) {
    struct meeting *meeting = mem_alloc(sizeof *meeting);
    meeting->rules = *rules;
    meeting->slot = step_of(at_ms);
    meeting->gathered_slot = meeting->opened_slot = meeting->spoken_slot = NEVER;
    meeting->overlap.last_slot = NEVER;
    meeting->report = report_new();
    return meeting;
}

void meeting_set_rules(struct meeting *meeting, const struct rules *rules) {
    meeting->rules = *rules;
}

static void track_free(struct meeting_track *track) {
    list_remove(&track->in_tracks);
    mem_free(track);
}

static void participant_free(struct participant *participant) {
    LIST_EACH(&participant->tracks, node)
        track_free(CONTAINER_OF(node, struct meeting_track, in_tracks));
    mem_free(participant->hearing);
    mem_free(participant);
}

void meeting_free(struct meeting *meeting) {
    if (!meeting)
        return;
    for (size_t i = 0; i < meeting->count; i++)
        participant_free(meeting->participants[i]);
    mem_free(meeting->participants);
    mem_free(meeting->active);
    report_free(meeting->report);
    mem_free(meeting);
}

struct participant *meeting_find(struct meeting *meeting, struct slice identity) {
    for (size_t i = 0; i < meeting->count; i++)
        if (slice_is_equal(identity, slice_from(meeting->participants[i]->identity)))
            return meeting->participants[i];
    return NULL;
}

static void text_set(char out[FEEDBACK_NAME_MAX + 1], struct slice text) {
    size_t len = text.len <= FEEDBACK_NAME_MAX ? text.len : FEEDBACK_NAME_MAX;
    while (len < text.len && len > 0 && (text.ptr[len] & 0xC0) == 0x80)
        len--; /* never cuts a character */
    if (len > 0)
        memcpy(out, text.ptr, len);
    out[len] = '\0';
}

/* Where too many are remembered, the one who left longest ago is forgotten. */
static void meeting_forget_one(struct meeting *meeting) {
    size_t gone = 0, oldest = SIZE_MAX;
    for (size_t i = 0; i < meeting->count; i++) {
        const struct participant *candidate = meeting->participants[i];
        if (participant_is_connected(candidate) || candidate->hearing ||
            candidate->presence == PRESENCE_HERE)
            continue;
        gone++;
        if (oldest == SIZE_MAX || candidate->left_ms < meeting->participants[oldest]->left_ms)
            oldest = i;
    }
    if (gone < REMEMBERED)
        return;
    struct participant *participant = meeting->participants[oldest];
    if (meeting->overlap.joiner == participant)
        meeting->overlap.joiner = NULL;
    if (meeting->speaker == participant)
        meeting->speaker = NULL;
    participant_free(participant);
    meeting->count--;
    memmove(&meeting->participants[oldest], &meeting->participants[oldest + 1],
            (meeting->count - oldest) * sizeof meeting->participants[0]);
}

struct participant *meeting_add(struct meeting *meeting, struct slice identity) {
    struct participant *participant = meeting_find(meeting, identity);
    if (participant)
        return participant;
    meeting_forget_one(meeting);
    if (meeting->count == meeting->cap) {
        meeting->cap = meeting->cap ? meeting->cap * 2 : 8;
        meeting->participants =
            mem_resize(meeting->participants, meeting->cap * sizeof meeting->participants[0]);
        meeting->active = mem_resize(meeting->active, meeting->cap * sizeof meeting->active[0]);
    }
    participant = mem_alloc(sizeof *participant);
    participant->left_ms = meeting_judged_ms(meeting);
    list_init(&participant->tracks);
    text_set(participant->identity, identity);
    meeting->participants[meeting->count++] = participant;
    return participant;
}

void meeting_set_name(struct participant *participant, struct slice name) {
    text_set(participant->name, name);
}

void meeting_set_presence(struct participant *participant, enum presence presence) {
    participant->presence = presence;
}

void meeting_set_guests(struct meeting *meeting, unsigned guests) {
    meeting->guests = guests;
}

void meeting_set_host(struct participant *participant, bool is_host) {
    participant->is_host = is_host;
}

static struct hearing *hearing_new(void) {
    struct hearing *hearing = mem_alloc(sizeof *hearing);
    hearing->detector.sound_slot = hearing->spoke_slot = NEVER;
    hearing->turn.before_slot = hearing->turn.last_slot = NEVER;
    mood_init(&hearing->mood);
    return hearing;
}

static int64_t slot_from(const struct meeting *meeting, int64_t at_ms) {
    int64_t slot = slot_of(at_ms) + 1;
    return slot > meeting->slot ? slot : meeting->slot;
}

/* What follows for the participant from the state of all tracks. False: nothing has changed. */
static bool tracks_sum(struct participant *participant) {
    enum mic before = participant->mic;
    participant->mic = participant_is_connected(participant) ? MIC_MUTED : MIC_OPEN;
    participant->is_dtx = false;
    participant->delay_ms = 0;
    LIST_EACH(&participant->tracks, node) {
        const struct meeting_track *track = CONTAINER_OF(node, struct meeting_track, in_tracks);
        if (track->mic < participant->mic)
            participant->mic = track->mic;
        if (track->mic != MIC_OPEN)
            continue;
        participant->is_dtx |= track->is_dtx;
        if (track->delay_ms > participant->delay_ms)
            participant->delay_ms = track->delay_ms;
    }
    return participant->mic != before;
}

static void tracks_follow(struct meeting *meeting, struct participant *participant, int64_t at_ms) {
    if (tracks_sum(participant))
        timeline_mute(&participant->hearing->timeline, slot_from(meeting, at_ms), participant->mic);
}

static void record_connect(struct meeting *meeting, struct participant *participant,
                           int64_t at_ms) {
    struct slice identity = slice_from(participant->identity);
    participant->record = report_add(meeting->report, identity, at_ms);
    if (!participant->record)
        return;
    report_describe(meeting->report, participant->record, slice_from(participant->name),
                    participant->is_host);
    report_set_connected(meeting->report, participant->record, true, at_ms);
}

struct meeting_track *meeting_connect(struct meeting *meeting, struct participant *participant,
                                      int64_t at_ms) {
    struct meeting_track *track = mem_alloc(sizeof *track);
    bool is_first = !participant_is_connected(participant);
    track->participant = participant;
    list_add(&participant->tracks, &track->in_tracks);
    if (!is_first) {
        tracks_follow(meeting, participant, at_ms);
        return track;
    }
    int64_t slot = slot_from(meeting, at_ms);
    if (!participant->hearing)
        participant->hearing = hearing_new();
    participant->mic = participant->hearing->mic = MIC_OPEN;
    timeline_init(&participant->hearing->timeline, slot);
    speech_start(participant->hearing, meeting->slot, slot);
    record_connect(meeting, participant, at_ms);
    return track;
}

void meeting_disconnect(struct meeting *meeting, struct meeting_track *track, int64_t at_ms) {
    struct participant *participant = track->participant;
    track_free(track);
    if (participant_is_connected(participant)) {
        tracks_follow(meeting, participant, at_ms);
        return;
    }
    participant->left_ms = at_ms;
    if (participant->record)
        report_set_connected(meeting->report, participant->record, false, at_ms);
    turns_close(meeting, participant);
    speech_start(participant->hearing, meeting->slot, meeting->slot);
    participant->mic = MIC_OPEN;
    participant->is_dtx = false;
}

struct participant *meeting_track_owner(const struct meeting_track *track) {
    return track->participant;
}

void meeting_set_dtx(struct meeting_track *track, bool is_dtx) {
    track->is_dtx = is_dtx;
    tracks_sum(track->participant);
}

void meeting_set_delay(struct meeting_track *track, unsigned delay_ms) {
    track->delay_ms = delay_ms;
    tracks_sum(track->participant);
}

void meeting_set_mic(struct meeting *meeting, struct meeting_track *track, enum mic mic,
                     int64_t at_ms) {
    track->mic = mic;
    tracks_follow(meeting, track->participant, at_ms);
}

void meeting_hear(struct meeting *meeting, struct meeting_track *track,
                  const struct voice_frame *frame, int64_t at_ms) {
    track->participant->talk.frames++;
    timeline_put(&track->participant->hearing->timeline, meeting->slot, slot_of(at_ms), frame);
}

void meeting_miss(struct meeting *meeting, struct meeting_track *track, int64_t from_ms,
                  int64_t to_ms) {
    assert(from_ms <= to_ms);
    timeline_skip(&track->participant->hearing->timeline, slot_of(to_ms) + 1);
}

int64_t meeting_judged_ms(const struct meeting *meeting) {
    return meeting->slot * SLOT_MS;
}

/* A participant without a track, whose last minute still counts. */
static void hearing_fade(struct meeting *meeting, struct participant *participant) {
    if (meeting_judged_ms(meeting) - participant->left_ms < KEEP_MS) {
        share_add(&participant->hearing->share, 0);
        return;
    }
    mem_free(participant->hearing);
    participant->hearing = NULL;
    if (meeting->overlap.joiner == participant)
        meeting->overlap.joiner = NULL;
}

static void hear_step(struct meeting *meeting, struct participant *participant) {
    unsigned delay_slots = participant->delay_ms / SLOT_MS;
    if (speech_hear_step(participant->hearing, meeting->slot, delay_slots))
        meeting->opened_slot = meeting->slot + delay_slots;
    if (participant->hearing->mic == MIC_MUTED)
        turns_close(meeting, participant);
    participant->hearing->speech_slots = 0;
}

static bool is_present(const struct participant *participant) {
    return participant->presence == PRESENCE_HERE ||
           (participant->presence == PRESENCE_UNSAID && participant_is_connected(participant));
}

static void step_listen(struct meeting *meeting) {
    meeting->actives = meeting->listening = meeting->open_ears = 0;
    meeting->present = meeting->guests;
    for (size_t i = 0; i < meeting->count; i++) {
        struct participant *participant = meeting->participants[i];
        struct hearing *hearing = participant->hearing;
        meeting->present += is_present(participant);
        if (!hearing || !participant_is_connected(participant))
            continue;
        hear_step(meeting, participant);
        meeting->listening += hearing->mic == MIC_OPEN;
        meeting->open_ears += hearing->mic == MIC_OPEN && !participant->is_dtx;
        if (hearing->detector.speech || hearing->turn.is_open ||
            speech_is_near(hearing, meeting->slot, SECOND_SLOTS))
            meeting->active[meeting->actives++] = participant;
    }
    if (meeting->present < 2)
        meeting->gathered_slot = NEVER;
    else if (meeting->gathered_slot == NEVER)
        meeting->gathered_slot = meeting->slot;
}

static void step_measure(struct meeting *meeting) {
    int64_t end_ms = (meeting->slot + STEP_SLOTS) * SLOT_MS;
    meeting->spoken_slots = 0;
    for (size_t i = 0; i < meeting->count; i++) {
        struct participant *participant = meeting->participants[i];
        if (!participant->hearing)
            continue;
        if (!participant_is_connected(participant)) {
            hearing_fade(meeting, participant);
            if (!participant->hearing)
                continue;
        } else {
            speech_measure_step(meeting, participant->hearing, meeting->slot);
            share_add(&participant->hearing->share, participant->hearing->speech_slots);
            talk_close_step(participant, end_ms);
        }
        meeting->spoken_slots += monologue_slots(meeting, participant->hearing);
    }
}

static void meeting_step(struct meeting *meeting, feedback_fn *on_feedback, void *user) {
    overlap_open_step(meeting, meeting->slot);
    step_listen(meeting);
    for (unsigned i = 0; i < STEP_SLOTS && meeting->actives > 0; i++) {
        bleed_gate(meeting, meeting->slot, i);
        turns_hear(meeting, meeting->slot + i, i);
    }
    step_measure(meeting);
    delivery_hear_step(meeting, (meeting->slot + STEP_SLOTS) * SLOT_MS);
    report_follow_step(meeting, meeting->slot);
    meeting->slot += STEP_SLOTS;
    struct judgement judgement = {.meeting = meeting,
                                  .at_ms = meeting_judged_ms(meeting),
                                  .slot = meeting->slot,
                                  .on_feedback = on_feedback,
                                  .user = user};
    judge_step(&judgement);
}

/* Skips time that was not analysed: every run begins anew. */
static void meeting_leap(struct meeting *meeting, int64_t slot) {
    meeting->slot = slot;
    meeting->gathered_slot = NEVER;
    meeting->overlap.last_slot = NEVER;
    meeting->interruption_count = meeting->interruption_next = 0;
    memset(meeting->overlap.speakers, 0, sizeof meeting->overlap.speakers);
    for (size_t i = 0; i < meeting->count; i++) {
        struct participant *participant = meeting->participants[i];
        if (!participant->hearing)
            continue;
        turns_close(meeting, participant);
        speech_start(participant->hearing, slot, slot);
        timeline_skip(&participant->hearing->timeline, slot);
        memset(&participant->hearing->share, 0, sizeof participant->hearing->share);
    }
}

static bool is_awaited(const struct meeting *meeting, const struct participant *participant,
                       int64_t end) {
    if (!participant_is_connected(participant) || participant->mic != MIC_OPEN)
        return false;
    int64_t heard = participant->hearing->timeline.heard_slot;
    return heard < end && heard >= meeting->slot - ALIVE_SLOTS;
}

static bool is_ripe(const struct meeting *meeting, int64_t now_ms) {
    int64_t end = meeting->slot + STEP_SLOTS;
    if (now_ms < end * SLOT_MS)
        return false;
    if (now_ms >= end * SLOT_MS + MEETING_WAIT_MS)
        return true;
    for (size_t i = 0; i < meeting->count; i++)
        if (is_awaited(meeting, meeting->participants[i], end))
            return false;
    return true;
}

void meeting_judge(struct meeting *meeting, int64_t now_ms, feedback_fn *on_feedback, void *user) {
    int64_t last = step_of(now_ms - MEETING_WAIT_MS);
    if (meeting->is_paused)
        return;
    if (last - meeting->slot > LEAP_SLOTS)
        meeting_leap(meeting, last);
    while (is_ripe(meeting, now_ms))
        meeting_step(meeting, on_feedback, user);
}

void meeting_pause(struct meeting *meeting) {
    meeting->is_paused = true;
}

void meeting_resume(struct meeting *meeting, int64_t now_ms) {
    if (!meeting->is_paused)
        return;
    meeting->is_paused = false;
    report_tear(meeting->report);
    int64_t slot = step_of(now_ms);
    meeting_leap(meeting, slot > meeting->slot ? slot : meeting->slot);
}

bool meeting_is_paused(const struct meeting *meeting) {
    return meeting->is_paused;
}

struct report *meeting_report(const struct meeting *meeting) {
    return meeting->report;
}

void meeting_write_report(struct buf *out, const struct meeting *meeting, int64_t now_ms) {
    report_write(out, meeting->report, now_ms, report_pending_overlap_ms(meeting));
}
