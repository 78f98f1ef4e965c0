#include "app/egress/egress_nonces.h"

#include "app/egress/egress_url.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NOW = 1800000000 };

#define NONCE SLICE("abcdefghijklmnopqrstuv")
#define OTHER SLICE("ABCDEFGHIJKLMNOPQRSTUV")

static void a_nonce_works_once(void **state) {
    struct egress_nonces *nonces = egress_nonces_new(NULL, NOW);
    assert_true(egress_nonces_use(nonces, NONCE, NOW));
    assert_false(egress_nonces_use(nonces, NONCE, NOW));
    for (int i = 0; i < 2000; i++) {
        char name[32];
        snprintf(name, sizeof name, "nonce%d", i);
        assert_true(egress_nonces_use(nonces, slice_from(name), NOW + i / 10));
    }
    assert_false(egress_nonces_use(nonces, NONCE, NOW + EGRESS_URL_LIFE_S));
    egress_nonces_free(nonces);
}

static void a_restart_does_not_make_it_new(void **state) {
    char path[] = "/tmp/prosa-nonces-XXXXXX";
    int fd = mkstemp(path);
    struct egress_nonces *nonces = egress_nonces_new(path, NOW);
    assert_true(egress_nonces_use(nonces, NONCE, NOW));
    egress_nonces_free(nonces);
    for (int i = 0; i < 2; i++) {
        nonces = egress_nonces_new(path, NOW + 60);
        assert_false(egress_nonces_use(nonces, NONCE, NOW + 60));
        assert_int_equal(egress_nonces_use(nonces, OTHER, NOW + 60), i == 0);
        egress_nonces_free(nonces);
    }
    nonces = egress_nonces_new(path, NOW + 100000);
    egress_nonces_free(nonces);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0); /* nothing that has expired is kept */
    assert_int_equal(write(fd, "nonsense\n1 2\n99 \n\n x", 20), 20);
    nonces = egress_nonces_new(path, NOW);
    assert_true(egress_nonces_use(nonces, NONCE, NOW));
    egress_nonces_free(nonces);
    close(fd);
    unlink(path);
}

RUN_TESTS(TEST(a_nonce_works_once), TEST(a_restart_does_not_make_it_new))
