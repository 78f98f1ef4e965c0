/* The certificate of the port: whether it can be used, for which names, and for how long. */
#include "app/doctor/doctor_private.h"
#include "net/tls.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { WHY_SIZE = 512, LITTLE_DAYS = 14 };

static X509 *read_certificate(const char *path) {
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file)
        fclose(file);
    return certificate;
}

/* "a.example.org, b.example.org" */
static void add_names(X509 *certificate, struct buf *out) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        buf_printf(out, "%s%.*s", out->len > 0 ? ", " : "", ASN1_STRING_length(name->d.dNSName),
                   (const char *)ASN1_STRING_get0_data(name->d.dNSName));
    }
    if (out->len == 0)
        buf_add_text(out, "no name");
    GENERAL_NAMES_free(names);
}

void look_at_certificates(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct tls *tls;
    char why[WHY_SIZE] = "";
    if (!config->tls_cert_file)
        return;
    const struct tls_files files = config_tls_files(config);
    if (tls_open_server(&tls, &files, why, sizeof why)) {
        findings_add(
            &doctor->findings, FINDING_FAULT, "tls",
            "TLS_CERT_FILE is the chain and TLS_KEY_FILE its key, both as PEM, readable for "
            "the server's user",
            "the certificate cannot be used: %s", why);
        return;
    }
    tls_close(tls);
    X509 *certificate = read_certificate(config->tls_cert_file);
    struct buf names = {0};
    int days = 0, seconds = 0;
    if (!certificate || !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate))) {
        X509_free(certificate);
        return;
    }
    add_names(certificate, &names);
    bool is_over = days < 0 || seconds < 0;
    findings_add(&doctor->findings,
                 is_over              ? FINDING_FAULT
                 : days < LITTLE_DAYS ? FINDING_DOUBT
                                      : FINDING_GOOD,
                 "tls",
                 days < LITTLE_DAYS ? "renew it; a running server reads the new files by itself"
                                    : NULL,
                 is_over ? "the certificate for %.*s ended %d days ago"
                         : "the certificate is for %.*s, for %d days more",
                 SLICE_ARG(buf_slice(&names)), is_over ? -days : days);
    buf_free(&names);
    X509_free(certificate);
}
