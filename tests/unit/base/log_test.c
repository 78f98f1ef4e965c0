#include "base/log.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

/* Runs `write_lines` with standard error in a file and gives back what it wrote. */
static char *capture(void (*write_lines)(void)) {
    char path[] = "/tmp/prosa-log-XXXXXX";
    int file = mkstemp(path), saved = dup(STDERR_FILENO);
    assert_true(file >= 0);
    dup2(file, STDERR_FILENO);
    write_lines();
    dup2(saved, STDERR_FILENO);
    close(saved);
    off_t size = lseek(file, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    assert_int_equal(pread(file, text, (size_t)size, 0), size);
    close(file);
    unlink(path);
    return text;
}

static void write_hostile(void) {
    log_warn("egress", "refused", log_text("room", "x\n2026 ERROR forged=1"), log_int("code", 400));
    log_debug("egress", "not at this level");
}

static void a_value_cannot_forge_a_line(void **state) {
    log_setup(LOG_INFO, LOG_TEXT);
    char *text = capture(write_hostile);
    assert_non_null(
        strstr(text, " warn  egress: refused room=\"x\\n2026 ERROR forged=1\" code=400\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    free(text);
}

static void json_lines_are_json(void **state) {
    log_setup(LOG_INFO, LOG_JSON);
    char *text = capture(write_hostile);
    assert_non_null(strstr(text, "\"level\":\"warn\",\"area\":\"egress\",\"message\":\"refused\","
                                 "\"room\":\"x\\n2026 ERROR forged=1\",\"code\":400}\n"));
    free(text);
    log_setup(LOG_INFO, LOG_TEXT);
}

RUN_TESTS(TEST(a_value_cannot_forge_a_line), TEST(json_lines_are_json))
