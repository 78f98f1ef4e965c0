#include "net/rtc/rtc_srtp.h"

#include "base/mem.h"

#include <netinet/in.h>
#include <srtp2/srtp.h>
#include <string.h>

struct rtc_srtp {
    srtp_t in, out;
    /* Of packets that come, for sources that need a stream of their own. */
    enum rtc_dtls_profile profile;
    uint8_t key[RTC_DTLS_KEY_MAX];
};

static bool make_policy(srtp_policy_t *policy, enum rtc_dtls_profile profile, uint8_t *key,
                        srtp_ssrc_t ssrc) {
    srtp_profile_t id =
        profile == RTC_DTLS_GCM ? srtp_profile_aead_aes_128_gcm : srtp_profile_aes128_cm_sha1_80;
    *policy = (srtp_policy_t){.ssrc = ssrc, .key = key, .window_size = RTC_SRTP_WINDOW};
    return srtp_crypto_policy_set_from_profile_for_rtp(&policy->rtp, id) == srtp_err_status_ok &&
           srtp_crypto_policy_set_from_profile_for_rtcp(&policy->rtcp, id) == srtp_err_status_ok;
}

static srtp_t open_direction(enum rtc_dtls_profile profile, uint8_t *key, srtp_ssrc_type_t which) {
    srtp_policy_t policy;
    srtp_t session = NULL;
    if (!make_policy(&policy, profile, key, (srtp_ssrc_t){.type = which}) ||
        srtp_create(&session, &policy) != srtp_err_status_ok)
        return NULL;
    return session;
}

struct rtc_srtp *rtc_srtp_new(const struct rtc_dtls_keys *keys) {
    struct rtc_dtls_keys copy = *keys; /* the library's keys are not const */
    struct rtc_srtp *srtp = mem_alloc(sizeof *srtp);
    srtp->in = open_direction(keys->profile, copy.theirs, ssrc_any_inbound);
    srtp->out = open_direction(keys->profile, copy.ours, ssrc_any_outbound);
    srtp->profile = keys->profile;
    memcpy(srtp->key, keys->theirs, sizeof srtp->key);
    OPENSSL_cleanse(&copy, sizeof copy);
    if (srtp->in && srtp->out)
        return srtp;
    rtc_srtp_free(srtp);
    return NULL;
}

void rtc_srtp_free(struct rtc_srtp *srtp) {
    if (!srtp)
        return;
    if (srtp->in)
        srtp_dealloc(srtp->in);
    if (srtp->out)
        srtp_dealloc(srtp->out);
    OPENSSL_cleanse(srtp, sizeof *srtp);
    mem_free(srtp);
}

static enum rtc_srtp_result result_of(srtp_err_status_t status, int left, size_t *len) {
    if (status == srtp_err_status_ok) {
        *len = (size_t)left;
        return RTC_SRTP_OK;
    }
    return status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old
               ? RTC_SRTP_REPEATED
               : RTC_SRTP_BAD;
}

enum rtc_srtp_result rtc_srtp_open_packet(struct rtc_srtp *srtp, uint8_t *bytes, size_t *len) {
    int left = (int)*len;
    srtp_err_status_t status = srtp_unprotect(srtp->in, bytes, &left);
    return result_of(status, left, len);
}

enum rtc_srtp_result rtc_srtp_open_wrapped(struct rtc_srtp *srtp, uint32_t ssrc, uint8_t *bytes,
                                           size_t *len) {
    srtp_policy_t policy;
    srtp_ssrc_t one = {.type = ssrc_specific, .value = ssrc};
    if (!make_policy(&policy, srtp->profile, srtp->key, one) ||
        srtp_add_stream(srtp->in, &policy) != srtp_err_status_ok)
        return RTC_SRTP_BAD;
    enum rtc_srtp_result result = RTC_SRTP_BAD;
    if (srtp_set_stream_roc(srtp->in, ssrc, 1) == srtp_err_status_ok)
        result = rtc_srtp_open_packet(srtp, bytes, len);
    if (result != RTC_SRTP_OK)
        rtc_srtp_forget(srtp, ssrc);
    return result;
}

enum rtc_srtp_result rtc_srtp_open_report(struct rtc_srtp *srtp, uint8_t *bytes, size_t *len) {
    int left = (int)*len;
    srtp_err_status_t status = srtp_unprotect_rtcp(srtp->in, bytes, &left);
    return result_of(status, left, len);
}

bool rtc_srtp_protect_report(struct rtc_srtp *srtp, uint8_t *bytes, size_t *len) {
    int left = (int)*len;
    if (srtp_protect_rtcp(srtp->out, bytes, &left) != srtp_err_status_ok)
        return false;
    *len = (size_t)left;
    return true;
}

void rtc_srtp_forget(struct rtc_srtp *srtp, uint32_t ssrc) {
    srtp_remove_stream(srtp->in, htonl(ssrc));
}
