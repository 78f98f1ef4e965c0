#include "outside/files/file.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, SUM_READ_BYTES = 256 * 1024, FOLDER_MODE = 0750 };

int file_read_all(int fd, size_t max, struct buf *out) {
    for (size_t total = 0;;) {
        ssize_t n = read(fd, buf_reserve(out, READ_BYTES), READ_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        out->len += (size_t)n;
        total += (size_t)n;
        if (total > max)
            return EFBIG;
    }
}

int file_read_at(int fd, void *bytes, size_t len, uint64_t offset, size_t *got) {
    size_t total = 0;
    while (total < len) {
        ssize_t n = pread(fd, (char *)bytes + total, len - total, (off_t)(offset + total));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        total += (size_t)n;
    }
    *got = total;
    return 0;
}

int file_write_all(int fd, struct slice bytes) {
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        bytes = slice_skip(bytes, (size_t)n);
    }
    return 0;
}

int file_write_at(int fd, const void *bytes, size_t len, uint64_t offset) {
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        done += (size_t)n;
    }
    return 0;
}

int file_make_folders(struct slice path) {
    char *folder = slice_copy_text(path);
    int err = 0;
    for (size_t at = 1; at <= path.len && !err; at++) {
        if (at < path.len && path.ptr[at] != '/')
            continue;
        folder[at] = '\0';
        if (mkdir(folder, FOLDER_MODE) && errno != EEXIST)
            err = errno;
        if (at < path.len)
            folder[at] = '/';
    }
    mem_free(folder);
    return err;
}

int file_open_dir(int folder_fd, DIR **out) {
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int err = errno;
        close(fd);
        return err;
    }
    *out = dir;
    return 0;
}

static int digest_file(EVP_MD_CTX *digest, uint8_t *buffer, int fd, uint64_t offset, uint64_t bytes,
                       const atomic_bool *is_cancelled) {
    while (bytes > 0) {
        if (is_cancelled && atomic_load_explicit(is_cancelled, memory_order_relaxed))
            return ECANCELED;
        size_t want = bytes < SUM_READ_BYTES ? (size_t)bytes : SUM_READ_BYTES, got;
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

int file_checksum(int fd, uint64_t offset, uint64_t bytes, const atomic_bool *is_cancelled,
                  char out[FILE_SUM_SIZE]) {
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t *buffer = mem_alloc_raw(SUM_READ_BYTES);
    EVP_DigestInit_ex(digest, EVP_sha256(), NULL);
    int err = digest_file(digest, buffer, fd, offset, bytes, is_cancelled);
    if (!err) {
        uint8_t sum[FILE_SUM_SIZE / 2];
        EVP_DigestFinal_ex(digest, sum, NULL);
        text_hex(sum, sizeof sum, out);
    }
    mem_free(buffer);
    EVP_MD_CTX_free(digest);
    return err;
}
