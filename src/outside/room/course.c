#include "outside/room/course.h"

#include "outside/room/sfu.h"

void course_begin(struct course *course, int64_t now_ms) {
    *course = (struct course){.phase = COURSE_ASKING, .media_ms = now_ms};
}

static void course_finish(struct course *course, enum course_end end) {
    course->phase = COURSE_ENDED;
    course->end = end;
}

/* As LiveKit's own clients wait: 0.3 s times the square of the number of failures; the second half
 * of it is random, so that those who failed together do not come back together. */
static int64_t pause_ms(unsigned failures, uint64_t random) {
    int64_t full_ms = 300 * (int64_t)failures * failures;
    if (full_ms > COURSE_PAUSE_MAX_MS)
        full_ms = COURSE_PAUSE_MAX_MS;
    return full_ms / 2 + (int64_t)(random % (uint64_t)(full_ms / 2 + 1));
}

static void course_pause(struct course *course, int64_t now_ms, uint64_t random) {
    course->phase = COURSE_PAUSING;
    course->due_ms = now_ms + pause_ms(course->failures, random);
}

/* Whether LiveKit may still have our session. */
static bool can_resume(const struct course *course, int64_t now_ms) {
    return course->has_session && course->had_media &&
           (course->has_media || now_ms - course->media_ms < COURSE_MEDIA_MS);
}

static void begin_anew(struct course *course, int64_t now_ms, uint64_t random) {
    course->has_session = false;
    course->is_resume = false;
    course->has_media = false;
    course_pause(course, now_ms, random);
}

/* A session that lasted counts as a success, whatever comes now. */
static void settle_failures(struct course *course, int64_t now_ms) {
    bool was_open = course->phase == COURSE_OPEN;
    if (was_open && now_ms - course->opened_ms >= COURSE_STEADY_MS)
        course->failures = 0;
}

static void give_up_or(struct course *course, enum course_end end, int64_t now_ms,
                       uint64_t random) {
    unsigned most = course->has_worked ? COURSE_TRIES : COURSE_FIRST_TRIES;
    if (course->failures >= most)
        course_finish(course, end);
    else
        begin_anew(course, now_ms, random);
}

static void resume(struct course *course, enum course_loss loss, int64_t now_ms, uint64_t random) {
    settle_failures(course, now_ms);
    course->loss = loss;
    bool is_in_vain = !course->has_media && course->failures >= COURSE_TRIES;
    if (is_in_vain || !can_resume(course, now_ms)) {
        course->failures++;
        give_up_or(course, COURSE_ENDED_NO_ANSWER, now_ms, random);
        return;
    }
    course->is_resume = true;
    course_pause(course, now_ms, random); /* the first one at once */
    course->failures++;
}

void course_dial(struct course *course, int64_t now_ms) {
    course->phase = COURSE_DIALLING;
    course->due_ms = now_ms + COURSE_OPEN_MS;
    /* While the ticket was waited for, the session may have become too old. */
    if (course->is_resume && !can_resume(course, now_ms)) {
        course->is_resume = false;
        course->has_session = false;
    }
}

void course_open(struct course *course, int64_t ping_ms, int64_t pong_ms, int64_t now_ms) {
    enum { LEAST_MS = 1000, MOST_MS = 120 * 1000 };
    bool is_sane = ping_ms >= LEAST_MS && pong_ms > ping_ms && pong_ms <= MOST_MS;
    if (!course->is_resume || !course->ping_every_ms) {
        course->ping_every_ms = is_sane ? ping_ms : COURSE_PING_MS;
        course->pong_within_ms = is_sane ? pong_ms : COURSE_PONG_MS;
    }
    if (!course->is_resume) {
        course->has_media = course->had_media = false;
        course->began_ms = now_ms;
    }
    if (!course->has_media)
        course->media_ms = now_ms;
    course->phase = COURSE_OPEN;
    course->has_session = true;
    course->opened_ms = now_ms;
    course->ping_ms = course->pong_ms = now_ms;
}

void course_pong(struct course *course, int64_t now_ms) {
    course->pong_ms = now_ms;
}

void course_media(struct course *course, bool has_media, int64_t now_ms) {
    if (course->has_media != has_media)
        course->media_ms = now_ms;
    course->has_media = has_media;
    course->had_media |= has_media;
    course->has_worked |= has_media;
}

void course_media_failed(struct course *course, int64_t now_ms, uint64_t random) {
    course->failures++;
    /* Nobody finds a way by trying often. */
    if (!course->has_worked && course->failures > 1)
        course_finish(course, COURSE_ENDED_NO_WAY);
    else
        give_up_or(course, COURSE_ENDED_NO_WAY, now_ms, random);
}

/* LiveKit's word on why a session is over, where that is final. */
static enum course_end end_of(int32_t reason) {
    switch (reason) {
    case SFU_CLIENT_LEFT:
    case SFU_ROOM_DELETED:
    case SFU_ROOM_CLOSED:
        return COURSE_ENDED_CLOSED;
    case SFU_DUPLICATE:
        return COURSE_ENDED_DUPLICATE;
    case SFU_REMOVED:
        return COURSE_ENDED_REMOVED;
    default:
        return COURSE_ENDED_NOT;
    }
}

void course_leave(struct course *course, int32_t action, int32_t reason, int64_t now_ms,
                  uint64_t random) {
    enum course_end end = end_of(reason);
    if (action == SFU_RESUME) {
        bool is_media = reason == SFU_TIMED_OUT;
        if (is_media) /* LiveKit has lost our media only now, and waits for us again */
            course->media_ms = now_ms;
        resume(course, is_media ? COURSE_LOST_MEDIA : COURSE_LOST_SIGNAL, now_ms, random);
    } else if (action == SFU_DISCONNECT && end) {
        course_finish(course, end);
    } else {
        settle_failures(course, now_ms);
        course->failures++;
        give_up_or(course, COURSE_ENDED_LIMIT, now_ms, random);
    }
}

void course_lost(struct course *course, int http_status, int64_t now_ms, uint64_t random) {
    bool is_refused =
        http_status >= 400 && http_status < 500 && http_status != 408 && http_status != 429;
    if (course->phase == COURSE_OPEN) {
        resume(course, COURSE_LOST_SIGNAL, now_ms, random);
    } else if (course->is_resume && is_refused) {
        course->failures++;
        begin_anew(course, now_ms, random);
    } else if (course->is_resume) {
        resume(course, course->loss, now_ms, random);
    } else if (is_refused) {
        course_finish(course, http_status == 404 ? COURSE_ENDED_CLOSED : COURSE_ENDED_REFUSED);
    } else {
        course->failures++;
        give_up_or(course, http_status ? COURSE_ENDED_LIMIT : COURSE_ENDED_NO_ANSWER, now_ms,
                   random);
    }
}

void course_refuse(struct course *course, enum course_end end) {
    course_finish(course, end);
}

/* When media that stay away have to be done something about: at first a resumption, which begins
 * new checks; after it, all anew. */
static bool is_resumed(const struct course *course) {
    return course->is_resume && course->opened_ms >= course->media_ms;
}

static int64_t media_due_ms(const struct course *course) {
    return course->has_media    ? INT64_MAX
           : !course->had_media ? course->began_ms + COURSE_FIRST_MEDIA_MS
           : is_resumed(course) ? course->media_ms + COURSE_MEDIA_MS
                                : course->media_ms + COURSE_SILENCE_MS;
}

static void look_at_media(struct course *course, int64_t now_ms, uint64_t random) {
    if (now_ms < media_due_ms(course))
        return;
    if (!course->had_media) {
        course_media_failed(course, now_ms, random);
    } else if (is_resumed(course)) {
        course->failures++;
        give_up_or(course, COURSE_ENDED_NO_WAY, now_ms, random);
    } else {
        resume(course, COURSE_LOST_MEDIA, now_ms, random);
    }
}

bool course_look(struct course *course, int64_t now_ms, uint64_t random) {
    if (course->phase == COURSE_PAUSING && now_ms >= course->due_ms)
        course->phase = COURSE_ASKING;
    else if (course->phase == COURSE_DIALLING && now_ms >= course->due_ms)
        course_lost(course, 0, now_ms, random);
    if (course->phase != COURSE_OPEN)
        return false;
    if (now_ms - course->pong_ms >= course->pong_within_ms) {
        resume(course, COURSE_LOST_SIGNAL, now_ms, random);
        return false;
    }
    look_at_media(course, now_ms, random);
    if (course->phase != COURSE_OPEN || now_ms - course->ping_ms < course->ping_every_ms)
        return false;
    course->ping_ms = now_ms;
    return true;
}

int64_t course_due_ms(const struct course *course) {
    if (course->phase == COURSE_PAUSING || course->phase == COURSE_DIALLING)
        return course->due_ms;
    if (course->phase != COURSE_OPEN)
        return INT64_MAX;
    int64_t due_ms = course->ping_ms + course->ping_every_ms;
    int64_t dead_ms = course->pong_ms + course->pong_within_ms;
    int64_t media_ms = media_due_ms(course);
    due_ms = dead_ms < due_ms ? dead_ms : due_ms;
    return media_ms < due_ms ? media_ms : due_ms;
}

const char *course_end_name(enum course_end end) {
    static const char *const names[COURSE_ENDS] = {
        [COURSE_ENDED_NOT] = "left",
        [COURSE_ENDED_CLOSED] = "room_closed",
        [COURSE_ENDED_REMOVED] = "removed",
        [COURSE_ENDED_DUPLICATE] = "duplicate",
        [COURSE_ENDED_REFUSED] = "refused",
        [COURSE_ENDED_LIMIT] = "limit",
        [COURSE_ENDED_NO_ANSWER] = "no_answer",
        [COURSE_ENDED_NO_WAY] = "no_way",
    };
    return names[end];
}
