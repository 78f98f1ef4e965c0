#include "ingest_sink.h"

#include "base/mem.h"
#include "base/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 44,
    BUFFER_BYTES = 64 * 1024,
    HEAD_BYTES = 4096,
    READ_BYTES = 64 * 1024,
    EVENTS = 1024
};

struct sink_level {
    uint64_t square_sum;
    int32_t peak;
};

struct track {
    int socket;
    int file;
    uint32_t rate_hz, channels;
    uint64_t written; /* PCM bytes in the file */
    size_t buffered;  /* of buffer */
    size_t left;      /* payload of the frame that is still to come */
    uint8_t head[14]; /* a frame head that came in pieces */
    size_t head_len;
    uint8_t opcode, mask[4];
    size_t mask_at;
    char *request; /* until the upgrade */
    size_t request_len;
    struct sink_level level;
    uint8_t *buffer;
};

static volatile sig_atomic_t stop;

static void on_signal(int number) {
    (void)number;
    stop = 1;
}

static void put_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void header_write(struct track *t) {
    uint8_t h[HEADER_BYTES] = "RIFF....WAVEfmt \x10\0\0\0\1\0";
    put_u32(h + 4, (uint32_t)(36 + t->written));
    h[22] = (uint8_t)t->channels;
    put_u32(h + 24, t->rate_hz);
    put_u32(h + 28, t->rate_hz * t->channels * 2);
    h[32] = (uint8_t)(t->channels * 2);
    h[34] = 16;
    memcpy(h + 36, "data", 4);
    put_u32(h + 40, (uint32_t)t->written);
    if (pwrite(t->file, h, sizeof h, 0) != sizeof h)
        perror("sink: header");
}

static void flush(struct track *t) {
    if (t->buffered && pwrite(t->file, t->buffer, t->buffered,
                              (off_t)(HEADER_BYTES + t->written)) != (ssize_t)t->buffered)
        perror("sink: data");
    t->written += t->buffered;
    t->buffered = 0;
}

static void track_free(struct track *t) {
    if (t->file >= 0) {
        flush(t);
        header_write(t);
        close(t->file);
    }
    close(t->socket);
    mem_free(t->buffer);
    mem_free(t->request);
    mem_free(t);
}

static void measure(struct sink_level *level, const uint8_t *pcm, size_t len) {
    uint64_t sum = 0;
    int32_t peak = level->peak;
    for (size_t i = 0; i + 1 < len; i += 2) {
        int16_t sample;
        memcpy(&sample, pcm + i, 2);
        int32_t size = sample < 0 ? -sample : sample;
        sum += (uint32_t)(sample * sample);
        peak = size > peak ? size : peak;
    }
    level->square_sum += sum;
    level->peak = peak;
}

/* Eight bytes at a time, which the compiler turns into vectors. */
static void unmask(uint8_t *restrict out, const uint8_t *restrict in, size_t len,
                   const uint8_t mask[4], size_t at) {
    uint8_t key[8];
    for (size_t i = 0; i < 8; i++)
        key[i] = mask[(at + i) & 3];
    uint64_t wide;
    memcpy(&wide, key, 8);
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, in + i, 8);
        word ^= wide;
        memcpy(out + i, &word, 8);
    }
    for (; i < len; i++)
        out[i] = in[i] ^ key[i & 7];
}

static void append(struct track *t, const uint8_t *in, size_t len, bool level) {
    if (t->opcode != 2)
        return;
    size_t done = 0;
    while (done < len) {
        size_t part = BUFFER_BYTES - t->buffered;
        if (part > len - done)
            part = len - done;
        unmask(t->buffer + t->buffered, in + done, part, t->mask, t->mask_at + done);
        if (level)
            measure(&t->level, t->buffer + t->buffered, part);
        t->buffered += part;
        done += part;
        if (t->buffered == BUFFER_BYTES)
            flush(t);
    }
}

/* How long the frame head is, as far as its first bytes tell. */
static size_t head_need(const struct track *t) {
    if (t->head_len < 2)
        return 2;
    size_t length = t->head[1] & 127;
    return length == 126 ? 8 : length == 127 ? 14 : 6;
}

/* False: the peer closed. */
static bool feed(struct track *t, const uint8_t *in, size_t len, bool level) {
    while (len > 0) {
        if (t->left == 0) {
            while (len > 0 && t->head_len < head_need(t)) {
                t->head[t->head_len++] = *in++;
                len--;
            }
            size_t need = head_need(t);
            if (t->head_len < need)
                return true;
            t->left = t->head[1] & 127;
            if (need == 8)
                t->left = (size_t)t->head[2] << 8 | t->head[3];
            for (size_t i = 2; need == 14 && i < 10; i++)
                t->left = (i == 2 ? 0 : t->left << 8) | t->head[i];
            memcpy(t->mask, t->head + need - 4, 4);
            t->opcode = t->head[0] & 15;
            t->head_len = t->mask_at = 0;
            if (t->opcode == 8)
                return false;
        }
        size_t part = t->left < len ? t->left : len;
        append(t, in, part, level);
        t->mask_at += part;
        t->left -= part;
        in += part;
        len -= part;
    }
    return true;
}

static uint32_t number_after(const char *text, const char *name, uint32_t fallback) {
    const char *at = strstr(text, name);
    return at ? (uint32_t)strtoul(at + strlen(name), NULL, 10) : fallback;
}

static int file_open(struct track *t, const char *dir) {
    const char *name = strstr(t->request, "trackId=");
    if (!name)
        return EINVAL;
    name += strlen("trackId=");
    char path[512];
    snprintf(path, sizeof path, "%s/%.*s.wav", dir, (int)strcspn(name, "& "), name);
    t->file = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    if (t->file < 0)
        return errno;
    t->rate_hz = number_after(t->request, "sampleRate=", 48000);
    t->channels = number_after(t->request, "channels=", 1);
    t->buffer = mem_alloc_raw(BUFFER_BYTES);
    header_write(t);
    return 0;
}

/* True once the request is whole and answered; *used tells how much of it the head was. */
static bool upgrade(struct track *t, const char *dir, size_t *used) {
    char *end = strstr(t->request, "\r\n\r\n");
    char *key = strcasestr(t->request, "sec-websocket-key: ");
    if (!end || !key || file_open(t, dir))
        return false;
    *used = (size_t)(end + 4 - t->request);
    char joined[64];
    snprintf(joined, sizeof joined, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key + 19);
    uint8_t digest[SHA_DIGEST_LENGTH], accept[32];
    SHA1((const uint8_t *)joined, strlen(joined), digest);
    EVP_EncodeBlock(accept, digest, sizeof digest);
    char answer[256];
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       (const char *)accept);
    return send(t->socket, answer, (size_t)len, MSG_NOSIGNAL) == len;
}

static bool on_request(struct track *t, const uint8_t *in, size_t len, const char *dir,
                       bool level) {
    if (!t->request)
        t->request = mem_alloc(HEAD_BYTES + 1);
    if (t->request_len + len > HEAD_BYTES)
        return false;
    memcpy(t->request + t->request_len, in, len);
    t->request_len += len;
    if (!strstr(t->request, "\r\n\r\n"))
        return true;
    size_t used;
    if (!upgrade(t, dir, &used))
        return false;
    bool alive = feed(t, (const uint8_t *)t->request + used, t->request_len - used, level);
    mem_free(t->request);
    t->request = NULL;
    return alive;
}

static void accept_all(int epoll, int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        struct track *t = mem_alloc(sizeof *t);
        t->socket = fd;
        t->file = -1;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = t};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
            track_free(t);
    }
}

int ingest_sink_run(int listener, const char *dir, bool level) {
    static uint8_t bytes[READ_BYTES];
    static struct epoll_event events[EVENTS];
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
        return errno;
    while (!stop) {
        int count = epoll_wait(epoll, events, EVENTS, 1000);
        for (int i = 0; i < count; i++) {
            struct track *t = events[i].data.ptr;
            if (!t) {
                accept_all(epoll, listener);
                continue;
            }
            ssize_t got = recv(t->socket, bytes, sizeof bytes, 0);
            if (got < 0 && (errno == EAGAIN || errno == EINTR))
                continue;
            bool alive = got > 0 && (t->file >= 0 ? feed(t, bytes, (size_t)got, level)
                                                  : on_request(t, bytes, (size_t)got, dir, level));
            if (!alive)
                track_free(t);
        }
    }
    close(epoll);
    return 0;
}
