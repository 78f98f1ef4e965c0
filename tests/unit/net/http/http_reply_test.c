#include "http_fixture.h"

static void head_answers_carry_no_body_and_204_no_length(void **state) {
    struct fixture f;
    open_server(&f);
    assert_reply(&f, "HEAD /plain HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200",
                 "Connection: close\r\n\r\n");
    assert_reply(&f, "GET /plain HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "\r\n\r\nplain bytes");
    char *reply = ask(&f, "GET /release HTTP/1.1\r\n" CLOSE "\r\n");
    assert_contains(reply, "HTTP/1.1 204 No Content\r\n");
    assert_lacks(reply, "Content-Length");
    free(reply);
    close_server(&f);
}

static void http_1_0_closes_unless_it_asks_to_stay(void **state) {
    struct fixture f;
    open_server(&f);
    assert_reply(&f, "GET /plain HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "\r\n\r\nplain bytes");
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    char *reply = peer_hear_until(fd, "plain bytes");
    assert_contains(reply, "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n");
    free(reply);
    peer_say(fd, "GET /plain HTTP/1.0\r\n\r\n");
    reply = peer_hear_all(fd);
    assert_contains(reply, "plain bytes");
    free(reply);
    close(fd);
    close_server(&f);
}

static void a_long_answer_in_pieces_waits_for_the_client(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply = ask(&f, "GET /pieces HTTP/1.0\r\n\r\n");
    assert_lacks(reply, "Content-Length");
    assert_int_equal(strlen(strstr(reply, "\r\n\r\n") + 4), 64 * 65536);
    free(reply);
    reply = ask(&f, "GET /pieces HTTP/1.1\r\n" CLOSE "\r\n");
    assert_contains(reply, "Transfer-Encoding: chunked\r\n");
    assert_contains(reply, "\r\n\r\n10000\r\nppp");
    assert_string_equal(reply + strlen(reply) - 12, "ppppp\r\n0\r\n\r\n");
    free(reply);
    close_server(&f);
}

static void errors_have_the_shape_of_nestjs(void **state) {
    struct fixture f;
    open_server(&f);
    assert_reply(&f, "GET /nope?x=\"1 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404 Not Found",
                 "\r\n\r\n{\"message\":\"Cannot GET /nope?x=\\\"1\",\"error\":\"Not Found\","
                 "\"statusCode\":404}");
    assert_reply(&f, "POST /refused HTTP/1.1\r\nContent-Length: 9\r\n" CLOSE "\r\n", "HTTP/1.1 403",
                 "\r\n\r\n{\"message\":\"Forbidden\",\"statusCode\":403}");
    close_server(&f);
}

static void any_origin_is_echoed_or_only_those_listed(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply = ask(&f, "GET /nope HTTP/1.1\r\nOrigin: https://a.example\r\n" CLOSE "\r\n");
    assert_contains(reply, "Access-Control-Allow-Origin: https://a.example\r\n");
    assert_contains(reply, "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n");
    free(reply);
    reply = ask(&f, "GET /nope HTTP/1.1\r\n" CLOSE "\r\n");
    assert_lacks(reply, "Allow-Origin");
    assert_contains(reply, "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n");
    free(reply);
    close_server(&f);

    open_with(&f, (struct http_settings){.cors_origins = "https://b.example, https://a.example"});
    reply = ask(&f, "GET /nope HTTP/1.1\r\nOrigin: https://a.example\r\n" CLOSE "\r\n");
    assert_contains(reply, "Access-Control-Allow-Origin: https://a.example\r\n");
    free(reply);
    reply = ask(&f, "GET /nope HTTP/1.1\r\nOrigin: https://a.example.evil\r\n" CLOSE "\r\n");
    assert_lacks(reply, "Allow-Origin");
    free(reply);
    close_server(&f);
}

RUN_TESTS(TEST(head_answers_carry_no_body_and_204_no_length),
          TEST(http_1_0_closes_unless_it_asks_to_stay),
          TEST(a_long_answer_in_pieces_waits_for_the_client), TEST(errors_have_the_shape_of_nestjs),
          TEST(any_origin_is_echoed_or_only_those_listed))
