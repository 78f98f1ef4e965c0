#include "app/config/dotenv.h"
#include "base/buf.h"
#include "unit.h"

static void add(struct slice name, struct slice value, void *arg) {
    buf_printf(arg, "%.*s=[%.*s];", SLICE_ARG(name), SLICE_ARG(value));
}

static void expect(const char *text, const char *pairs) {
    struct buf out = {0};
    dotenv_parse(slice_from(text), add, &out);
    assert_slice_equal(buf_slice(&out), pairs);
    buf_free(&out);
}

static void plain_lines(void **state) {
    expect("PORT=3001\nHUME_API_KEY=\n  A.b-c = x y \n",
           "PORT=[3001];HUME_API_KEY=[];A.b-c=[x y];");
    expect("A=1\r\nB=2\r\n", "A=[1];B=[2];");
    expect("A: 1\nA=2", "A=[1];A=[2];");
    expect("\xef\xbb\xbf"
           "A=1",
           "A=[1];");
}

static void exports_and_comments(void **state) {
    expect("export A=1\n# B=2\n\nC=3 # three\nD=x#y\n", "A=[1];C=[3];D=[x];");
    expect("exported=1", "exported=[1];");
    expect("no assignment\n=1\nA=2", "A=[2];");
}

static void quotes(void **state) {
    expect("A=\"b # c\" # d\nE='f \\n'\nG=\"h\\ni\\tj\"", "A=[b # c];E=[f \\n];G=[h\ni\\tj];");
    expect("KEY=\"line 1\nline 2\"\nB=`c'd\"`", "KEY=[line 1\nline 2];B=[c'd\"];");
    expect("A='it\\'s'\n", "A=[it\\'s];");
}

static void an_open_quote_is_taken_as_it_stands(void **state) {
    expect("A=\"b\nC=d", "A=[\"b];C=[d];");
    expect("A='b' c\nD=e", "A=['b' c];D=[e];");
}

static void an_empty_value_does_not_swallow_the_next_line(void **state) {
    expect("A=\nB=1\nC=   \nD=2", "A=[];B=[1];C=[];D=[2];");
}

static const char *find(struct slice name, bool *is_final, void *arg) {
    *is_final = slice_is_equal(name, SLICE("FINAL"));
    return slice_is_equal(name, SLICE("A"))       ? "a${B}"
           : slice_is_equal(name, SLICE("B"))     ? "b"
           : slice_is_equal(name, SLICE("LOOP"))  ? "x${LOOP}"
           : slice_is_equal(name, SLICE("FINAL")) ? "${B}"
                                                  : NULL;
}

static void expands(const char *value, const char *text, const char *missing) {
    struct buf out = {0};
    assert_slice_equal(dotenv_expand(&out, slice_from(value), find, NULL), missing);
    assert_slice_equal(buf_slice(&out), text);
    buf_free(&out);
}

static void references_are_filled_in(void **state) {
    expands("1${A}2${B}", "1ab2b", "");
    expands("${NONE}x${NONE:-y${B}}", "xyb", "NONE");
    expands("${FINAL}", "${B}", "");
    expands("\\${A}$A ${} ${A ${A-b}", "${A}$A ${} ${A ${A-b}", "");
    expands("${LOOP}", "xxxxxxxxxx", "");
}

RUN_TESTS(TEST(references_are_filled_in), TEST(plain_lines), TEST(exports_and_comments),
          TEST(quotes), TEST(an_open_quote_is_taken_as_it_stands),
          TEST(an_empty_value_does_not_swallow_the_next_line))
