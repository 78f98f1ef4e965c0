#include "app/demo/demo_server.h"

#include "base/buf.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 15000, STOP_MS = 9000, POLL_MS = 50, ASK_S = 2 };

static struct sockaddr_in loopback(uint16_t port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int port_find(uint16_t *port) {
    struct sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int err = 0;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) ||
        getsockname(fd, (struct sockaddr *)&at, &size))
        err = errno;
    if (fd >= 0)
        close(fd);
    *port = ntohs(at.sin_port);
    return err;
}

static int dir_make(struct demo_server *server) {
    const char *tmp = getenv("TMPDIR");
    if (!tmp || strlen(tmp) > DEMO_DIR_SIZE - 32)
        tmp = "/tmp";
    snprintf(server->dir, sizeof server->dir, "%s/prosa-demo-XXXXXX", tmp);
    return mkdtemp(server->dir) ? 0 : errno;
}

/* The server gets none of the caller's environment, so that the demo is the same everywhere. */
static void child_main(const struct demo_server *server, pid_t parent) {
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    int log = open("/dev/null", O_WRONLY);
    if (len <= 0 || chdir(server->dir) || log < 0)
        _exit(1);
    self[len] = 0;
    int file = open("server.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0)
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    char port[16];
    snprintf(port, sizeof port, "PORT=%u", server->port);
    char path[] = "PATH=/usr/bin:/bin", env[] = "PROSA_ENV=development",
         host[] = "PROSA_HOST=127.0.0.1";
    char *const settings[] = {path, env, host, port, NULL};
    execle(self, "prosa", "serve", (char *)NULL, settings);
    _exit(127);
}

static bool is_running(const struct demo_server *server) {
    return waitpid(server->pid, NULL, WNOHANG) == 0;
}

static void pause_ms(unsigned ms) {
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&wait, NULL);
}

int demo_server_start(struct demo_server *server) {
    int err = port_find(&server->port);
    if (!err)
        err = dir_make(server);
    if (err)
        return err;
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid < 0)
        return errno;
    if (server->pid == 0)
        child_main(server, parent);
    int64_t until_ms = clock_mono_ms() + START_MS;
    while (demo_server_ask(server, "/health", NULL)) {
        if (!is_running(server)) {
            server->pid = 0;
            return ECHILD;
        }
        if (clock_mono_ms() > until_ms)
            return ETIMEDOUT;
        pause_ms(POLL_MS);
    }
    return 0;
}

void demo_server_stop(struct demo_server *server) {
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGTERM);
    int64_t until_ms = clock_mono_ms() + STOP_MS;
    while (is_running(server)) {
        if (clock_mono_ms() > until_ms)
            kill(server->pid, SIGKILL);
        pause_ms(POLL_MS);
    }
    server->pid = 0;
}

static int answer_read(int fd) {
    struct buf all = {0};
    ssize_t got;
    while ((got = recv(fd, buf_reserve(&all, 4096), 4096, 0)) > 0)
        all.len += (size_t)got;
    int err = got < 0 ? errno : 0;
    if (!err && !slice_has_prefix(buf_slice(&all), SLICE("HTTP/1.1 2")))
        err = EPROTO;
    buf_free(&all);
    return err;
}

int demo_server_ask(const struct demo_server *server, const char *path, const char *body) {
    struct sockaddr_in to = loopback(server->port);
    struct timeval limit = {.tv_sec = ASK_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    struct buf request = {0};
    buf_printf(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n",
               body ? "POST" : "GET", path, server->port);
    if (body)
        buf_printf(&request,
                   "Content-Type: application/webhook+json\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    else
        buf_add_text(&request, "\r\n");
    int err = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) ||
        connect(fd, (struct sockaddr *)&to, sizeof to) ||
        send(fd, request.data, request.len, MSG_NOSIGNAL) != (ssize_t)request.len)
        err = errno ? errno : EPIPE;
    if (!err)
        err = answer_read(fd);
    buf_free(&request);
    close(fd);
    return err;
}
