#include "outside/files/checksum.h"

#include "base/mem.h"
#include "base/text.h"
#include "outside/files/file.h"

#include <errno.h>
#include <openssl/evp.h>

enum { READ_BYTES = 256 * 1024, SHA256_BYTES = 32 };

static int digest_file(EVP_MD_CTX *digest, uint8_t *buffer, int fd, uint64_t offset, uint64_t bytes,
                       const atomic_bool *is_cancelled) {
    while (bytes > 0) {
        if (is_cancelled && atomic_load_explicit(is_cancelled, memory_order_relaxed))
            return ECANCELED;
        size_t want = bytes < READ_BYTES ? (size_t)bytes : READ_BYTES, got;
        int err = file_read_at(fd, buffer, want, offset, &got);
        if (err)
            return err;
        if (got < want)
            return EIO;
        EVP_DigestUpdate(digest, buffer, got);
        offset += got;
        bytes -= got;
    }
    return 0;
}

int checksum_file(int fd, uint64_t offset, uint64_t bytes, const atomic_bool *is_cancelled,
                  char out[CHECKSUM_SIZE]) {
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t *buffer = mem_alloc_raw(READ_BYTES);
    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    int err = digest_file(digest, buffer, fd, offset, bytes, is_cancelled);
    if (!err) {
        uint8_t sum[SHA256_BYTES];
        EVP_DigestFinal_ex(digest, sum, NULL);
        text_hex(sum, sizeof sum, out);
    }
    mem_free(buffer);
    EVP_MD_CTX_free(digest);
    return err;
}
