#include "app/demo/demo_page.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

void demo_page_url(char out[DEMO_URL_SIZE], uint16_t port, const char *view, const char *id) {
    snprintf(out, DEMO_URL_SIZE, "http://127.0.0.1:%u/app/#/%s/%s", port, view, id);
}

void demo_page_open(const char *url) {
    char name[] = "xdg-open", address[DEMO_URL_SIZE];
    snprintf(address, sizeof address, "%s", url);
    char *const words[] = {name, address, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    posix_spawn_file_actions_init(&actions);
    /* What a desktop has to say about itself is no part of the demo. */
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
    posix_spawnp(&pid, name, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
}

bool demo_page_has_visitor(void) {
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void demo_page_wait(void) {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
        continue;
}
