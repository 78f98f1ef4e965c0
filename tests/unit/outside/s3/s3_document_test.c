#include "base/buf.h"
#include "outside/s3/s3_document.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void an_error_is_read(void **state) {
    struct s3_document document;
    assert_int_equal(
        s3_document_parse(SLICE("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>"
                                "<Code>AuthorizationHeaderMalformed</Code><Message>the "
                                "region 'a' is wrong; expecting 'b' &amp; no "
                                "other</Message><Region>sa-east-1</Region>"
                                "<RequestId>4442587FB7D0A2F9</RequestId></Error>"),
                          &document),
        0);
    assert_true(document.is_error);
    assert_string_equal(document.code, "AuthorizationHeaderMalformed");
    assert_string_equal(document.message, "the region 'a' is wrong; expecting 'b' & no other");
    assert_string_equal(document.region, "sa-east-1");
    s3_document_free(&document);
}

/* A store that worked for long has sent blanks before it knew how it ends. */
static void blanks_before_it_are_read_over(void **state) {
    struct s3_document document;
    assert_int_equal(
        s3_document_parse(SLICE(" \r\n \t\n<Error><Code>InternalError</Code></Error>"), &document),
        0);
    assert_true(document.is_error);
    s3_document_free(&document);
}

static void an_upload_has_its_id(void **state) {
    struct s3_document document;
    assert_int_equal(
        s3_document_parse(SLICE("<s3:InitiateMultipartUploadResult xmlns:s3=\"urn:x\"><s3:Bucket>b"
                                "</s3:Bucket><s3:Key>k</s3:Key><s3:UploadId>a+/=&lt;b</s3:UploadId>"
                                "</s3:InitiateMultipartUploadResult>"),
                          &document),
        0);
    assert_false(document.is_error);
    assert_string_equal(document.upload_id, "a+/=<b");
    s3_document_free(&document);
}

static void parts_are_listed(void **state) {
    struct s3_document document;
    assert_int_equal(
        s3_document_parse(
            SLICE(
                "<ListPartsResult><UploadId>u</UploadId><IsTruncated>true</IsTruncated>"
                "<NextPartNumberMarker>7</NextPartNumberMarker>"
                "<Part><PartNumber>2</PartNumber><ETag>&quot;ab&quot;</ETag><Size>8388608</Size>"
                "</Part><Part><ETag>\"cd\"</ETag><Size>5</Size><PartNumber>7</PartNumber></Part>"
                "<Part><PartNumber>0</PartNumber><ETag>\"no\"</ETag></Part>"
                "<Part><PartNumber>8</PartNumber></Part>"
                "<Part><PartNumber>10001</PartNumber><ETag>\"no\"</ETag></Part></ListPartsResult>"),
            &document),
        0);
    assert_true(document.is_truncated);
    assert_int_equal(document.next_part, 7);
    assert_int_equal(document.part_count, 2);
    assert_int_equal(document.parts[0].number, 2);
    assert_string_equal(document.parts[0].etag, "\"ab\"");
    assert_int_equal(document.parts[0].bytes, 8388608);
    assert_int_equal(document.parts[1].number, 7);
    s3_document_free(&document);
}

static void what_is_no_xml_is_refused(void **state) {
    static const char *const texts[] = {"", "   ", "<Error><Code>x</Code>", "{\"Error\":1}",
                                        "<Error></Errors>"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct s3_document document;
        assert_int_equal(s3_document_parse(slice_from(texts[i]), &document), EINVAL);
        s3_document_free(&document);
    }
}

/* Ten entities, each of ten of the one before, would be ten thousand million letters. */
static void entities_are_not_expanded(void **state) {
    struct s3_document document;
    assert_int_equal(
        s3_document_parse(SLICE("<!DOCTYPE Error [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
                                "\"&a;&a;&a;&a;&a;\">]><Error><Code>&b;</Code></Error>"),
                          &document),
        EINVAL);
    s3_document_free(&document);
}

static void texts_that_are_too_long_are_left_empty(void **state) {
    struct buf xml = {0};
    buf_add_text(&xml, "<Error><Code>");
    for (int i = 0; i < 64; i++)
        buf_add_byte(&xml, 'c');
    buf_add_text(&xml, "</Code><Message>short</Message></Error>");
    struct s3_document document;
    assert_int_equal(s3_document_parse(buf_slice(&xml), &document), 0);
    assert_string_equal(document.code, "");
    assert_string_equal(document.message, "short");
    s3_document_free(&document);
    buf_free(&xml);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_read),
        cmocka_unit_test(blanks_before_it_are_read_over),
        cmocka_unit_test(an_upload_has_its_id),
        cmocka_unit_test(parts_are_listed),
        cmocka_unit_test(what_is_no_xml_is_refused),
        cmocka_unit_test(entities_are_not_expanded),
        cmocka_unit_test(texts_that_are_too_long_are_left_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
