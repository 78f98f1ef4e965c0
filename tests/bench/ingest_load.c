#include "ingest_load.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAV_HEADER_BYTES = 44, START_STEP = 37 };

void load_signal_make(struct load_signal *signal, const int16_t *mono, size_t samples,
                      unsigned frame_ms, unsigned rate_hz, unsigned channels) {
    size_t frame_samples = (size_t)rate_hz * frame_ms / 1000;
    size_t pcm_bytes = frame_samples * channels * 2;
    size_t head = pcm_bytes < 126 ? 6 : 8;
    *signal = (struct load_signal){
        .count = samples / frame_samples, .pcm_bytes = pcm_bytes, .frame_bytes = head + pcm_bytes};
    signal->pcm = mem_alloc_array(signal->count, pcm_bytes);
    signal->frames = mem_alloc_array(signal->count, signal->frame_bytes);
    for (size_t f = 0; f < signal->count; f++) {
        uint8_t *pcm = signal->pcm + f * pcm_bytes;
        for (size_t i = 0; i < frame_samples; i++)
            for (size_t c = 0; c < channels; c++)
                memcpy(pcm + (i * channels + c) * 2, &mono[f * frame_samples + i], 2);
        uint8_t *out = signal->frames + f * signal->frame_bytes;
        out[0] = 0x82;
        out[1] = (uint8_t)(0x80 | (head == 8 ? 126 : pcm_bytes));
        if (head == 8) {
            out[2] = (uint8_t)(pcm_bytes >> 8);
            out[3] = (uint8_t)pcm_bytes;
        }
        uint8_t *mask = out + head - 4;
        rand_bytes(mask, 4);
        for (size_t i = 0; i < pcm_bytes; i++)
            out[head + i] = pcm[i] ^ mask[i & 3];
    }
}

void load_signal_free(struct load_signal *signal) {
    mem_free(signal->frames);
    mem_free(signal->pcm);
}

static size_t signal_start(const struct load *load, unsigned track) {
    return (size_t)track * START_STEP % load->signal->count;
}

static int send_all(int fd, const void *bytes, size_t len) {
    const char *at = bytes;
    while (len > 0) {
        ssize_t sent = send(fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return sent < 0 ? errno : EPIPE;
        at += sent;
        len -= (size_t)sent;
    }
    return 0;
}

/* Reads the answer byte by byte, so that nothing behind it is lost. */
static int read_answer(int fd) {
    char answer[1024];
    size_t len = 0;
    while (len < sizeof answer - 1) {
        ssize_t got = recv(fd, answer + len, 1, 0);
        if (got <= 0)
            return got < 0 ? errno : ECONNRESET;
        answer[++len] = 0;
        if (len >= 4 && !memcmp(answer + len - 4, "\r\n\r\n", 4))
            return strncmp(answer, "HTTP/1.1 101 ", 13) ? EPROTO : 0;
    }
    return EPROTO;
}

static int track_connect(const struct load *load, unsigned track, int *out) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, err = 0;
    if (connect(fd, (struct sockaddr *)&to, sizeof to) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        err = errno;
    char request[512];
    unsigned meeting = track / load->meeting_size;
    int len =
        snprintf(request, sizeof request,
                 "GET /egress-audio?roomName=%s-room%u&meetingId=%s-%u&participant=P%u&trackId=TR%u"
                 "&sampleRate=%u&channels=%u HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                 "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                 load->label, meeting, load->label, meeting, track % load->meeting_size, track,
                 load->rate_hz, load->channels, load->port);
    if (!err)
        err = send_all(fd, request, (size_t)len);
    if (!err)
        err = read_answer(fd);
    if (err) {
        close(fd);
        return err;
    }
    *out = fd;
    return 0;
}

/* Processor time of all threads of the server so far, in us; kernel and user. */
static uint64_t server_cpu_us(pid_t pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    uint64_t user = 0, system = 0;
    if (fgets(line, sizeof line, file)) {
        const char *at = strrchr(line, ')');
        if (at)
            sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
                   &user, &system);
    }
    fclose(file);
    return (user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t server_rss_bytes(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    uint64_t size, resident = 0;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void sleep_until(uint64_t mono_ns) {
    struct timespec at = {.tv_sec = (time_t)(mono_ns / 1000000000),
                          .tv_nsec = (long)(mono_ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {
    }
}

/* Sends `frames` frames on every track, track t at its own place within the frame's length. */
static int send_paced(const struct load *load, const int *fds, uint64_t first, uint64_t frames,
                      uint64_t *start_ns, double *late_ms) {
    const struct load_signal *signal = load->signal;
    uint64_t period_ns = (uint64_t)load->frame_ms * 1000000;
    uint64_t begin = *start_ns;
    for (uint64_t f = first; f < first + frames; f++) {
        for (unsigned t = 0; t < load->tracks; t++) {
            uint64_t due = begin + f * period_ns + period_ns * t / load->tracks;
            uint64_t now = clock_mono_ns();
            if (now < due)
                sleep_until(due);
            else if ((double)(now - due) / 1e6 > *late_ms)
                *late_ms = (double)(now - due) / 1e6;
            size_t at = (signal_start(load, t) + f) % signal->count;
            int err =
                send_all(fds[t], signal->frames + at * signal->frame_bytes, signal->frame_bytes);
            if (err) {
                fprintf(stderr, "load: track %u at frame %" PRIu64 ": %s\n", t, f, strerror(err));
                return err;
            }
        }
    }
    return 0;
}

/* As Egress ends: a Close without a code; then waits until the server has closed too. */
static void tracks_close(int *fds, unsigned count) {
    static const uint8_t close_frame[] = {0x88, 0x80, 1, 2, 3, 4};
    for (unsigned t = 0; t < count; t++) {
        send_all(fds[t], close_frame, sizeof close_frame);
        shutdown(fds[t], SHUT_WR);
    }
    for (unsigned t = 0; t < count; t++) {
        char rest[256];
        struct timeval limit = {.tv_sec = 10};
        setsockopt(fds[t], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        while (recv(fds[t], rest, sizeof rest, 0) > 0) {
        }
        close(fds[t]);
    }
}

int load_run(const struct load *load, struct load_result *result) {
    int *fds = mem_alloc_array(load->tracks, sizeof *fds);
    unsigned open = 0;
    int err = 0;
    double late_ms = 0;
    uint64_t rss_before = server_rss_bytes(load->server);
    while (!err && open < load->tracks) {
        err = track_connect(load, open, &fds[open]);
        if (!err)
            open++;
    }
    if (err)
        fprintf(stderr, "load: track %u cannot connect: %s\n", open, strerror(err));
    uint64_t warm = (uint64_t)load->warm_seconds * 1000 / load->frame_ms;
    uint64_t frames = (uint64_t)load->seconds * 1000 / load->frame_ms;
    uint64_t start = clock_mono_ns();
    prctl(PR_SET_TIMERSLACK, 1); /* senders are independent: their frames do not come in bundles */
    if (!err)
        err = send_paced(load, fds, 0, warm, &start, &late_ms);
    uint64_t cpu = server_cpu_us(load->server);
    if (!err)
        err = send_paced(load, fds, warm, frames, &start, &late_ms);
    if (!err)
        *result = (struct load_result){
            .cpu_us = (double)(server_cpu_us(load->server) - cpu) / load->tracks / load->seconds,
            .bytes_a_track =
                ((double)server_rss_bytes(load->server) - (double)rss_before) / load->tracks,
            .late_ms = late_ms,
            .frames_each = warm + frames,
        };
    tracks_close(fds, open);
    mem_free(fds);
    return err;
}

/* nftw has no argument for its function: what it needs is here while it runs. */
static struct {
    const struct load *load;
    uint64_t frames_each;
    unsigned found, wrong;
} check;

/* Equal channels are recorded as one: then every first sample of a pair is compared. */
static bool frame_is_right(const uint8_t *recorded, const uint8_t *sent, size_t sent_bytes,
                           bool folded) {
    if (!folded)
        return !memcmp(recorded, sent, sent_bytes);
    for (size_t i = 0; i < sent_bytes / 4; i++)
        if (memcmp(recorded + 2 * i, sent + 4 * i, 2))
            return false;
    return true;
}

static bool file_is_right(const uint8_t *file, size_t len, unsigned track) {
    const struct load_signal *signal = check.load->signal;
    if (len < WAV_HEADER_BYTES)
        return false;
    bool folded = check.load->channels == 2 && file[22] == 1;
    size_t frame_bytes = folded ? signal->pcm_bytes / 2 : signal->pcm_bytes;
    uint64_t want = check.frames_each * frame_bytes;
    uint32_t data_bytes;
    memcpy(&data_bytes, file + 40, 4);
    if (len != WAV_HEADER_BYTES + want || data_bytes != want)
        return false;
    for (uint64_t f = 0; f < check.frames_each; f++) {
        size_t at = (signal_start(check.load, track) + f) % signal->count;
        if (!frame_is_right(file + WAV_HEADER_BYTES + f * frame_bytes,
                            signal->pcm + at * signal->pcm_bytes, signal->pcm_bytes, folded))
            return false;
    }
    return true;
}

static int check_file(const char *path, const struct stat *stat, int kind, struct FTW *where) {
    (void)where;
    size_t len = strlen(path);
    const char *name = strstr(path, "TR");
    for (const char *next = name; next; next = strstr(next + 1, "TR"))
        name = next;
    if (kind != FTW_F || !name || len < 4 || strcmp(path + len - 4, ".wav"))
        return 0;
    check.found++;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *file =
        fd < 0 ? MAP_FAILED : mmap(NULL, (size_t)stat->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (file == MAP_FAILED ||
        !file_is_right(file, (size_t)stat->st_size, (unsigned)atoi(name + 2))) {
        if (check.wrong++ == 0)
            fprintf(stderr, "load: %s (%lld bytes) is not what was sent\n", path,
                    (long long)stat->st_size);
    }
    if (file != MAP_FAILED)
        munmap(file, (size_t)stat->st_size);
    if (fd >= 0)
        close(fd);
    return 0;
}

int load_verify(const struct load *load, const struct load_result *result, const char *dir) {
    check.load = load;
    check.frames_each = result->frames_each;
    check.found = check.wrong = 0;
    nftw(dir, check_file, 16, FTW_PHYS);
    if (check.found == load->tracks && check.wrong == 0)
        return 0;
    fprintf(stderr,
            "load: %u of %u recordings found, %u wrong; our own sending was up to %.0f ms late\n",
            check.found, load->tracks, check.wrong, result->late_ms);
    return EIO;
}
