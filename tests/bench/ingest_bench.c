/*
 * What ingest costs, against the plainest server that takes the same bytes (ingest_sink), in the same
 * run: absolute times mean little on a shared machine. Pairs alternate; the median of them counts.
 *
 *     ingest_bench PROSA [-n TRACKS] [-s SECONDS] [-p PAIRS] [-c CASE]
 */
#include "ingest_load.h"
#include "ingest_sink.h"

#include "app/demo/demo_voice.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    RATE_HZ = 48000,
    RING_SECONDS = 60,
    MEETING_SIZE = 4,
    MAX_PAIRS = 15,
    SERVER_WAIT_MS = 20000,
    WARM_SECONDS = 6, /* all files are made by then, logs too */
    MEMORY_MAX_KB = 100,
    LATE_MAX_MS = 150, /* where we ourselves are later, the server rightly records a gap */
};

struct bench_case {
    const char *name;
    bool speech;
    unsigned frame_ms, channels;
    double ratio_limit;
};

/* What we hold ourselves to: silence at half the sink's cost, everything at the sink's. */
static const struct bench_case cases[] = {
    {"silence-20ms-mono", false, 20, 1, 0.5},
    {"speech-20ms-mono", true, 20, 1, 1.0},
    {"silence-10ms-stereo", false, 10, 2, 0.5},
    {"speech-10ms-stereo", true, 10, 2, 1.0},
};

struct options {
    const char *prosa;
    unsigned tracks, seconds, pairs;
    const char *only;
};

struct server {
    pid_t pid;
    int port;
    char dir[64];
};

static int listen_any(int *port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) || listen(fd, 4096) ||
        getsockname(fd, (struct sockaddr *)&at, &len)) {
        perror("bench: listen");
        exit(1);
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *where) {
    (void)stat, (void)kind, (void)where;
    return remove(path);
}

static void server_dir(struct server *server) {
    strcpy(server->dir, "/tmp/prosa-bench-XXXXXX");
    if (!mkdtemp(server->dir)) {
        perror("bench: mkdtemp");
        exit(1);
    }
}

static void sink_start(struct server *server) {
    server_dir(server);
    int listener = listen_any(&server->port);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    server->pid = fork();
    if (server->pid == 0)
        _exit(ingest_sink_run(listener, server->dir, false));
    close(listener);
}

static bool is_answering(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool answering = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return answering;
}

static void prosa_exec(const struct server *server, const char *binary) {
    char port[16], log[96];
    snprintf(port, sizeof port, "%d", server->port);
    snprintf(log, sizeof log, "%s/log", server->dir);
    int fd = open(log, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (chdir(server->dir) || fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(1);
    const char *path = getenv("PATH");
    char path_setting[1024];
    snprintf(path_setting, sizeof path_setting, "PATH=%s", path ? path : "/usr/bin:/bin");
    char port_setting[32];
    snprintf(port_setting, sizeof port_setting, "PORT=%s", port);
    char mode[] = "NODE_ENV=development", host[] = "PROSA_HOST=127.0.0.1";
    char whole[] = "AUDIO_RECORD_CHANNELS=declared"; /* the sink writes both channels, too */
    char *const env[] = {path_setting, port_setting, mode, host, whole, NULL};
    execle(binary, binary, "serve", (char *)NULL, env);
    _exit(127);
}

static void prosa_start(struct server *server, const char *binary) {
    server_dir(server);
    close(listen_any(&server->port));
    server->pid = fork();
    if (server->pid == 0)
        prosa_exec(server, binary);
    for (int waited = 0; !is_answering(server->port); waited += 50) {
        int status;
        if (waited > SERVER_WAIT_MS || waitpid(server->pid, &status, WNOHANG) == server->pid) {
            fprintf(stderr, "bench: %s does not start; see %s/log\n", binary, server->dir);
            exit(1);
        }
        usleep(50000);
    }
    sleep(1); /* what a start still does in the background is not ingest */
}

static void server_stop(struct server *server) {
    kill(server->pid, SIGTERM);
    waitpid(server->pid, NULL, 0);
    nftw(server->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* One run against one server: measured, then every recording compared. */
static struct load_result measure(struct server *server, struct load *load) {
    struct load_result result = {0};
    load->server = server->pid;
    load->port = server->port;
    if (load_run(load, &result)) {
        server_stop(server);
        exit(1);
    }
    kill(server->pid, SIGTERM);
    waitpid(server->pid, NULL, 0);
    if (result.late_ms < LATE_MAX_MS && load_verify(load, &result, server->dir))
        exit(1);
    nftw(server->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return result;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, unsigned count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static bool run_case(const struct options *opt, const struct bench_case *c, const int16_t *speech) {
    static int16_t silence[RATE_HZ];
    struct load_signal signal;
    load_signal_make(&signal, c->speech ? speech : silence,
                     c->speech ? RATE_HZ * RING_SECONDS : RATE_HZ, c->frame_ms, RATE_HZ,
                     c->channels);
    double sink[MAX_PAIRS], ours[MAX_PAIRS], ratio[MAX_PAIRS], memory[MAX_PAIRS], late = 0;
    unsigned checked = 0; /* of our recordings: pairs in which the load was in time */
    for (unsigned i = 0; i < opt->pairs; i++) {
        struct load load = {.signal = &signal,
                            .label = c->name,
                            .tracks = opt->tracks,
                            .meeting_size = MEETING_SIZE,
                            .frame_ms = c->frame_ms,
                            .rate_hz = RATE_HZ,
                            .channels = c->channels,
                            .warm_seconds = WARM_SECONDS,
                            .seconds = opt->seconds};
        struct server server;
        sink_start(&server);
        sink[i] = measure(&server, &load).cpu_us;
        prosa_start(&server, opt->prosa);
        struct load_result result = measure(&server, &load);
        ours[i] = result.cpu_us;
        ratio[i] = ours[i] / sink[i];
        memory[i] = result.bytes_a_track / 1000;
        late = fmax(late, result.late_ms);
        checked += result.late_ms < LATE_MAX_MS;
        fprintf(stderr,
                "# %s pair %u: sink %.0f, prosa %.0f us a track-second, %.2f; %.1f kB a track\n",
                c->name, i + 1, sink[i], ours[i], ratio[i], memory[i]);
    }
    load_signal_free(&signal);
    double r = median(ratio, opt->pairs), kb = median(memory, opt->pairs);
    bool is_good = r <= c->ratio_limit && kb <= MEMORY_MAX_KB && checked > 0;
    printf("ingest %s tracks=%u sink_us=%.0f prosa_us=%.0f ratio=%.2f limit=%.2f memory_kb=%.1f "
           "load_late_ms=%.0f recordings_equal=%u/%u %s\n",
           c->name, opt->tracks, median(sink, opt->pairs), median(ours, opt->pairs), r,
           c->ratio_limit, kb, late, checked, opt->pairs, is_good ? "ok" : "OVER");
    fflush(stdout);
    return is_good;
}

static bool options_parse(struct options *opt, int argc, char **argv) {
    *opt = (struct options){.tracks = 1000, .seconds = 10, .pairs = 5};
    int letter;
    while ((letter = getopt(argc, argv, "n:s:p:c:")) != -1) {
        if (letter == 'n')
            opt->tracks = (unsigned)atoi(optarg);
        else if (letter == 's')
            opt->seconds = (unsigned)atoi(optarg);
        else if (letter == 'p')
            opt->pairs = (unsigned)atoi(optarg);
        else if (letter == 'c')
            opt->only = optarg;
        else
            return false;
    }
    /* absolute: each server starts in a folder of its own */
    opt->prosa = optind < argc ? realpath(argv[optind], NULL) : NULL;
    return opt->prosa && opt->tracks > 0 && opt->seconds > 0 && opt->pairs > 0 &&
           opt->pairs <= MAX_PAIRS;
}

int main(int argc, char **argv) {
    struct options opt;
    if (!options_parse(&opt, argc, argv)) {
        fprintf(stderr,
                "usage: ingest_bench [-n TRACKS] [-s SECONDS] [-p PAIRS] [-c CASE] PROSA\n");
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int16_t *speech = mem_alloc_array((size_t)RATE_HZ * RING_SECONDS, sizeof *speech);
    int err = demo_voice_fill(speech, (size_t)RATE_HZ * RING_SECONDS);
    if (err) {
        fprintf(stderr, "bench: no speech: %s\n", strerror(err));
        return 1;
    }
    bool good = true;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (!opt.only || strstr(cases[i].name, opt.only))
            good &= run_case(&opt, &cases[i], speech);
    mem_free(speech);
    return good ? 0 : 1;
}
