/* A self-signed certificate for "localhost" and 127.0.0.1, made anew for each test. */
#ifndef TESTS_UNIT_NET_CERTIFICATE_H
#define TESTS_UNIT_NET_CERTIFICATE_H

#include "unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct certificate {
    char folder[32];
    char cert_file[64];
    char key_file[64];
};

static inline void certificate_make(struct certificate *c) {
    strcpy(c->folder, "/tmp/prosa-cert-XXXXXX");
    assert_non_null(mkdtemp(c->folder));
    snprintf(c->cert_file, sizeof c->cert_file, "%s/cert.pem", c->folder);
    snprintf(c->key_file, sizeof c->key_file, "%s/key.pem", c->folder);

    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"localhost", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);

    FILE *file = fopen(c->cert_file, "w");
    assert_int_equal(PEM_write_X509(file, cert), 1);
    fclose(file);
    file = fopen(c->key_file, "w");
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static inline void certificate_remove(const struct certificate *c) {
    unlink(c->cert_file);
    unlink(c->key_file);
    rmdir(c->folder);
}

#endif
