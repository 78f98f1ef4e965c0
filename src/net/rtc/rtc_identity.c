#include "net/rtc/rtc_identity.h"

#include "base/mem.h"
#include "base/rand.h"
#include "net/rtc/rtc_dtls.h"
#include "wire/rtc/sdp.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <srtp2/srtp.h>

/* A certificate has to have dates, and nobody looks at them: the fingerprint is what counts. */
enum { VALID_BEFORE_S = 24 * 3600, VALID_S = 10 * 365 * 24 * 3600 };

struct rtc_identity {
    EVP_PKEY *key;
    X509 *certificate;
    struct rtc_dtls_context dtls;
    bool has_srtp;
    uint8_t fingerprint[SDP_FINGERPRINT_BYTES];
};

static bool make_certificate(struct rtc_identity *identity) {
    X509 *certificate = identity->certificate = X509_new();
    if (!certificate)
        return false;
    X509_NAME *name = X509_get_subject_name(certificate);
    unsigned len = 0;
    return X509_set_version(certificate, X509_VERSION_3) &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), rand_u64() >> 1) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -VALID_BEFORE_S) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"prosa", -1,
                                      -1, 0) &&
           X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, identity->key) &&
           X509_sign(certificate, identity->key, EVP_sha256()) > 0 &&
           X509_digest(certificate, EVP_sha256(), identity->fingerprint, &len) &&
           len == SDP_FINGERPRINT_BYTES;
}

int rtc_identity_open(struct rtc_identity **out, const char **why) {
    struct rtc_identity *identity = mem_alloc(sizeof *identity);
    *why = NULL;
    identity->has_srtp = srtp_init() == srtp_err_status_ok;
    identity->key = EVP_EC_gen("P-256");
    if (!identity->has_srtp)
        *why = "SRTP cannot be set up";
    else if (!identity->key || !make_certificate(identity))
        *why = "no certificate can be made";
    else if (!rtc_dtls_open_context(&identity->dtls, identity->certificate, identity->key))
        *why = "DTLS cannot be set up";
    if (*why) {
        rtc_identity_close(identity);
        return ENOTSUP;
    }
    *out = identity;
    return 0;
}

void rtc_identity_close(struct rtc_identity *identity) {
    if (!identity)
        return;
    rtc_dtls_close_context(&identity->dtls);
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    if (identity->has_srtp)
        srtp_shutdown();
    mem_free(identity);
}

const uint8_t *rtc_identity_fingerprint(const struct rtc_identity *identity) {
    return identity->fingerprint;
}

const struct rtc_dtls_context *rtc_identity_dtls(const struct rtc_identity *identity) {
    return &identity->dtls;
}
