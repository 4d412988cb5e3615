/*
 * WebSocket sessions while the n-th allocation is refused, n = 1, 2, 3 ...: the upgrade, each word
 * of a client, and what it is pushed. Each is answered whole or the session is closed, the socket
 * says so; a session that is left open goes on to be shown what happens.
 */
#include <arpa/inet.h>
#include <sodium.h>

#include "control_fault_scene.h"

enum {
    FRAME_TEXT = 1,
    FRAME_CLOSE = 8,
    FRAME_HEAD = 2,
    FRAME_LENGTH_16 = 126,
    FRAME_LENGTH_64 = 127,
    STATUS_BYTES = 12, /* "HTTP/1.1 101" */
    PUSH_MS = 700,     /* Pushes come 500 ms apart. */
    PUSH_FAULTS_MAX = 120,
    GREETING_MS = 20, /* The session begins behind the answer to its upgrade. */
};

/* ---- A client ---- */

/* Sends a text, masked with zeros. */
static bool say(int fd, const char *text)
{
    uint8_t frame[1024] = {0x80 | FRAME_TEXT};
    const size_t size = strlen(text);
    size_t used = 1;
    ASSERT(size < sizeof(frame) - 8); /* Check allocates in every assertion. */
    if (size < FRAME_LENGTH_16) {
        frame[used++] = (uint8_t)(0x80 | size);
    } else {
        frame[used++] = 0x80 | FRAME_LENGTH_16;
        frame[used++] = (uint8_t)(size >> 8);
        frame[used++] = (uint8_t)size;
    }
    used += 4; /* The mask. */
    memcpy(frame + used, text, size);
    return send(fd, frame, used + size, MSG_NOSIGNAL) == (ssize_t)(used + size);
}

/* The rest of a frame whose head has come, into `answer`. Its opcode; 0: the session is over. */
static int hear_rest(int fd, const uint8_t head[FRAME_HEAD])
{
    ck_assert_msg((head[0] & 0x70) == 0 && (head[1] & 0x80) == 0, "no frame: %02x %02x", head[0],
                  head[1]);
    uint8_t more[8] = {0};
    size_t size = head[1];
    if (size >= FRAME_LENGTH_16) {
        const size_t count = size == FRAME_LENGTH_16 ? 2 : 8;
        ck_assert(receive_all(fd, more, count));
        size = 0;
        for (size_t i = 0; i < count; i++) {
            size = size << 8 | more[i];
        }
    }
    ck_assert_uint_lt(size, sizeof(answer));
    ck_assert_msg(size == 0 || receive_all(fd, answer, size), "a frame is cut off");
    answer[size] = '\0';
    const int opcode = head[0] & 0xf;
    ck_assert_msg(opcode == FRAME_TEXT || opcode == FRAME_CLOSE, "a frame of kind %d", opcode);
    if (opcode == FRAME_TEXT) {
        const struct refusal none = {.nth = 0};
        check_json("a session", &none, answer, size);
    }
    return opcode == FRAME_TEXT ? opcode : 0;
}

static int hear(int fd)
{
    uint8_t head[FRAME_HEAD];
    errno = 0;
    const bool has_come = receive_all(fd, head, sizeof(head));
    ck_assert_msg(has_come || errno != EAGAIN, "the session is silent");
    return has_come ? hear_rest(fd, head) : 0;
}

static bool answer_is(const char *type)
{
    char member[64];
    (void)snprintf(member, sizeof(member), "{\"type\":\"%s\"", type);
    return strncmp(answer, member, strlen(member)) == 0;
}

/* Hears until a text of this type comes. False when the session is over, or says what it has no
 * memory for. */
static bool hear_type(int fd, const char *type)
{
    while (hear(fd) == FRAME_TEXT) {
        if (answer_is(type)) {
            return true;
        }
        if (answer_is("error")) {
            ck_assert_msg(strstr(answer, "memory") != NULL, "%s", answer);
            return false;
        }
    }
    return false;
}

static void print_upgrade(char *text, size_t size)
{
    (void)snprintf(text, size,
                   "GET /ws/executors HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                   "\r\n",
                   tokens.items[LINK_SECRET_ADMIN]);
}

/* Asks for a session and reads its greeting. -1 when there is none: refused, closed, or the run has
 * ended. */
static int session_begin(struct refusal *refusal)
{
    char text[1024];
    print_upgrade(text, sizeof(text));
    const int fd = client_connect(TIMEOUT_MS);
    if (fd < 0) {
        return -1;
    }
    bool is_open = exchange(fd, text, strlen(text), answer, STATUS_BYTES, refusal);
    if (is_open) {
        size_t used = STATUS_BYTES;
        is_open = strncmp(answer, "HTTP/1.1 101", STATUS_BYTES) == 0;
        ck_assert_msg(is_open || strncmp(answer, "HTTP/1.1 50", STATUS_BYTES - 1) == 0, "%s",
                      answer);
        for (answer[used] = '\0'; strstr(answer, "\r\n\r\n") == NULL; answer[used] = '\0') {
            ck_assert_msg(receive_all(fd, answer + used++, 1), "cut off: %s", answer);
        }
        is_open = is_open && hear_type(fd, "connected");
    }
    if (!is_open) {
        (void)close(fd);
    }
    return is_open ? fd : -1;
}

/* With memory enough, and again when the run has ended by a fault before. */
static int session_open(void)
{
    for (int tries = 0; tries < 2; tries++) {
        struct refusal none = {.nth = NO_FAULT};
        const int fd = session_begin(&none);
        if (fd >= 0) {
            return fd;
        }
        run_again(&none);
    }
    ck_abort_msg("a run that is well opens no session");
    return -1;
}

/* ---- What is said ---- */

static const struct word {
    const char *text;
    const char *answer;
    bool is_wrong;
} words[] = {
    {"{\"action\":\"subscribe\",\"type\":\"executors\",\"update_interval\":0.5}", "subscribed",
     false},
    {"{\"action\":\"subscribe\",\"type\":\"executor_summary\",\"update_interval\":0.5}",
     "subscribed", false},
    {"{\"action\":\"subscribe\",\"type\":\"positions\",\"filters\":{\"status\":\"RUNNING\"}}",
     "subscribed", false},
    {"{\"action\":\"ping\"}", "pong", false},
    {"{\"action\":\"unsubscribe\",\"subscription_id\":\"executor_summary\"}", "unsubscribed",
     false},
    {"{\"action\":\"dance\"}", "error", true},
    {"not JSON", "error", true},
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* Says one word with the memory as it is to be. Whether the session is over. */
static bool say_refused(int fd, const struct word *word, struct refusal *refusal)
{
    uint8_t head[FRAME_HEAD];
    faulty_memory_arm(refusal->nth, refusal->is_lasting);
    errno = 0;
    refusal->is_answered = say(fd, word->text) && receive_all(fd, head, sizeof(head));
    const int code = errno;
    refusal->has_struck = faulty_memory_disarm();
    ck_assert_msg(refusal->is_answered || code != EAGAIN, "fault %llu: %s: no answer in time",
                  (unsigned long long)refusal->nth, word->text);
    if (!refusal->is_answered || hear_rest(fd, head) == 0) {
        return true;
    }
    const bool is_expected =
        answer_is(word->answer) || (answer_is("error") && strstr(answer, "memory") != NULL);
    ck_assert_msg(is_expected || (!word->is_wrong && answer_is("executor_summary")),
                  "fault %llu: %s: answered: %s", (unsigned long long)refusal->nth, word->text,
                  answer);
    return false;
}

/* A session that is open answers; but for a fault that struck behind the first answer. */
static void check_alive(int fd, const struct refusal *refusal)
{
    answer[0] = '\0';
    if (say(fd, "{\"action\":\"ping\"}")) {
        while (hear(fd) == FRAME_TEXT && !answer_is("pong")) {
        }
    }
    ck_assert_msg(answer_is("pong") || refusal->has_struck, "it is over without a fault");
}

/* One word, in a session that has one subscription. Whether the fault has struck. */
static bool play_word(const struct word *word, struct refusal *refusal)
{
    const int fd = session_open();
    ck_assert(say(fd, words[1].text));
    ck_assert(hear_type(fd, "subscribed"));
    ck_assert(hear_type(fd, "executor_summary"));
    const bool is_over = say_refused(fd, word, refusal);
    if (!is_over) {
        check_alive(fd, refusal);
    }
    (void)close(fd);
    return refusal->has_struck;
}

START_TEST(words_whose_memory_is_refused)
{
    struct refusal refusal = {.is_lasting = _i == 1};
    run_ready();
    for (bool has_struck = true; has_struck && refusal.nth < FAULTS_MAX;) {
        refusal.nth = next_fault(refusal.nth);
        has_struck = false;
        for (size_t i = 0; i < WORDS; i++) {
            has_struck = play_word(&words[i], &refusal) || has_struck;
        }
    }
    report_faults(refusal.nth);
    run_end();
}
END_TEST

START_TEST(upgrades_whose_memory_is_refused)
{
    struct refusal refusal = {.is_lasting = _i == 1, .has_struck = true, .kept_ms = GREETING_MS};
    run_ready();
    while (refusal.has_struck && refusal.nth < FAULTS_MAX) {
        refusal.nth = next_fault(refusal.nth);
        refusal.has_struck = false;
        const int fd = session_begin(&refusal);
        if (fd >= 0) {
            check_alive(fd, &refusal);
            (void)close(fd);
        }
    }
    report_faults(refusal.nth);
    (void)close(session_open());
    run_end();
}
END_TEST

/* ---- What is shown ---- */

#define CREATE                                                                                \
    "{\"request\":\"action\",\"action\":\"create_executor\",\"executor_id\":\"%s-#\","        \
    "\"executor_config\":{\"type\":\"progressive_executor\",\"connector_name\":\"paper\","    \
    "\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\",\"amount\":\"0.1\",\"triple_barrier_conf" \
    "ig\":{\"open_order_type\":\"MARKET\",\"stop_loss\":\"0.2\"}}}"

/* Something happens that everybody who subscribed is to be shown. */
static void create_executor(const char *name, struct refusal *refusal)
{
    char question[1024];
    (void)snprintf(question, sizeof(question), CREATE, name);
    refusal->is_answered = false;
    ask_rep(question, refusal);
}

/* After the fault something else happens: it is shown, or the session was closed. */
static void check_shown(int fd, uint64_t nth)
{
    struct refusal none = {.nth = NO_FAULT};
    char question[64];
    (void)snprintf(question, sizeof(question), "well-%llu", (unsigned long long)nth);
    create_executor(question, &none);
    if (!none.is_answered) {
        run_again(&none);
        return;
    }
    ck_assert(strstr(answer, "\"ok\":true") != NULL);
    int heartbeats = 0;
    while (hear(fd) == FRAME_TEXT) {          /* Else it is closed. */
        heartbeats += answer_is("heartbeat"); /* Every 30 s. */
        ck_assert_msg(heartbeats < 2, "fault %llu: nothing is shown any more",
                      (unsigned long long)nth);
        ck_assert_msg(!answer_is("error") || strstr(answer, "memory") != NULL, "%s", answer);
        if (strstr(answer, question) != NULL) {
            return;
        }
    }
}

/* Something happens, and the memory is refused while it is shown. */
static void happen(struct refusal *refusal)
{
    struct refusal none = {.nth = NO_FAULT};
    create_executor("refused", &none);
    faulty_memory_arm(refusal->nth, refusal->is_lasting);
    (void)poll(NULL, 0, PUSH_MS);
    refusal->has_struck = faulty_memory_disarm();
}

START_TEST(pushes_whose_memory_is_refused)
{
    struct refusal refusal = {.is_lasting = _i == 1, .has_struck = true};
    run_ready();
    while (refusal.has_struck && refusal.nth < PUSH_FAULTS_MAX) {
        refusal.nth = next_fault(refusal.nth);
        const int fd = session_open();
        ck_assert(say(fd, words[0].text));
        ck_assert(hear_type(fd, "subscribed"));
        ck_assert(hear_type(fd, "executors"));
        happen(&refusal);
        check_shown(fd, refusal.nth);
        (void)close(fd);
    }
    report_faults(refusal.nth);
    run_end();
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    faulty_memory_install();
    Suite *suite = suite_create("session_faults");
    TCase *tcase = tcase_create("session_faults");
    tcase_add_checked_fixture(tcase, control_open, scene_close);
    tcase_set_timeout(tcase, faults_are_asked_for("all") ? 0 : 280);
    tcase_add_loop_test(tcase, upgrades_whose_memory_is_refused, 0, 2);
    tcase_add_loop_test(tcase, words_whose_memory_is_refused, 0, 2);
    tcase_add_loop_test(tcase, pushes_whose_memory_is_refused, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
