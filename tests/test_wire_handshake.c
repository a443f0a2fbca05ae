/* The handshake as bytes on the wire: what Python says, of either age and in either role, and what it hears. */
#include "authentication_fixture.h"
#include "harness_tree.h"
#include "wire_fixture.h"

#include "connection/connection.h"
#include "connection/handshake.h"

#define WELCOME "\x00\x00\x00\x09#WELCOME#"
#define FAILURE "\x00\x00\x00\x09#FAILURE#"

/* Brood's side, and the raw one. */
typedef struct wire_t {
    brood__stream_t stream, raw;
    brood__message_t message;
    brood__handshake_t handshake;
    apr_pool_t *mem;
} wire_t;

/* ---- help ---- */

static void open_wire(wire_t *wire, brood__handshake_role_t role)
{
    brood__stream_t ends[2];

    *wire = (wire_t){.mem = harness_mem()};
    EXPECT_OK(brood__stream_pair(ends));
    wire->stream = ends[0];
    wire->raw = ends[1];
    brood__handshake_begin(&wire->handshake, role, jobs);
}

static void close_wire(wire_t *wire)
{
    brood__message_drop(&wire->message);
    brood__stream_close(&wire->stream);
    brood__stream_close(&wire->raw);
}

/* As far as the frames that have come. */
static apr_status_t run(wire_t *wire)
{
    return brood__handshake_run(&wire->handshake, &wire->stream, &wire->message, BROOD__AT_ONCE);
}

/* The other side says a frame with this in it. */
static void say_frame(wire_t *wire, brood_bytes_t payload)
{
    char *frame = apr_palloc(wire->mem, payload.size + 4);

    EXPECT(payload.size <= 255);
    memcpy(frame, "\x00\x00\x00", 3);
    frame[3] = (char) payload.size;
    memcpy(frame + 4, payload.data, payload.size);
    say_bytes(&wire->raw, frame, payload.size + 4);
}

/* The other side hears our challenge; its body, 48 bytes. */
static brood_bytes_t hear_challenge(wire_t *wire)
{
    char *body = apr_palloc(wire->mem, 48);

    EXPECT(HEARD(&wire->raw, "\x00\x00\x00\x3b#CHALLENGE#"));
    EXPECT(hear_bytes(&wire->raw, body, 48) && memcmp(body, "{sha256}", 8) == 0);
    return (brood_bytes_t){body, 48};
}

/* Python's answer to that, since 3.12 or before. */
static brood_bytes_t answer_to(brood_bytes_t body, bool modern, apr_pool_t *mem)
{
    const char *prefix = modern ? "{sha256}" : "";
    const brood__digest_t digest = modern ? BROOD__SHA256 : BROOD__MD5;
    const size_t size = strlen(prefix);
    char *answer = apr_palloc(mem, BROOD__RESPONSE_MOST);
    unsigned char mac[BROOD__MAC_MOST];

    EXPECT_OK(brood__mac_compute(mac, digest, jobs, body));
    memcpy(answer, prefix, size);
    memcpy(answer + size, mac, brood__mac_size(digest));
    return (brood_bytes_t){answer, size + brood__mac_size(digest)};
}

/* Python's challenge with the bytes of the vectors, and the answer that it must hear: frames, both. */
static void challenge_us(wire_t *wire, bool modern)
{
    if (modern)
        say_frame(wire, counting("#CHALLENGE#{sha256}", 40, wire->mem));
    else
        say_frame(wire, counting("#CHALLENGE#", 20, wire->mem));
}

static bool hears_our_answer(wire_t *wire, bool modern)
{
    if (modern)
        return HEARD(&wire->raw,
                     "\x00\x00\x00\x28{sha256}\x83\x40\x80\x7d\x3e\xb6\xce\x12\x67\x12\xf9\x58\x8e\xa5\xfe\xdb"
                     "\xe1\xa1\x28\x5f\x4b\x0c\x9f\xff\x12\x9d\xc6\x90\x48\xb4\xa7\x54");
    return HEARD(&wire->raw, "\x00\x00\x00\x10\xfb\x73\x88\x72\x47\xe7\x8a\xe1\xb7\x81\xbf\xf7\x27\xfb\xe7\xac");
}

/* The handshake is done: what follows are messages, of which the first has come with the last frame. */
static void expect_messages(wire_t *wire)
{
    brood_connection_t *connection;
    brood_bytes_t bytes = {NULL, 0};

    EXPECT_OK(brood__connection_create(&connection, &wire->stream, true, true, wire->mem));
    brood__stream_init(&wire->stream, BROOD__NO_HANDLE, wire->stream.kind); /* it is the connection's */
    EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, wire->mem));
    EXPECT(same(bytes, text("ping")));
    EXPECT_OK(brood_connection_send_bytes(connection, "pong", 4, BROOD_FOREVER));
    EXPECT(HEARD(&wire->raw, "\x00\x00\x00\x04pong"));
    brood_connection_close(connection);
    EXPECT(hears_the_end(&wire->raw));
}

/* ---- all six frames ---- */

/* Each frame by itself, and nothing but what is next is said. */
static void client_of(bool modern)
{
    wire_t wire;

    open_wire(&wire, BROOD__HANDSHAKE_CONNECTS);
    EXPECT_STATUS(APR_TIMEUP, run(&wire));
    EXPECT(hears_nothing(&wire.raw)); /* the listener begins */
    challenge_us(&wire, modern);
    EXPECT_STATUS(APR_TIMEUP, run(&wire));
    EXPECT(hears_our_answer(&wire, modern));
    EXPECT(hears_nothing(&wire.raw));
    SAY(&wire.raw, WELCOME);
    EXPECT_STATUS(APR_TIMEUP, run(&wire));
    say_frame(&wire, answer_to(hear_challenge(&wire), modern, wire.mem));
    SAY(&wire.raw, "\x00\x00\x00\x04ping"); /* it may */
    EXPECT_OK(run(&wire));
    EXPECT(HEARD(&wire.raw, WELCOME));
    EXPECT(hears_nothing(&wire.raw));
    expect_messages(&wire);
    close_wire(&wire);
}

static void listener_for(bool modern)
{
    wire_t wire;

    open_wire(&wire, BROOD__HANDSHAKE_ACCEPTS);
    EXPECT_STATUS(APR_TIMEUP, run(&wire));
    say_frame(&wire, answer_to(hear_challenge(&wire), modern, wire.mem));
    EXPECT(hears_nothing(&wire.raw));
    EXPECT_STATUS(APR_TIMEUP, run(&wire));
    EXPECT(HEARD(&wire.raw, WELCOME));
    EXPECT(hears_nothing(&wire.raw));
    challenge_us(&wire, modern);
    EXPECT_STATUS(APR_TIMEUP, run(&wire));
    EXPECT(hears_our_answer(&wire, modern));
    EXPECT(hears_nothing(&wire.raw));
    SAY(&wire.raw, WELCOME "\x00\x00\x00\x04ping"); /* in one write */
    EXPECT_OK(run(&wire));
    EXPECT(hears_nothing(&wire.raw));
    expect_messages(&wire);
    close_wire(&wire);
}

static void a_client_of_python_since_3_12__AUTH_01_AUTH_02_AUTH_04_AUTH_07_AUTH_08_AUTH_17(void)
{
    client_of(true);
}

static void a_listener_for_python_since_3_12__AUTH_01_AUTH_02_AUTH_04_AUTH_07_AUTH_08_AUTH_17(void)
{
    listener_for(true);
}

static void a_client_of_python_before_3_12__AUTH_03_AUTH_05_AUTH_06_AUTH_08_AUTH_18(void)
{
    if (is_there(BROOD__MD5))
        client_of(false);
}

static void a_listener_for_python_before_3_12__AUTH_03_AUTH_05_AUTH_06_AUTH_08_AUTH_18(void)
{
    if (is_there(BROOD__MD5))
        listener_for(false);
}

/* A captured one: these very bytes, whatever this build computes. */
static void the_answer_of_python_before_3_12_to_ours_is_over_all_48_bytes__AUTH_06(void)
{
    apr_pool_t *mem = harness_mem();

    if (is_there(BROOD__MD5))
        EXPECT(same(answer_to(counting("{sha256}", 40, mem), false, mem),
                    unhex("", "3389aee570567cd505ad920f9d39bd5d", mem)));
}

/* ---- in pieces, and too many at once ---- */

static void a_frame_may_come_byte_by_byte__AUTH_08(void)
{
    wire_t wire;
    brood_bytes_t challenge;

    open_wire(&wire, BROOD__HANDSHAKE_CONNECTS);
    challenge = counting("\x01\x01\x01\x3b#CHALLENGE#{sha256}", 40, wire.mem);
    for (size_t i = 0; i < challenge.size; i++) {
        const char byte = i < 3 ? 0 : ((const char *) challenge.data)[i];

        EXPECT(hears_nothing(&wire.raw));
        say_bytes(&wire.raw, &byte, 1);
        EXPECT_STATUS(APR_TIMEUP, run(&wire));
    }
    EXPECT(hears_our_answer(&wire, true));
    close_wire(&wire);
}

/* ---- who is not let in, and who is left ---- */

static void who_answers_wrongly_is_told_and_refused__AUTH_07_AUTH_13(void)
{
    wire_t wire;
    brood_bytes_t answer;

    open_wire(&wire, BROOD__HANDSHAKE_ACCEPTS);
    EXPECT_STATUS(APR_TIMEUP, run(&wire));
    answer = answer_to(hear_challenge(&wire), true, wire.mem);
    ((char *) (uintptr_t) answer.data)[39] ^= 1;
    say_frame(&wire, answer);
    EXPECT_STATUS(BROOD_EAUTH, run(&wire));
    EXPECT(HEARD(&wire.raw, FAILURE));
    EXPECT(hears_nothing(&wire.raw));
    close_wire(&wire);
}

/* What a client without a key says first: its first message. */
static void who_has_no_key_is_told_and_refused__AUTH_07_LIS_14(void)
{
    wire_t wire;

    open_wire(&wire, BROOD__HANDSHAKE_ACCEPTS);
    SAY(&wire.raw, "\x00\x00\x00\x05hello");
    EXPECT_STATUS(BROOD_EAUTH, run(&wire));
    EXPECT(hear_challenge(&wire).size == 48);
    EXPECT(HEARD(&wire.raw, FAILURE));
    close_wire(&wire);
}

static void who_refuses_us_is_not_challenged__AUTH_07_AUTH_11(void)
{
    static const char *const verdicts[] = {"#FAILURE#", "#WELCOME", "#WELCOME#!", ""};

    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        wire_t wire;

        open_wire(&wire, BROOD__HANDSHAKE_CONNECTS);
        challenge_us(&wire, true);
        say_frame(&wire, text(verdicts[i]));
        EXPECT_STATUS(BROOD_EAUTH, run(&wire));
        EXPECT(hears_our_answer(&wire, true));
        EXPECT(hears_nothing(&wire.raw));
        close_wire(&wire);
    }
}

/* Nothing is answered to what is no challenge. */
static void what_is_no_challenge_gets_no_answer__AUTH_11_AUTH_12_WIRE_06(void)
{
    static const struct {
        const char *said;
        size_t size;
        apr_status_t status;
    } cases[] = {
        {"\x00\x00\x00\x04ping", 8, BROOD_EAUTH},
        {"\x00\x00\x00\x00", 4, BROOD_EAUTH},
        {"\x00\x00\x00\x14#CHALLENGE#123456789", 24, BROOD_EAUTH},
        {"\x00\x00\x01\x01#CHALLENGE#", 15, BROOD_ETOOBIG}, /* 257; the head is enough */
        {"\x80\x00\x00\x00", 4, BROOD_EPROTOCOL},
        {"SSH-2.0-OpenSSH", 15, BROOD_ETOOBIG},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wire_t wire;

        open_wire(&wire, BROOD__HANDSHAKE_CONNECTS);
        say_bytes(&wire.raw, cases[i].said, cases[i].size);
        EXPECT_STATUS(cases[i].status, run(&wire));
        EXPECT(hears_nothing(&wire.raw));
        close_wire(&wire);
    }
}

/* At every byte of its challenge and of its verdict the other side may end. */
static void the_end_during_the_handshake_is_a_refusal__AUTH_07_AUTH_08(void)
{
    enum { CHALLENGE = 63, VERDICT = 13 };

    for (size_t cut = 0; cut <= CHALLENGE + VERDICT; cut++) {
        wire_t wire;
        char *said;

        open_wire(&wire, BROOD__HANDSHAKE_ANSWERS);
        said = (char *) (uintptr_t) counting("000\x3b#CHALLENGE#{sha256}", 40, wire.mem).data;
        memset(said, 0, 3);
        say_bytes(&wire.raw, said, cut < CHALLENGE ? cut : CHALLENGE);
        if (cut >= CHALLENGE) {
            EXPECT_STATUS(APR_TIMEUP, run(&wire));
            EXPECT(hears_our_answer(&wire, true));
            say_bytes(&wire.raw, WELCOME, cut - CHALLENGE);
        }
        brood__stream_close(&wire.raw);
        EXPECT_STATUS(cut == CHALLENGE + VERDICT ? APR_SUCCESS : BROOD_EAUTH, run(&wire));
        close_wire(&wire);
    }
}

static const brood_test_t tests[] = {
    TEST(a_client_of_python_since_3_12__AUTH_01_AUTH_02_AUTH_04_AUTH_07_AUTH_08_AUTH_17),
    TEST(a_listener_for_python_since_3_12__AUTH_01_AUTH_02_AUTH_04_AUTH_07_AUTH_08_AUTH_17),
    TEST(a_client_of_python_before_3_12__AUTH_03_AUTH_05_AUTH_06_AUTH_08_AUTH_18),
    TEST(a_listener_for_python_before_3_12__AUTH_03_AUTH_05_AUTH_06_AUTH_08_AUTH_18),
    TEST(the_answer_of_python_before_3_12_to_ours_is_over_all_48_bytes__AUTH_06),
    TEST(a_frame_may_come_byte_by_byte__AUTH_08),
    TEST(who_answers_wrongly_is_told_and_refused__AUTH_07_AUTH_13),
    TEST(who_has_no_key_is_told_and_refused__AUTH_07_LIS_14),
    TEST(who_refuses_us_is_not_challenged__AUTH_07_AUTH_11),
    TEST(what_is_no_challenge_gets_no_answer__AUTH_11_AUTH_12_WIRE_06),
    TEST(the_end_during_the_handshake_is_a_refusal__AUTH_07_AUTH_08),
};

static const brood_entry_t entries[] = {BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "wire_handshake", tests, sizeof tests / sizeof *tests);
}
