/*
 * What a broadcast costs, beside Node's socket.io and beside a bare loop of send() with the same bytes, in the same run:
 * absolute times mean little on a shared machine. The three stand side by side and take turns, so that each meets the same
 * moods of the machine; the median of several such sets counts.
 *
 *     socketio_bench [-c CLIENTS] [-p SETS] [-n NODE_SCRIPT]
 */
#include "socketio_clients.h"
#include "socketio_servers.h"

#include "base/mem.h"

#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OURS, BARE, NODE, KINDS };
enum { PAIRS_MAX = 15, TURNS = 6 };

static const char *const kind_names[KINDS] = {"prosa", "bare send()", "node"};

struct server {
    pid_t pid;
    int port;
};

struct cost { /* CPU microseconds a delivery */
    double user, system, p50_us, p99_us;
};

static int read_port(int fd, bool is_text) {
    char text[32] = {0};
    int port = 0;

    if (!is_text)
        return read(fd, &port, sizeof port) == sizeof port ? port : -1;
    return read(fd, text, sizeof text - 1) > 0 ? atoi(text) : -1;
}

/* The server on one core and the clients on the next, for all three alike: whom the scheduler puts
 * beside whom would else decide more than what is measured. */
static void take_core(long core) {
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET((size_t)(core % sysconf(_SC_NPROCESSORS_ONLN)), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

static bool server_start(struct server *server, int kind, const char *node_script) {
    int pipe_fds[2];

    if (pipe(pipe_fds))
        return false;
    fflush(stdout);
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        take_core(0);
        close(pipe_fds[0]);
        if (kind == OURS)
            serve_ours(pipe_fds[1]);
        if (kind == BARE)
            serve_bare(pipe_fds[1]);
        dup2(pipe_fds[1], STDOUT_FILENO);
        execlp("node", "node", node_script, (char *)NULL);
        _exit(127);
    }
    close(pipe_fds[1]);
    server->port = read_port(pipe_fds[0], kind == NODE);
    close(pipe_fds[0]);
    return server->port > 0;
}

static void server_stop(struct server *server) {
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

struct cpu_time {
    double seconds;      /* user and system, all threads */
    double user, system; /* in ticks: only their ratio is exact enough */
};

static struct cpu_time read_cpu(pid_t pid) {
    char path[64], line[1024];
    struct cpu_time cpu = {0};
    struct timespec time = {0};
    const char *at = NULL;
    clockid_t clock;
    FILE *file;

    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &time);
    cpu.seconds = (double)time.tv_sec + (double)time.tv_nsec / 1e9;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file && fgets(line, sizeof line, file))
        at = strrchr(line, ')');
    if (at)
        sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf", &cpu.user,
               &cpu.system);
    if (file)
        fclose(file);
    return cpu;
}

static double read_rss_kb(pid_t pid) {
    char path[64];
    unsigned long pages = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    file = fopen(path, "re");
    if (file && fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

struct load { /* of a turn */
    unsigned rounds, interval_us;
};

struct side { /* one of the three, with its clients, and what its turns have cost so far */
    struct server server;
    struct clients *clients;
    double memory_kb;
    struct cpu_time cpu;
    uint64_t deliveries;
    double p50_us, p99_us; /* mean of the turns */
};

static void side_close(struct side *side) {
    if (side->clients)
        clients_close(side->clients);
    if (side->server.pid > 0)
        server_stop(&side->server);
    side->clients = NULL;
    side->server.pid = 0;
}

static bool side_open(struct side *side, int kind, const char *node_script, unsigned count) {
    double rss_kb;

    if (!server_start(&side->server, kind, node_script)) {
        fprintf(stderr, "socketio_bench: %s does not start\n", kind_names[kind]);
        return false;
    }
    rss_kb = read_rss_kb(side->server.pid);
    side->clients = clients_open(side->server.port, count);
    if (!side->clients)
        return false;
    side->memory_kb = (read_rss_kb(side->server.pid) - rss_kb) / count;
    return true;
}

static bool side_run(struct side *side, struct load load) {
    struct clients_result result = {0};
    struct cpu_time from = read_cpu(side->server.pid), to;
    bool done = clients_run(side->clients, load.rounds, load.interval_us, 120000, &result);

    to = read_cpu(side->server.pid);
    side->cpu.seconds += to.seconds - from.seconds;
    side->cpu.user += to.user - from.user;
    side->cpu.system += to.system - from.system;
    side->deliveries += result.deliveries;
    side->p50_us += result.p50_us / TURNS;
    side->p99_us += result.p99_us / TURNS;
    if (!done)
        fprintf(stderr, "socketio_bench: only %llu events were delivered\n",
                (unsigned long long)result.deliveries);
    return done;
}

static struct cost side_cost(const struct side *side) {
    double ticks = side->cpu.user + side->cpu.system;
    double total_us = side->cpu.seconds * 1e6 / (double)side->deliveries;
    double user_us = ticks > 0 ? total_us * side->cpu.user / ticks : 0;

    return (struct cost){user_us, total_us - user_us, side->p50_us, side->p99_us};
}

/* About 200,000 deliveries in all, enough for a user share in ticks, at a load that leaves a core half idle. */
static struct load choose_load(unsigned count) {
    unsigned rounds = count < 10 ? 2000 : 200000 / count;

    return (struct load){rounds / TURNS + 1, count < 100 ? 1000 : count * 20};
}

/* Connected and warm. */
static bool side_ready(struct side *side, int kind, const char *node_script, unsigned count) {
    struct load load = choose_load(count);
    struct clients_result warm;

    return side_open(side, kind, node_script, count) &&
           clients_run(side->clients, load.rounds / 2 + 1, load.interval_us, 60000, &warm);
}

static bool measure_together(struct side sides[KINDS], const char *node_script, unsigned count) {
    for (int kind = 0; kind < KINDS; kind++) {
        if (!side_ready(&sides[kind], kind, node_script, count))
            return false;
    }
    for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 0; i < KINDS; i++) {
            if (!side_run(&sides[turn % 2 ? KINDS - 1 - i : i], choose_load(count)))
                return false;
        }
    }
    return true;
}

static bool measure_apart(struct side sides[KINDS], const char *node_script, unsigned count) {
    for (int kind = 0; kind < KINDS; kind++) {
        if (!side_ready(&sides[kind], kind, node_script, count))
            return false;
        for (int turn = 0; turn < TURNS; turn++) {
            if (!side_run(&sides[kind], choose_load(count)))
                return false;
        }
        side_close(&sides[kind]);
    }
    return true;
}

/* Where there are descriptors for the clients of all three. */
static bool measure(struct side sides[KINDS], const char *node_script, unsigned count) {
    struct rlimit files;
    bool fits = !getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur > (rlim_t)count * KINDS + 100;

    return fits ? measure_together(sides, node_script, count)
                : measure_apart(sides, node_script, count);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(const double *values, unsigned count) {
    double sorted[PAIRS_MAX];

    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare);
    return sorted[count / 2];
}

/* What is promised: the CPU in a room of 1,000, the memory with 10,000 clients. */
static bool keeps_promises(unsigned count, double user_ratio, double total_ratio,
                           double memory_kb) {
    if (count == 1000 && (user_ratio > 0.1 || total_ratio > 1.15)) {
        printf("broadcast to 1000: not kept: at most 0.1 of node's user CPU, 1.15 of the bare "
               "loop's total\n");
        return false;
    }
    if (count == 10000 && memory_kb > 10) {
        printf("broadcast to 10000: not kept: at most 10 KB a client\n");
        return false;
    }
    return true;
}

static bool bench(unsigned count, unsigned pairs, const char *node_script) {
    double user[KINDS][PAIRS_MAX], total[KINDS][PAIRS_MAX], p50[KINDS][PAIRS_MAX],
        p99[KINDS][PAIRS_MAX], user_ratio[PAIRS_MAX], total_ratio[PAIRS_MAX];
    double memory_kb[KINDS] = {0};

    for (unsigned i = 0; i < pairs; i++) {
        struct side sides[KINDS] = {0};
        bool done = measure(sides, node_script, count);

        for (int kind = 0; kind < KINDS; kind++) {
            struct cost cost = side_cost(&sides[kind]);

            side_close(&sides[kind]);
            memory_kb[kind] = sides[kind].memory_kb;
            user[kind][i] = cost.user;
            total[kind][i] = cost.user + cost.system;
            p50[kind][i] = cost.p50_us;
            p99[kind][i] = cost.p99_us;
        }
        if (!done)
            return false;
        user_ratio[i] = user[OURS][i] / user[NODE][i];
        total_ratio[i] = total[OURS][i] / total[BARE][i];
    }
    for (int kind = 0; kind < KINDS; kind++)
        printf("broadcast to %u, %s: user %.2f us, system %.2f us a delivery; latency p50 %.0f us, "
               "p99 %.0f us; %.1f KB a client\n",
               count, kind_names[kind], median(user[kind], pairs),
               median(total[kind], pairs) - median(user[kind], pairs), median(p50[kind], pairs),
               median(p99[kind], pairs), memory_kb[kind]);
    printf("broadcast to %u: user CPU %.3f of node's; total CPU %.3f of the bare loop's\n", count,
           median(user_ratio, pairs), median(total_ratio, pairs));
    return keeps_promises(count, median(user_ratio, pairs), median(total_ratio, pairs),
                          memory_kb[OURS]);
}

int main(int argc, char **argv) {
    static const unsigned counts[] = {1, 100, 1000, 10000};
    const char *node_script = "tests/bench/socketio_node.mjs";
    unsigned pairs = 3, only = 0;
    struct rlimit files;
    int option;
    bool good = true;

    while ((option = getopt(argc, argv, "c:p:n:")) != -1) {
        if (option == 'c')
            only = (unsigned)atoi(optarg);
        else if (option == 'p')
            pairs = (unsigned)atoi(optarg);
        else if (option == 'n')
            node_script = optarg;
        else
            return 2;
    }
    if (pairs < 1 || pairs > PAIRS_MAX)
        return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    take_core(1);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (!only || only == counts[i])
            good &= bench(counts[i], pairs, node_script);
    }
    return good ? 0 : 1;
}
