#include "remote_private.h"

#include "base/big.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum { RECORD_HEAD = 13, RECORD_LENGTH_AT = 11, KEY = 16, PACKET_MAX = 1500 };

static int remote_on_verify(int ok, X509_STORE_CTX *chain) {
    return 1;
}

/* ---- The certificate ---- */

static bool make_certificate(struct remote *remote) {
    remote->key = EVP_EC_gen("P-256");
    X509 *certificate = remote->certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"remote", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, remote->key);
    return X509_sign(certificate, remote->key, EVP_sha256()) > 0;
}

void remote_fingerprint(const struct remote *remote, char out[96]) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509_digest(remote->certificate, EVP_sha256(), digest, &len);
    for (unsigned i = 0; i < len; i++)
        snprintf(out + 3 * i, 96 - 3 * i, i + 1 < len ? "%02X:" : "%02X", digest[i]);
}

/* ---- DTLS ---- */

bool remote_media_open(struct remote *remote) {
    const char *profiles = remote->settings.profiles
                               ? remote->settings.profiles
                               : "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";
    if (!make_certificate(remote))
        return false;
    SSL_CTX *context = remote->context = SSL_CTX_new(DTLS_method());
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_use_certificate(context, remote->certificate);
    SSL_CTX_use_PrivateKey(context, remote->key);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       remote_on_verify);
    if (!(remote->settings.faults & REMOTE_NO_PROFILE))
        SSL_CTX_set_tlsext_use_srtp(context, profiles);
    SSL *ssl = remote->ssl = SSL_new(context);
    remote->in = BIO_new(BIO_s_mem());
    remote->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(remote->in, -1);
    BIO_set_mem_eof_return(remote->out, -1);
    SSL_set_bio(ssl, remote->in, remote->out);
    SSL_set_mtu(ssl, 1200);
    if (remote->settings.is_active)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
    return true;
}

void remote_media_close(struct remote *remote) {
    if (remote->srtp_in)
        srtp_dealloc(remote->srtp_in);
    if (remote->srtp_out)
        srtp_dealloc(remote->srtp_out);
    SSL_free(remote->ssl);
    SSL_CTX_free(remote->context);
    X509_free(remote->certificate);
    EVP_PKEY_free(remote->key);
}

/* What OpenSSL wrote, one record a datagram: a memory BIO does not keep them apart. */
static void flush(struct remote *remote) {
    uint8_t all[65536];
    int len;
    while ((len = BIO_read(remote->out, all, sizeof all)) > 0) {
        size_t at = 0;
        while (at + RECORD_HEAD <= (size_t)len) {
            size_t record = RECORD_HEAD + big_u16(all + at + RECORD_LENGTH_AT);
            bool is_lost =
                (remote->settings.faults & REMOTE_LOSES_DTLS) && remote->dtls_sent++ == 0;
            is_lost |= remote->is_losing_end;
            if (!is_lost && !(remote->settings.faults & REMOTE_NO_DTLS))
                remote_transmit(remote, all + at, record);
            at += record;
        }
    }
}

static srtp_t open_srtp(uint8_t *key, bool is_gcm, srtp_ssrc_type_t which) {
    srtp_policy_t policy = {.ssrc = {.type = which}, .key = key, .window_size = 4096};
    srtp_profile_t id = is_gcm ? srtp_profile_aead_aes_128_gcm : srtp_profile_aes128_cm_sha1_80;
    policy.allow_repeat_tx = 1;
    srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, id);
    srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, id);
    srtp_t session = NULL;
    srtp_create(&session, &policy);
    return session;
}

static void begin_media(struct remote *remote) {
    SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(remote->ssl);
    remote->stats.is_up = true;
    if (!profile)
        return;
    bool is_gcm = profile->id == SRTP_AEAD_AES_128_GCM;
    size_t salt = is_gcm ? 12 : 14;
    uint8_t material[2 * (KEY + 14)], client[KEY + 14], server[KEY + 14];
    SSL_export_keying_material(remote->ssl, material, 2 * (KEY + salt), "EXTRACTOR-dtls_srtp", 19,
                               NULL, 0, 0);
    memcpy(client, material, KEY);
    memcpy(server, material + KEY, KEY);
    memcpy(client + KEY, material + 2 * KEY, salt);
    memcpy(server + KEY, material + 2 * KEY + salt, salt);
    bool is_client = remote->settings.is_active;
    remote->srtp_in = open_srtp(is_client ? server : client, is_gcm, ssrc_any_inbound);
    remote->srtp_out = open_srtp(is_client ? client : server, is_gcm, ssrc_any_outbound);
}

static void shake(struct remote *remote) {
    ERR_clear_error();
    remote->is_losing_end = false;
    if (!remote->stats.is_up && SSL_do_handshake(remote->ssl) == 1) {
        begin_media(remote);
        remote->is_losing_end = remote->settings.faults & REMOTE_LOSES_END;
    }
    uint8_t data[16384];
    int len = remote->stats.is_up ? SSL_read(remote->ssl, data, sizeof data) : 0;
    if (len > 0) {
        if (remote->stats.data_bytes == 0)
            memcpy(remote->stats.first_data, data,
                   (size_t)len < sizeof remote->stats.first_data ? (size_t)len
                                                                 : sizeof remote->stats.first_data);
        remote->stats.data_bytes += (unsigned)len;
    } else if (remote->stats.is_up && SSL_get_error(remote->ssl, len) == SSL_ERROR_ZERO_RETURN) {
        remote->stats.is_bye = true;
    }
    flush(remote);
}

void remote_begin_dtls(struct remote *remote) {
    if (remote->settings.is_active)
        shake(remote);
}

/* As a full server does, it hears nothing of DTLS before a path is agreed on. */
void remote_hear_dtls(struct remote *remote, const uint8_t *bytes, size_t len) {
    if (!remote->stats.is_nominated || (remote->settings.faults & REMOTE_NO_DTLS) ||
        ((remote->settings.faults & REMOTE_LOSES_DTLS) && remote->dtls_seen++ == 0))
        return;
    if (!remote->stats.is_up) {
        remote->stats.handshakes++;
        if (len > remote->stats.longest)
            remote->stats.longest = (unsigned)len;
        if ((remote->settings.faults & REMOTE_LOSES_SECOND) && remote->stats.handshakes == 2)
            return;
    }
    BIO_write(remote->in, bytes, (int)len);
    shake(remote);
}

void remote_tick_dtls(struct remote *remote) {
    if (!remote->stats.is_up && remote->stats.is_nominated) {
        DTLSv1_handle_timeout(remote->ssl);
        flush(remote);
    }
}

bool remote_send_data(struct remote *remote, const uint8_t *bytes, size_t len) {
    if (!remote->stats.is_up || SSL_write(remote->ssl, bytes, (int)len) <= 0)
        return false;
    flush(remote);
    return true;
}

/* ---- Media ---- */

bool remote_send_as(struct remote *remote, uint32_t ssrc, uint8_t payload_type, uint16_t seq,
                    uint32_t timestamp, struct slice payload) {
    _Alignas(8) uint8_t bytes[PACKET_MAX + SRTP_MAX_TRAILER_LEN];
    if (!remote->srtp_out || payload.len > PACKET_MAX - 12)
        return false;
    bytes[0] = 0x80;
    bytes[1] = payload_type;
    big_put_u16(bytes + 2, seq);
    big_put_u32(bytes + 4, timestamp);
    big_put_u32(bytes + 8, ssrc);
    memcpy(bytes + 12, payload.ptr, payload.len);
    int len = 12 + (int)payload.len;
    if (srtp_protect(remote->srtp_out, bytes, &len) != srtp_err_status_ok)
        return false;
    remote_transmit(remote, bytes, (size_t)len);
    return true;
}

bool remote_send(struct remote *remote, unsigned section, uint8_t payload_type, uint16_t seq,
                 uint32_t timestamp, struct slice payload) {
    return remote_send_as(remote, remote->sections[section].ssrc, payload_type, seq, timestamp,
                          payload);
}

static bool send_rtcp(struct remote *remote, uint8_t *bytes, int len) {
    if (!remote->srtp_out || srtp_protect_rtcp(remote->srtp_out, bytes, &len) != srtp_err_status_ok)
        return false;
    remote_transmit(remote, bytes, (size_t)len);
    return true;
}

bool remote_send_report(struct remote *remote, unsigned section, uint64_t ntp, uint32_t rtp_time) {
    _Alignas(8) uint8_t bytes[28 + SRTP_MAX_TRAILER_LEN + 4] = {0x80, 200, 0, 6};
    big_put_u32(bytes + 4, remote->sections[section].ssrc);
    big_put_u64(bytes + 8, ntp);
    big_put_u32(bytes + 16, rtp_time);
    return send_rtcp(remote, bytes, 28);
}

bool remote_send_mid(struct remote *remote, uint32_t ssrc, const char *mid) {
    _Alignas(8) uint8_t bytes[300 + SRTP_MAX_TRAILER_LEN + 4] = {0x81, 202};
    size_t len = strlen(mid), all = 8 + 2 + len + 1;
    all = (all + 3) & ~(size_t)3;
    big_put_u16(bytes + 2, (uint16_t)(all / 4 - 1));
    big_put_u32(bytes + 4, ssrc);
    bytes[8] = 15;
    bytes[9] = (uint8_t)len;
    memcpy(bytes + 10, mid, len);
    return send_rtcp(remote, bytes, (int)all);
}

bool remote_send_bye(struct remote *remote, unsigned section) {
    _Alignas(8) uint8_t bytes[8 + SRTP_MAX_TRAILER_LEN + 4] = {0x81, 203, 0, 1};
    big_put_u32(bytes + 4, remote->sections[section].ssrc);
    return send_rtcp(remote, bytes, 8);
}

/* ---- Reports that come ---- */

static void take_block(struct remote_stats *stats, const uint8_t *block) {
    stats->report_blocks++;
    stats->block_ssrc = big_u32(block);
    stats->fraction_lost = block[4];
    stats->lost = (int32_t)(big_u24(block + 5) << 8) >> 8;
    stats->jitter = big_u32(block + 12);
    stats->last_report = big_u32(block + 16);
    stats->since_report = big_u32(block + 20);
}

static void take_nack(struct remote_stats *stats, const uint8_t *pair) {
    uint16_t seq = big_u16(pair), mask = big_u16(pair + 2);
    for (unsigned i = 0; i <= 16; i++)
        if (i == 0 || (mask >> (i - 1) & 1))
            stats->nacks[stats->nack_count++ % REMOTE_NACKS_MAX] = (uint16_t)(seq + i);
}

void remote_hear_report(struct remote *remote, uint8_t *bytes, size_t len) {
    int left = (int)len;
    if (!remote->srtp_in ||
        srtp_unprotect_rtcp(remote->srtp_in, bytes, &left) != srtp_err_status_ok)
        return;
    remote->stats.reports++;
    for (int at = 0; at + 8 <= left;) {
        int end = at + 4 * (big_u16(bytes + at + 2) + 1);
        unsigned count = bytes[at] & 31, type = bytes[at + 1];
        if (end > left)
            return;
        for (unsigned i = 0; type == 201 && i < count && at + 8 + (int)(i + 1) * 24 <= end; i++)
            take_block(&remote->stats, bytes + at + 8 + i * 24);
        for (int pair = at + 12; type == 205 && count == 1 && pair + 4 <= end; pair += 4)
            take_nack(&remote->stats, bytes + pair);
        remote->stats.key_frames += type == 206 && count == 1;
        at = end;
    }
}
