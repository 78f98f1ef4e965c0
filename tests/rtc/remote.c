#include "remote_private.h"

#include "base/big.h"
#include "base/mem.h"
#include "wire/rtc/stun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TICK_MS = 20, TIE_BREAKER = 77 };

/* xorshift64*: the same faults for the same seed. */
uint32_t remote_random(struct remote *remote) {
    remote->random ^= remote->random >> 12;
    remote->random ^= remote->random << 25;
    remote->random ^= remote->random >> 27;
    return (uint32_t)(remote->random * UINT64_C(2685821657736338717) >> 32);
}

/* ---- Output ---- */

static void put(struct remote *remote, const uint8_t *bytes, size_t len) {
    remote->stats.sent++;
    remote->stats.sent_bytes += (unsigned)len;
    if (remote->settings.is_tcp) {
        uint8_t frame[2 + 2048];
        big_put_u16(frame, (uint16_t)len);
        memcpy(frame + 2, bytes, len);
        if (remote->is_connected && send(remote->fd, frame, len + 2, MSG_NOSIGNAL) < 0)
            remote->is_connected = false;
    } else if (remote->peer.sin_port) {
        sendto(remote->fd, bytes, len, 0, (struct sockaddr *)&remote->peer, sizeof remote->peer);
    }
}

void remote_transmit(struct remote *remote, const uint8_t *bytes, size_t len) {
    unsigned faults = remote->settings.faults;
    uint8_t copy[2048];
    if ((faults & REMOTE_DEAF) || len > sizeof copy)
        return;
    if (faults & REMOTE_RUBBISH) {
        uint8_t rubbish[200];
        size_t rubbish_len = remote_random(remote) % sizeof rubbish;
        for (size_t i = 0; i < rubbish_len; i++)
            rubbish[i] = (uint8_t)remote_random(remote);
        put(remote, rubbish, rubbish_len);
    }
    memcpy(copy, bytes, len);
    if ((faults & REMOTE_MUTATES) && len > 0 && remote_random(remote) % 4 == 0) {
        size_t at = remote_random(remote) % len;
        if (remote_random(remote) % 8 == 0)
            len = at;
        else
            copy[at] ^= (uint8_t)(1u << remote_random(remote) % 8);
    }
    put(remote, copy, len);
    if (faults & REMOTE_TWICE)
        put(remote, copy, len);
}

/* ---- Checks ---- */

static void send_stun(struct remote *remote, const struct stun_message *message,
                      const char *password) {
    uint8_t out[STUN_MAX_BYTES];
    bool is_wrong = remote->settings.faults & REMOTE_WRONG_PASSWORD;
    size_t len = stun_write(out, message, slice_from(is_wrong ? "another password" : password));
    remote_transmit(remote, out, len);
}

static void send_check(struct remote *remote, bool nominates) {
    for (size_t i = 0; i < sizeof remote->check_id; i++)
        remote->check_id[i] = (uint8_t)remote_random(remote);
    char username[700];
    snprintf(username, sizeof username, "%s:%s", remote->their_ufrag, remote->ufrag);
    bool is_controlled = remote->is_controlled || (remote->settings.faults & REMOTE_WRONG_ROLE);
    send_stun(remote,
              &(struct stun_message){.class = STUN_REQUEST,
                                     .id = remote->check_id,
                                     .username = slice_from(username),
                                     .has_priority = true,
                                     .priority = 1,
                                     .use_candidate = nominates && !is_controlled,
                                     .role = is_controlled ? STUN_CONTROLLED : STUN_CONTROLLING,
                                     .tie_breaker = TIE_BREAKER},
              remote->their_password);
}

static void agree(struct remote *remote) {
    if (!remote->stats.is_nominated) {
        remote->stats.is_nominated = true;
        remote_begin_dtls(remote);
    }
}

static void hear_request(struct remote *remote, const uint8_t *bytes,
                         const struct stun_message *request, const struct sockaddr_in *from) {
    if (!stun_is_authentic(bytes, request, slice_from(remote->password)))
        return;
    remote->stats.requests++;
    remote->peer = *from;
    struct stun_message answer = {.class = STUN_SUCCESS, .id = request->id};
    answer.mapped.family = 4;
    answer.mapped.port = ntohs(from->sin_port);
    memcpy(answer.mapped.ip, &from->sin_addr, 4);
    if ((remote->settings.faults & REMOTE_WRONG_ROLE) && request->role == STUN_CONTROLLED) {
        answer.class = STUN_ERROR;
        answer.error_code = STUN_ROLE_CONFLICT;
    }
    send_stun(remote, &answer, remote->password);
    if (request->use_candidate)
        agree(remote);
    bool is_asking = remote->has_answer && !remote->settings.is_lite &&
                     !(remote->settings.faults & REMOTE_NEVER_NOMINATES);
    if (is_asking && !remote->stats.is_nominated)
        send_check(remote, remote->is_nominating);
}

static void hear_answer(struct remote *remote, const uint8_t *bytes,
                        const struct stun_message *answer) {
    if (memcmp(answer->id, remote->check_id, sizeof remote->check_id) != 0 ||
        !stun_is_authentic(bytes, answer, slice_from(remote->their_password)))
        return;
    if (answer->class == STUN_ERROR && answer->error_code == STUN_ROLE_CONFLICT) {
        remote->is_controlled = !remote->is_controlled;
        return;
    }
    if (remote->is_nominating)
        agree(remote);
    else if (!(remote->settings.faults & REMOTE_NEVER_NOMINATES))
        send_check(remote, remote->is_nominating = true);
}

static void hear(struct remote *remote, uint8_t *bytes, size_t len,
                 const struct sockaddr_in *from) {
    remote->stats.datagrams++;
    remote->stats.bytes += (unsigned)len;
    struct stun_message message;
    if (remote->settings.faults & REMOTE_DEAF)
        return;
    if (len > 0 && bytes[0] < 4) {
        if (!stun_parse(bytes, len, &message))
            remote->stats.strangers++;
        else if (message.class == STUN_REQUEST)
            hear_request(remote, bytes, &message, from);
        else
            hear_answer(remote, bytes, &message);
    } else if (len > 0 && bytes[0] >= 20 && bytes[0] < 64) {
        remote_hear_dtls(remote, bytes, len);
    } else if (len > 0 && bytes[0] >= 128 && bytes[0] < 192) {
        remote_hear_report(remote, bytes, len);
    } else {
        remote->stats.strangers++;
    }
}

/* ---- Sockets ---- */

static void hear_frames(struct remote *remote) {
    size_t at = 0;
    while (remote->tcp_in_len - at >= 2) {
        size_t len = big_u16(remote->tcp_in + at);
        if (remote->tcp_in_len - at < 2 + len)
            break;
        _Alignas(8) uint8_t frame[65536];
        memcpy(frame, remote->tcp_in + at + 2, len);
        hear(remote, frame, len, &remote->peer);
        at += 2 + len;
    }
    memmove(remote->tcp_in, remote->tcp_in + at, remote->tcp_in_len - at);
    remote->tcp_in_len -= at;
}

static void remote_on_input(int events, void *arg) {
    struct remote *remote = arg;
    if (remote->settings.is_tcp) {
        ssize_t got = recv(remote->fd, remote->tcp_in + remote->tcp_in_len,
                           sizeof remote->tcp_in - remote->tcp_in_len, MSG_DONTWAIT);
        if (got <= 0) {
            remote->is_connected = got < 0 && errno == EAGAIN;
            if (!remote->is_connected)
                watch_set(remote->watch, 0);
            return;
        }
        remote->tcp_in_len += (size_t)got;
        hear_frames(remote);
        return;
    }
    _Alignas(8) uint8_t bytes[2048];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t got;
    while ((got = recvfrom(remote->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from,
                           &from_len)) >= 0)
        hear(remote, bytes, (size_t)got, &from);
}

static void remote_on_connection(int events, void *arg) {
    struct remote *remote = arg;
    socklen_t len = sizeof remote->peer;
    int fd = accept(remote->listener, (struct sockaddr *)&remote->peer, &len);
    if (fd < 0)
        return;
    watch_close(remote->watch);
    if (remote->fd >= 0)
        close(remote->fd);
    remote->fd = fd;
    remote->is_connected = true;
    remote->tcp_in_len = 0;
    watch_open(&remote->watch, remote->loop, fd, remote_on_input, remote);
    watch_set(remote->watch, WATCH_READ);
}

static int open_socket(int type, uint16_t *port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&name, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) < 0 ||
        (type == SOCK_STREAM && listen(fd, 4) < 0)) {
        close(fd);
        return -1;
    }
    *port = ntohs(name.sin_port);
    return fd;
}

static int open_sockets(struct remote *remote) {
    int fd = open_socket(remote->settings.is_tcp ? SOCK_STREAM : SOCK_DGRAM, &remote->port);
    if (fd < 0)
        return errno;
    if (remote->settings.is_tcp) {
        remote->listener = fd;
        watch_open(&remote->listener_watch, remote->loop, fd, remote_on_connection, remote);
        watch_set(remote->listener_watch, WATCH_READ);
    } else {
        remote->fd = fd;
        watch_open(&remote->watch, remote->loop, fd, remote_on_input, remote);
        watch_set(remote->watch, WATCH_READ);
    }
    return 0;
}

static void close_sockets(struct remote *remote) {
    watch_close(remote->watch);
    watch_close(remote->listener_watch);
    remote->watch = remote->listener_watch = NULL;
    if (remote->fd >= 0)
        close(remote->fd);
    if (remote->listener >= 0)
        close(remote->listener);
    remote->fd = remote->listener = -1;
}

static void remote_on_tick(void *arg) {
    struct remote *remote = arg;
    remote_tick_dtls(remote);
}

/* ---- Offers ---- */

static void make_credentials(struct remote *remote) {
    for (unsigned i = 0; i < 16; i++)
        remote->ufrag[i] = (char)('a' + remote_random(remote) % 26);
    for (unsigned i = 0; i < 32; i++)
        remote->password[i] = (char)('A' + remote_random(remote) % 26);
}

void remote_candidate(const struct remote *remote, char out[128]) {
    snprintf(out, 128, "candidate:1 1 %s 127.0.0.1 %u typ host%s",
             remote->settings.is_tcp ? "tcp 1671430143" : "udp 2130706431", remote->port,
             remote->settings.is_tcp ? " tcptype passive" : "");
}

static void write_transport(struct remote *remote, struct buf *sdp, unsigned mid) {
    buf_printf(
        sdp, "c=IN IP4 0.0.0.0\r\na=setup:%s\r\na=mid:%u\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n",
        remote->settings.is_active ? "active" : "actpass", mid, remote->ufrag, remote->password);
    if (mid == 0 && !remote->settings.has_no_candidates) {
        char candidate[128];
        remote_candidate(remote, candidate);
        buf_printf(sdp, "a=%s\r\na=end-of-candidates\r\n", candidate);
    }
}

static void write_source(struct remote *remote, struct buf *sdp, const struct remote_section *s) {
    if (s->is_silent) {
        buf_add_text(sdp, "a=recvonly\r\n");
        return;
    }
    if (!remote->settings.hides_ssrc)
        buf_printf(sdp, "a=ssrc:%u cname:%s\r\n", s->ssrc, s->stream);
    buf_printf(sdp, "a=msid:%s %s\r\na=sendrecv\r\n", s->stream, s->track);
}

static void write_section(struct remote *remote, struct buf *sdp, unsigned section) {
    static const char *const lines[] = {
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8\r\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\r\n",
    };
    static const char *const codecs[] = {
        "a=sendrecv\r\na=sctp-port:5000\r\na=max-message-size:65535\r\n",
        "a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtcp-fb:111 nack\r\n"
        "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n",
        "a=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n"
        "a=rtpmap:97 VP9/90000\r\na=rtpmap:98 H264/90000\r\n",
    };
    const struct remote_section *s = &remote->sections[section];
    buf_add_text(sdp, lines[s->kind]);
    write_transport(remote, sdp, section);
    buf_add_text(sdp, codecs[s->kind]);
    if (s->kind != REMOTE_DATA)
        write_source(remote, sdp, s);
}

void remote_offer(struct remote *remote, struct buf *sdp) {
    const struct remote_settings *settings = &remote->settings;
    char fingerprint[96];
    remote_fingerprint(remote, fingerprint);
    if (settings->faults & REMOTE_WRONG_FINGERPRINT)
        fingerprint[0] = fingerprint[0] == 'A' ? 'B' : 'A';
    buf_printf(sdp,
               "v=0\r\no=- 8481313785013123305 %u IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
               "a=msid-semantic:WMS *\r\na=fingerprint:sha-256 %s\r\n%sa=extmap-allow-mixed\r\n"
               "a=group:BUNDLE",
               ++remote->version, fingerprint, settings->is_lite ? "a=ice-lite\r\n" : "");
    for (unsigned i = 0; i < remote->section_count; i++)
        buf_printf(sdp, " %u", i);
    buf_add_text(sdp, "\r\n");
    for (unsigned i = 0; i < remote->section_count; i++)
        write_section(remote, sdp, i);
}

unsigned remote_section_count(const struct remote *remote) {
    return remote->section_count;
}

unsigned remote_add_section(struct remote *remote, enum remote_kind kind) {
    unsigned section = remote->section_count++;
    if ((section & (section - 1)) == 0) /* room for twice as many */
        remote->sections =
            mem_resize(remote->sections, (2 * section + 1) * sizeof *remote->sections);
    struct remote_section *s = &remote->sections[section];
    *s = (struct remote_section){.kind = kind, .ssrc = remote_random(remote)};
    snprintf(s->stream, sizeof s->stream, "PA_%u|TR_%u", section, section);
    snprintf(s->track, sizeof s->track, "TR_%u", section);
    return section;
}

void remote_set_track(struct remote *remote, unsigned section, const char *stream,
                      const char *track) {
    struct remote_section *s = &remote->sections[section];
    snprintf(s->stream, sizeof s->stream, "%s", stream);
    snprintf(s->track, sizeof s->track, "%s", track);
}

static void take_word(struct slice sdp, const char *name, char *out, size_t size) {
    const char *at = memmem(sdp.ptr, sdp.len, name, strlen(name));
    size_t len = 0;
    if (at) {
        struct slice rest = slice_skip(sdp, (size_t)(at - sdp.ptr) + strlen(name));
        len = slice_find_byte(rest, '\r');
        len = len < size ? len : size - 1;
        memcpy(out, rest.ptr, len);
    }
    out[len] = 0;
}

void remote_answer(struct remote *remote, struct slice sdp) {
    take_word(sdp, "a=ice-ufrag:", remote->their_ufrag, sizeof remote->their_ufrag);
    take_word(sdp, "a=ice-pwd:", remote->their_password, sizeof remote->their_password);
    remote->has_answer = true;
}

void remote_restart(struct remote *remote) {
    make_credentials(remote);
    remote->has_answer = remote->is_nominating = remote->stats.is_nominated = false;
    if (!remote->settings.is_tcp)
        remote->peer.sin_port = 0;
}

int remote_move(struct remote *remote) {
    close_sockets(remote);
    return open_sockets(remote);
}

void remote_hang_up(struct remote *remote) {
    shutdown(remote->fd, SHUT_RDWR);
    remote->is_connected = false;
}

void remote_set_faults(struct remote *remote, unsigned faults) {
    remote->settings.faults = faults;
}

void remote_change_ssrc(struct remote *remote, unsigned section) {
    remote->sections[section].ssrc = remote_random(remote);
}

void remote_set_sending(struct remote *remote, unsigned section, bool sends) {
    remote->sections[section].is_silent = !sends;
}

uint32_t remote_ssrc(const struct remote *remote, unsigned section) {
    return remote->sections[section].ssrc;
}

/* ---- Life ---- */

int remote_open(struct remote **out, struct loop *loop, const struct remote_settings *settings) {
    struct remote *remote = mem_alloc(sizeof *remote);
    remote->loop = loop;
    remote->settings = *settings;
    remote->random = settings->seed * 2 + 1;
    remote->fd = remote->listener = -1;
    uint16_t port;
    remote->stranger = open_socket(SOCK_DGRAM, &port);
    if (settings->has_data)
        remote_add_section(remote, REMOTE_DATA);
    for (unsigned i = 0; i < settings->audio; i++)
        remote_add_section(remote, REMOTE_AUDIO);
    for (unsigned i = 0; i < settings->video; i++)
        remote_add_section(remote, REMOTE_VIDEO);
    make_credentials(remote);
    int err = open_sockets(remote);
    if (!err && !remote_media_open(remote))
        err = ENOTSUP;
    if (err) {
        remote_close(remote);
        return err;
    }
    timer_start(loop, &remote->timer, TICK_MS, TICK_MS, remote_on_tick, remote);
    *out = remote;
    return 0;
}

void remote_close(struct remote *remote) {
    if (!remote)
        return;
    timer_stop(&remote->timer);
    remote_media_close(remote);
    close_sockets(remote);
    if (remote->stranger >= 0)
        close(remote->stranger);
    mem_free(remote->sections);
    mem_free(remote);
}

void remote_send_raw(struct remote *remote, const uint8_t *bytes, size_t len, bool from_elsewhere) {
    if (from_elsewhere)
        sendto(remote->stranger, bytes, len, 0, (struct sockaddr *)&remote->peer,
               sizeof remote->peer);
    else
        put(remote, bytes, len);
}

const struct remote_stats *remote_stats(const struct remote *remote) {
    return &remote->stats;
}
