#include "meeting/rules_file.h"
#include "unit.h"

#include <errno.h>

static struct rules rules;

static double value_of(const char *rule, const char *field) {
    struct rules_cursor at;
    assert_int_equal(rules_find(&at, slice_from(rule), slice_from(field)), 0);
    return *rules_value(&rules, &at);
}

/* The default rules as the file changes them for this organization and kind. */
static void apply(const char *text, const char *organization, const char *kind) {
    struct rules_file *file;
    struct buf problem = {0};
    assert_int_equal(rules_file_parse(&file, slice_from(text), &problem), 0);
    rules_init(&rules);
    rules_file_apply(file, slice_from(organization), slice_from(kind), &rules);
    rules_file_free(file);
    buf_free(&problem);
}

static void assert_refused(const char *text, const char *why) {
    struct rules_file *file = NULL;
    struct buf problem = {0};
    assert_int_equal(rules_file_parse(&file, slice_from(text), &problem), EINVAL);
    assert_null(file);
    assert_slice_equal(buf_slice(&problem), why);
    buf_free(&problem);
}

static const char example[] =
    "// Ours.\n"
    "{\n"
    "  \"$schema\": \"docs/rules.schema.json\",\n"
    "  \"rules\": {\"volume_baixo\": {\"below_dbfs\": -30, \"window_s\": 8}}, /* softer\n"
    "     rooms */\n"
    "  \"kinds\": {\"aula\": {\"monologo_prolongado\": {\"enabled\": false},\n"
    "                     \"volume_baixo\": {\"below_dbfs\": -31}}},\n"
    "  \"organizations\": {\"escola\": {\n"
    "    \"rules\": {\"volume_baixo\": {\"below_dbfs\": -32}},\n"
    "    \"kinds\": {\"aula\": {\"volume_baixo\": {\"below_dbfs\": -33}}}}}\n"
    "}\n";

static void what_is_more_special_wins(void **state) {
    static const struct {
        const char *organization, *kind;
        double below_dbfs, monologue;
    } cases[] = {
        {"", "", -30, 1},       {"other", "other", -30, 1}, {"", "aula", -31, 0},
        {"escola", "", -32, 1}, {"escola", "aula", -33, 0}, {"escola", "daily", -32, 1},
    };
    for (int i = 0; i < 6; i++) {
        apply(example, cases[i].organization, cases[i].kind);
        assert_true(value_of("volume_baixo", "below_dbfs") == cases[i].below_dbfs);
        assert_true(value_of("monologo_prolongado", "enabled") == cases[i].monologue);
        assert_true(value_of("volume_baixo", "window_s") == 8);
        assert_true(value_of("volume_baixo", "critical_dbfs") == -34);
    }
}

static void a_file_may_be_nearly_empty(void **state) {
    apply("{}", "", "");
    apply(" \r\n\t/**/{ // no rules yet\n \"rules\" : { } } //", "a", "b");
    assert_true(value_of("volume_baixo", "below_dbfs") == -28);
}

static void slashes_in_strings_begin_no_comment(void **state) {
    apply("{\"kinds\": {\"a//b\": {\"overlap_fala\": {\"overlap_s\": 3}}, \"/*\": {}}}", "",
          "a//b");
    assert_true(value_of("overlap_fala", "overlap_s") == 3);
}

static void a_value_out_of_range_is_named_with_its_line_and_range(void **state) {
    assert_refused(
        "{\n  // quiet\n  \"rules\": {\n    \"volume_baixo\": {\"below_dbfs\": -200}\n}}",
        "line 4: volume_baixo.below_dbfs is -200: it must be a number from -80 to 0");
    assert_refused("{\"rules\": {\"volume_baixo\": {\"below_dbfs\": \"-30\"}}}",
                   "line 1: volume_baixo.below_dbfs is \"-30\": it must be a number from -80 to 0");
    assert_refused("{\"rules\": {\"volume_baixo\": {\"window_s\":\ntrue}}}",
                   "line 2: volume_baixo.window_s is true: it must be a number from 0.5 to 10");
}

static void unknown_names_are_refused(void **state) {
    assert_refused("{\"rules\": {\n\"volume_baixoo\": {}}}",
                   "line 2: there is no rule \"volume_baixoo\"");
    assert_refused("{\"rules\": {\"volume_baixo\":\n\n{\"below\": 1}}}",
                   "line 3: volume_baixo has no setting \"below\"");
    assert_refused("{\n\"rule\": {}}",
                   "line 2: \"rule\" is not known here; there are rules, kinds and organizations");
    assert_refused("{\"organizations\": {\"a\": {\"volume_baixo\": {}}}}",
                   "line 1: \"volume_baixo\" is not known here; there are rules and kinds");
    assert_refused("{\"kinds\": {\"\": {}}}", "line 1: a name must have 1 to 128 bytes, and no \\");
}

static void what_is_no_json_is_refused_with_its_line(void **state) {
    struct buf problem = {0};
    static const char *const bad[] = {
        "",
        "[]",
        "{\n\"rules\": {},\n}",
        "{\n\"rules\": {}\n\"kinds\": {}}",
        "{\"rules\": {}, \"rules\": {}}",
        "{\"rules\": []}",
        "{\"kinds\": {\"a\": 1}}",
        "{\"rules\": {\"volume_baixo\": {\"below_dbfs\": -30, \"below_dbfs\": -31}}}",
        "{} {}",
        "\xff",
        "{\"\xc3\": 1}",
        "/* {}",
        "{ / }",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct rules_file *file = NULL;
        buf_clear(&problem);
        assert_int_equal(rules_file_parse(&file, slice_from(bad[i]), &problem), EINVAL);
        assert_null(file);
        assert_true(slice_has_prefix(buf_slice(&problem), SLICE("line ")));
        assert_true(i != 3 || slice_has_prefix(buf_slice(&problem), SLICE("line 3: ")));
    }
    buf_free(&problem);
}

/* Cut anywhere, it is refused or read, and nothing leaks. */
static void every_beginning_of_a_file_is_survived(void **state) {
    for (size_t len = 0; len < sizeof example; len++) {
        struct rules_file *file = NULL;
        struct buf problem = {0};
        int err = rules_file_parse(&file, slice_of(example, len), &problem);
        assert_true(err ? problem.len > 0 : problem.len == 0);
        rules_file_free(file);
        buf_free(&problem);
    }
}

RUN_TESTS(TEST(what_is_more_special_wins), TEST(a_file_may_be_nearly_empty),
          TEST(slashes_in_strings_begin_no_comment),
          TEST(a_value_out_of_range_is_named_with_its_line_and_range),
          TEST(unknown_names_are_refused), TEST(what_is_no_json_is_refused_with_its_line),
          TEST(every_beginning_of_a_file_is_survived))
