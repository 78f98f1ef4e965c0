#include "net/rtc/rtc_checks.h"

#include "base/rand.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

/* Of a check, should we show from an address that the server does not know (RFC 8445, 5.1.2). */
enum { PEER_REFLEXIVE = 110 << 24 | 65535 << 8 | 255 };

/* ---- Ends and paths ---- */

static bool is_same_address(const struct stun_address *a, const struct stun_address *b) {
    return a->family == b->family && a->port == b->port &&
           memcmp(a->ip, b->ip, a->family == 4 ? 4 : 16) == 0;
}

bool rtc_end_is_equal(const struct rtc_end *a, const struct rtc_end *b) {
    return a->tcp == b->tcp && is_same_address(&a->address, &b->address);
}

static struct rtc_path *find_path(struct rtc_checks *checks, const struct rtc_end *end) {
    for (unsigned i = 0; i < checks->path_count; i++)
        if (rtc_end_is_equal(&checks->paths[i].end, end))
            return &checks->paths[i];
    return NULL;
}

static unsigned index_of(const struct rtc_checks *checks, const struct rtc_path *path) {
    return (unsigned)(path - checks->paths);
}

/* TCP has no path before its connection, which the server's own candidates alone can begin. */
static struct rtc_path *add_path(struct rtc_checks *checks, const struct rtc_end *end,
                                 uint32_t priority) {
    if (checks->path_count == RTC_PATHS_MAX)
        return NULL;
    struct rtc_path *path = &checks->paths[checks->path_count++];
    *path = (struct rtc_path){
        .end = *end, .priority = priority, .is_closed = end->tcp, .checked_ms = INT64_MIN / 2};
    return path;
}

/* ---- A round ---- */

static struct slice their_ufrag(const struct rtc_checks *checks) {
    return slice_of(checks->their_ufrag, checks->their_ufrag_len);
}

static struct slice their_password(const struct rtc_checks *checks) {
    return slice_of(checks->their_password, checks->their_password_len);
}

bool rtc_checks_is_same(const struct rtc_checks *checks, struct slice ufrag,
                        struct slice password) {
    return slice_is_equal(their_ufrag(checks), ufrag) &&
           slice_is_equal(their_password(checks), password);
}

bool rtc_checks_begin(struct rtc_checks *checks, struct slice ufrag, struct slice password,
                      bool is_lite, int64_t now_ms) {
    if (ufrag.len == 0 || ufrag.len > RTC_WORD_MAX || password.len == 0 ||
        password.len > RTC_WORD_MAX)
        return false;
    /* Letters and digits only, as an ice-char is (RFC 8839, 5.4). */
    uint8_t random[(RTC_PASSWORD_SIZE - 1) / 2];
    rand_bytes(random, sizeof random);
    text_hex(random, sizeof random, checks->password);
    rand_bytes(random, (RTC_UFRAG_SIZE - 1) / 2);
    text_hex(random, (RTC_UFRAG_SIZE - 1) / 2, checks->ufrag);
    memcpy(checks->their_ufrag, ufrag.ptr, ufrag.len);
    checks->their_ufrag_len = (uint16_t)ufrag.len;
    memcpy(checks->their_password, password.ptr, password.len);
    checks->their_password_len = (uint16_t)password.len;
    checks->tie_breaker = rand_u64();
    checks->is_controlling = is_lite;
    checks->is_settled = false;
    checks->path_count = checks->turn = checks->tcp_turn = checks->pending_at = 0;
    memset(checks->pending, 0, sizeof checks->pending);
    checks->begun_ms = checks->next_ms = now_ms;
    if (!checks->has_selected)
        checks->heard_ms = now_ms;
    checks->tcp_since_ms = -1;
    return true;
}

bool rtc_checks_add(struct rtc_checks *checks, const struct rtc_end *end, uint32_t priority,
                    int64_t now_ms) {
    struct rtc_path *known = find_path(checks, end);
    if (known) {
        known->priority = priority;
        return false;
    }
    if (!add_path(checks, end, priority))
        return false;
    if (!checks->is_settled && checks->next_ms > now_ms)
        checks->next_ms = now_ms;
    return true;
}

static void settle(struct rtc_checks *checks, struct rtc_path *path, int64_t now_ms) {
    checks->has_selected = checks->is_settled = true;
    checks->selected = path->end;
    checks->selected_path = (uint8_t)index_of(checks, path);
    checks->answered_ms = checks->heard_ms = now_ms;
    checks->next_ms = now_ms + RTC_CONSENT_EACH_MS + (int64_t)rand_below(1000);
}

static bool is_selected(const struct rtc_checks *checks, const struct rtc_path *path) {
    return checks->is_settled && index_of(checks, path) == checks->selected_path;
}

/* Controlling, the best path that is valid is nominated, without waiting for better ones. */
static void nominate(struct rtc_checks *checks) {
    struct rtc_path *best = NULL;
    for (unsigned i = 0; i < checks->path_count; i++) {
        struct rtc_path *path = &checks->paths[i];
        if (path->is_nominated)
            return;
        if (path->is_valid && (!best || path->priority > best->priority))
            best = path;
    }
    if (best)
        best->is_nominated = best->is_due = true;
}

static void set_controlling(struct rtc_checks *checks, bool is_controlling) {
    if (checks->is_controlling == is_controlling)
        return;
    checks->is_controlling = is_controlling;
    for (unsigned i = 0; i < checks->path_count; i++)
        checks->paths[i].is_nominated = false;
    if (is_controlling && !checks->is_settled)
        nominate(checks);
}

/* ---- What comes ---- */

static bool is_for_us(const struct rtc_checks *checks, struct slice username) {
    size_t ours = RTC_UFRAG_SIZE - 1;
    return username.len == ours + 1 + checks->their_ufrag_len &&
           memcmp(username.ptr, checks->ufrag, ours) == 0 && username.ptr[ours] == ':' &&
           memcmp(username.ptr + ours + 1, checks->their_ufrag, checks->their_ufrag_len) == 0;
}

/* RFC 8445, 7.3.1.1. False: the server is to change its role. */
static bool agree_on_roles(struct rtc_checks *checks, const struct stun_message *request) {
    bool theirs = request->role == STUN_CONTROLLING;
    if (request->role == STUN_NO_ROLE || theirs != checks->is_controlling)
        return true;
    bool is_ours_larger = checks->tie_breaker >= request->tie_breaker;
    if (checks->is_controlling == is_ours_larger)
        return false;
    set_controlling(checks, !checks->is_controlling);
    return true;
}

static void take_request(struct rtc_checks *checks, const struct stun_message *request,
                         const struct rtc_end *from, int64_t now_ms) {
    struct rtc_path *path = find_path(checks, from);
    if (!path && !from->tcp)
        path = add_path(checks, from, request->priority);
    if (!path)
        return;
    if (!path->is_valid && !checks->is_settled)
        path->is_due = true; /* a triggered check (RFC 8445, 7.3.1.4) */
    if (!request->use_candidate || checks->is_controlling || is_selected(checks, path))
        return;
    path->is_nominated = true;
    if (path->is_valid)
        settle(checks, path, now_ms);
    else
        path->is_due = true;
}

static size_t answer_request(struct rtc_checks *checks, const struct stun_message *request,
                             const struct rtc_end *from, int64_t now_ms, uint8_t *out) {
    struct stun_message answer = {.class = STUN_SUCCESS, .id = request->id};
    if (request->unknown_type) {
        answer.class = STUN_ERROR;
        answer.error_code = STUN_UNKNOWN_ATTRIBUTE;
        answer.unknown_type = request->unknown_type;
    } else if (!agree_on_roles(checks, request)) {
        answer.class = STUN_ERROR;
        answer.error_code = STUN_ROLE_CONFLICT;
    } else {
        answer.mapped = from->address;
        take_request(checks, request, from, now_ms);
    }
    return stun_write(out, &answer, slice_of(checks->password, RTC_PASSWORD_SIZE - 1));
}

static struct rtc_pending *find_pending(struct rtc_checks *checks, const uint8_t *id) {
    for (unsigned i = 0; i < RTC_PENDING_MAX; i++)
        if (checks->pending[i].is_waiting && memcmp(checks->pending[i].id, id, STUN_ID_BYTES) == 0)
            return &checks->pending[i];
    return NULL;
}

static void take_success(struct rtc_checks *checks, const struct rtc_pending *check,
                         struct rtc_path *path, int64_t now_ms) {
    path->is_valid = true;
    checks->rtt_ms = (uint32_t)(now_ms - check->sent_ms);
    if (is_selected(checks, path)) {
        checks->answered_ms = now_ms;
        checks->next_ms = now_ms + RTC_CONSENT_EACH_MS + (int64_t)rand_below(1000);
        return;
    }
    if (checks->is_controlling ? check->nominates && path->is_nominated : path->is_nominated)
        settle(checks, path, now_ms);
    else if (checks->is_controlling && !checks->is_settled)
        nominate(checks);
}

static enum rtc_heard take_answer(struct rtc_checks *checks, const uint8_t *bytes,
                                  const struct stun_message *answer, const struct rtc_end *from,
                                  int64_t now_ms) {
    struct rtc_pending *check = find_pending(checks, answer->id);
    if (!check || !rtc_end_is_equal(&checks->paths[check->path].end, from) ||
        !stun_is_authentic(bytes, answer, their_password(checks)))
        return RTC_HEARD_BAD;
    check->is_waiting = false;
    checks->heard_ms = now_ms;
    struct rtc_path *path = &checks->paths[check->path];
    if (answer->class == STUN_SUCCESS) {
        take_success(checks, check, path, now_ms);
    } else if (answer->error_code == STUN_ROLE_CONFLICT &&
               check->was_controlling == checks->is_controlling) {
        set_controlling(checks, !checks->is_controlling);
        path->is_due = true;
    }
    return RTC_HEARD;
}

enum rtc_heard rtc_checks_hear(struct rtc_checks *checks, const uint8_t *bytes, size_t len,
                               const struct rtc_end *from, int64_t now_ms,
                               uint8_t out[STUN_MAX_BYTES], size_t *answer) {
    struct stun_message message;
    *answer = 0;
    if (!stun_parse(bytes, len, &message))
        return RTC_HEARD_BAD;
    if (message.class == STUN_INDICATION)
        return RTC_HEARD; /* keeps a NAT's mapping, and has no meaning */
    if (message.class != STUN_REQUEST)
        return take_answer(checks, bytes, &message, from, now_ms);
    if (!is_for_us(checks, message.username) ||
        !stun_is_authentic(bytes, &message, slice_of(checks->password, RTC_PASSWORD_SIZE - 1)))
        return RTC_HEARD_BAD;
    checks->heard_ms = now_ms;
    *answer = answer_request(checks, &message, from, now_ms, out);
    return RTC_HEARD;
}

/* ---- What goes ---- */

static size_t write_check(struct rtc_checks *checks, struct rtc_path *path, int64_t now_ms,
                          uint8_t *out, struct rtc_end *to) {
    bool nominates = checks->is_controlling && path->is_nominated;
    struct rtc_pending *check = &checks->pending[checks->pending_at];
    checks->pending_at = (uint8_t)((checks->pending_at + 1) % RTC_PENDING_MAX);
    *check = (struct rtc_pending){.path = (uint8_t)index_of(checks, path),
                                  .is_waiting = true,
                                  .nominates = nominates,
                                  .was_controlling = checks->is_controlling,
                                  .sent_ms = now_ms};
    rand_bytes(check->id, sizeof check->id);
    char username[RTC_WORD_MAX + RTC_UFRAG_SIZE];
    size_t len = checks->their_ufrag_len;
    memcpy(username, checks->their_ufrag, len);
    username[len++] = ':';
    memcpy(username + len, checks->ufrag, RTC_UFRAG_SIZE - 1);
    len += RTC_UFRAG_SIZE - 1;
    path->is_due = false;
    path->checked_ms = now_ms;
    *to = path->end;
    return stun_write(
        out,
        &(struct stun_message){.class = STUN_REQUEST,
                               .id = check->id,
                               .username = slice_of(username, len),
                               .has_priority = true,
                               .priority = PEER_REFLEXIVE,
                               .use_candidate = nominates,
                               .role = checks->is_controlling ? STUN_CONTROLLING : STUN_CONTROLLED,
                               .tie_breaker = checks->tie_breaker},
        their_password(checks));
}

static bool can_check(const struct rtc_checks *checks, const struct rtc_path *path,
                      int64_t now_ms) {
    return !path->is_closed && now_ms - path->checked_ms >= RTC_PACE_MS;
}

/* The path whose turn it is. */
static struct rtc_path *take_turn(struct rtc_checks *checks, int64_t now_ms) {
    for (unsigned i = 0; i < checks->path_count; i++) {
        struct rtc_path *path = &checks->paths[checks->turn % checks->path_count];
        checks->turn = (uint8_t)((checks->turn + 1) % checks->path_count);
        if (can_check(checks, path, now_ms))
            return path;
    }
    return NULL;
}

size_t rtc_checks_next(struct rtc_checks *checks, int64_t now_ms, uint8_t out[STUN_MAX_BYTES],
                       struct rtc_end *to) {
    if (checks->is_settled && !rtc_checks_has_consent(checks, now_ms))
        return 0;
    for (unsigned i = 0; i < checks->path_count; i++) {
        struct rtc_path *path = &checks->paths[i];
        if (path->is_due && can_check(checks, path, now_ms))
            return write_check(checks, path, now_ms, out, to);
    }
    if (now_ms < checks->next_ms)
        return 0;
    if (checks->is_settled) {
        checks->next_ms = now_ms + RTC_CONSENT_RETRY_MS;
        struct rtc_path *path = &checks->paths[checks->selected_path];
        return path->is_closed ? 0 : write_check(checks, path, now_ms, out, to);
    }
    checks->next_ms =
        now_ms + (now_ms - checks->begun_ms < RTC_HURRY_MS ? RTC_PACE_MS : RTC_PACE_LATER_MS);
    struct rtc_path *path = take_turn(checks, now_ms);
    return path ? write_check(checks, path, now_ms, out, to) : 0;
}

int64_t rtc_checks_due_ms(const struct rtc_checks *checks) {
    if (checks->path_count == 0)
        return INT64_MAX;
    if (checks->is_settled && checks->next_ms - checks->answered_ms >= RTC_CONSENT_LOST_MS)
        return INT64_MAX;
    int64_t due_ms = checks->next_ms;
    for (unsigned i = 0; i < checks->path_count; i++) {
        const struct rtc_path *path = &checks->paths[i];
        if (path->is_due && !path->is_closed && path->checked_ms + RTC_PACE_MS < due_ms)
            due_ms = path->checked_ms + RTC_PACE_MS;
    }
    return due_ms;
}

/* ---- TCP ---- */

static bool has_udp(const struct rtc_checks *checks) {
    for (unsigned i = 0; i < checks->path_count; i++)
        if (!checks->paths[i].end.tcp)
            return true;
    return false;
}

const struct rtc_end *rtc_checks_tcp(struct rtc_checks *checks, int64_t now_ms) {
    if (checks->is_settled)
        return checks->selected.tcp ? &checks->selected : NULL;
    if (has_udp(checks) && now_ms - checks->begun_ms < RTC_TCP_AFTER_MS)
        return NULL;
    bool has_waited =
        checks->tcp_since_ms >= 0 && now_ms - checks->tcp_since_ms >= RTC_TCP_PATIENCE_MS;
    for (unsigned i = 0; i < checks->path_count; i++) {
        unsigned at = (checks->tcp_turn + i + has_waited) % checks->path_count;
        if (!checks->paths[at].end.tcp)
            continue;
        if (checks->tcp_since_ms < 0 || has_waited)
            checks->tcp_since_ms = now_ms;
        checks->tcp_turn = (uint8_t)at;
        return &checks->paths[at].end;
    }
    return NULL;
}

void rtc_checks_set_tcp(struct rtc_checks *checks, const struct rtc_end *end, bool is_open,
                        int64_t now_ms) {
    struct rtc_path *path = find_path(checks, end);
    if (!path || (is_open && !path->is_closed))
        return;
    if (!is_open && is_selected(checks, path)) {
        checks->is_settled = false;
        checks->begun_ms = checks->next_ms = now_ms;
    }
    path->is_closed = !is_open;
    path->is_due = is_open;
    path->is_valid = false;
    for (unsigned i = 0; i < RTC_PENDING_MAX; i++) /* answers belong to their connection */
        if (checks->pending[i].path == index_of(checks, path))
            checks->pending[i].is_waiting = false;
}

/* ---- What is known ---- */

const struct rtc_end *rtc_checks_selected(const struct rtc_checks *checks) {
    return checks->has_selected ? &checks->selected : NULL;
}

bool rtc_checks_is_proven(const struct rtc_checks *checks, const struct rtc_end *end) {
    if (checks->has_selected && rtc_end_is_equal(&checks->selected, end))
        return true;
    for (unsigned i = 0; i < checks->path_count; i++)
        if (checks->paths[i].is_valid && rtc_end_is_equal(&checks->paths[i].end, end))
            return true;
    return false;
}

void rtc_checks_touch(struct rtc_checks *checks, int64_t now_ms) {
    checks->heard_ms = now_ms;
}

int64_t rtc_checks_silent_ms(const struct rtc_checks *checks, int64_t now_ms) {
    return now_ms - checks->heard_ms;
}

bool rtc_checks_has_consent(const struct rtc_checks *checks, int64_t now_ms) {
    return checks->has_selected && now_ms - checks->answered_ms < RTC_CONSENT_LOST_MS;
}
