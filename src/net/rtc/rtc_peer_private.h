/* Private to rtc_peer.c (life, time, output), rtc_answer.c (offers), rtc_input.c (what comes) and
 * rtc_report.c (RTCP that goes). */
#ifndef NET_RTC_PEER_PRIVATE_H
#define NET_RTC_PEER_PRIVATE_H

#include "net/loop.h"
#include "net/rtc/rtc_checks.h"
#include "net/rtc/rtc_dtls.h"
#include "net/rtc/rtc_early.h"
#include "net/rtc/rtc_peer.h"
#include "net/rtc/rtc_socket.h"
#include "net/rtc/rtc_sources.h"
#include "net/rtc/rtc_srtp.h"
#include "net/rtc/rtc_tcp.h"
#include "wire/rtc/sctp.h"

enum { RTC_NO_FORMAT = 0xff, RTC_CNAME_SIZE = 17 };

/* A section of the last offer. */
struct rtc_section {
    char mid[SDP_MID_MAX];
    uint8_t mid_len;
    bool receives; /* something was asked for, and is sent */
    bool has_ssrc;
    uint8_t formats[SDP_CODECS]; /* payload types; RTC_NO_FORMAT: not offered */
};

struct rtc_peer {
    struct loop *loop;
    const struct rtc_identity *identity;
    struct rtc_handlers handlers;
    void *user;
    bool no_udp, no_tcp, is_watching;
    bool has_server, has_told_address;
    struct stun_address server; /* of the settings; has_server */
    struct stun_address told;   /* the address of ours that the server was told */
    enum rtc_state state, told_state;
    const char *why;
    struct deferred news;
    struct timer timer;
    int64_t begun_ms, connect_ms, silence_ms;

    struct rtc_socket sock;
    struct watch *watch;
    struct rtc_tcp *tcp;
    struct watch *tcp_watch;
    struct rtc_end tcp_end; /* where tcp goes, or went last */
    int64_t tcp_tried_ms;

    struct rtc_checks *checks;
    unsigned candidate_count; /* of this round */
    struct rtc_dtls *dtls;
    struct rtc_end dtls_end; /* where the last DTLS datagram came from */
    uint8_t fingerprint[SDP_FINGERPRINT_BYTES];
    struct rtc_srtp *srtp;
    struct rtc_early early; /* until there is srtp */
    bool has_sctp, is_draining;
    struct sctp sctp;

    uint64_t session_id, answer_count;
    struct rtc_section *sections;
    size_t section_count;
    struct rtc_sources sources;

    char cname[RTC_CNAME_SIZE];
    uint32_t ssrc; /* ours, of reports */
    int64_t report_ms;
    struct rtc_stats stats;
};

/* ---- rtc_peer.c ---- */

int64_t rtc_peer_now_ms(void);
void rtc_peer_send(struct rtc_peer *peer, const struct rtc_end *to, const uint8_t *bytes,
                   size_t len);
void rtc_peer_fail(struct rtc_peer *peer, const char *why);
/* Sends what is due, takes what has changed into account, and sets the timer. */
void rtc_peer_go_on(struct rtc_peer *peer, int64_t now_ms);
/* An offer was taken. */
void rtc_peer_begin(struct rtc_peer *peer, int64_t now_ms);
bool rtc_peer_open_dtls(struct rtc_peer *peer, bool is_client);

/* ---- rtc_input.c ---- */

size_t rtc_peer_read(struct rtc_peer *peer, size_t most);

/* ---- rtc_report.c ---- */

void rtc_peer_send_reports(struct rtc_peer *peer, int64_t now_ms);

#endif
