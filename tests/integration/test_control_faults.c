/*
 * Requests to a run, over REP and HTTP, while the n-th allocation is refused, n = 1, 2, 3 ...: each
 * is answered once, whole, or its connection is closed; the run goes on, or ends with a reason and
 * goes on when it is started again; the database is sound.
 */
#include <cJSON.h>
#include <errno.h>
#include <sodium.h>
#include <sys/un.h>

#include "fault_scene.h"
#include "tests/support/faulty_memory.h"

enum {
    ANSWER_BYTES_MAX = 4 << 20,
    FAULTS_MAX = 600,   /* Beyond that only rows of SQLite's are left. */
    TIMEOUT_MS = 40000, /* The run gives an answer within 30 s. */
    READY_MS = 30000,
};

static const char run_text[] =
    "run: {name: control, mode: paper, workers: 2}\n"
    "venues: [{name: paper, balances: {USDT: \"100000000\", BTC: \"500\"}}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: \"0.001\"}]\n"
    "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: walk.tape, speed: 10}]\n"
    "control: {listen: ['ipc://c'], http: ['http://127.0.0.1:%u'], secrets: run.secrets,\n"
    "          requests_per_second: 100000}\n"
    "persistence: {path: run.db, durability: group}\n"
    "executors: []\n";

static void control_open(void)
{
    scene_open();
    scene_write_run(run_text);
}

/* ---- What is asked ---- */

#define CONFIG                                                                          \
    "{\"type\":\"progressive_executor\",\"connector_name\":\"paper\",\"trading_pair\":" \
    "\"BTC-USDT\",\"side\":\"BUY\",\"amount\":\"0.1\",\"triple_barrier_config\":"       \
    "{\"open_order_type\":\"MARKET\",\"stop_loss\":\"0.2\"}}"
#define ACTION(words) "{\"request\":\"action\"," words "}"

/* REP; "#" is the number of the fault, so that executors and actions are new each time. */
static const char *const requests[] = {
    ACTION("\"action\":\"create_executor\",\"action_id\":\"a-#\",\"controller_id\":\"desk\","
           "\"executor_id\":\"e-#\",\"executor_config\":" CONFIG),
    ACTION("\"action\":\"update_executor\",\"executor_id\":\"e-#\",\"update_data\":"
           "{\"volatility\":\"0.1\"}"),
    "{\"request\":\"executor\",\"executor_id\":\"e-#\"}",
    "{\"request\":\"snapshot\",\"all\":true}",
    ACTION("\"action\":\"stop_executor\",\"action_id\":\"s-#\",\"executor_id\":\"e-#\""),
    ACTION("\"action\":\"store_executor\",\"executor_id\":\"e-#\""),
    "{\"request\":\"actions\",\"actions\":[{\"action\":\"create_executor\",\"executor_id\":\"b-#\","
    "\"executor_config\":" CONFIG "},{\"action\":\"stop_executor\",\"executor_id\":\"b-#\"}]}",
    "{\"request\":\"executors\",\"status\":[\"RUNNING\"],\"controller_ids\":[\"desk\"],\"limit\":"
    "5}",
    "{\"request\":\"positions\"}",
    "{\"request\":\"performance\",\"controller_ids\":[\"desk\"]}",
    "{\"request\":\"events\",\"from\":1,\"limit\":20}",
    "{\"request\":\"reconcile\",\"venue\":\"paper\"}",
    "{\"request\":\"risk\"}",
    "{\"request\":\"risk\",\"state\":\"REDUCING\",\"reason\":\"fault #\"}",
    "{\"request\":\"risk\",\"state\":\"ACTIVE\",\"reason\":\"over #\"}",
    "{\"request\":\"dance\"}",
    "{\"request\":\"events\",\"form\":1}",
    "not JSON",
};

enum { REQUESTS = sizeof(requests) / sizeof(requests[0]) };

/* HTTP: method, path, body. */
static const struct visit {
    const char *method;
    const char *path;
    const char *body;
} visits[] = {
    {"GET", "/healthz", ""},
    {"GET", "/readyz", ""},
    {"GET", "/metrics", ""},
    {"GET", "/openapi.json", ""},
    {"POST", "/executors/",
     "{\"executor_id\":\"h-#\",\"controller_id\":\"web\",\"executor_config\":" CONFIG "}"},
    {"GET", "/executors/h-#", ""},
    {"GET", "/executors/h-#/logs?limit=5", ""},
    {"POST", "/executors/search", "{\"limit\":3}"},
    {"GET", "/executors/summary", ""},
    {"GET", "/executors/performance", ""},
    {"GET", "/executors/positions/summary", ""},
    {"GET", "/executors/positions/paper/BTC-USDT", ""},
    {"DELETE", "/executors/positions/paper/BTC-USDT", ""},
    {"GET", "/executors/types/available", ""},
    {"GET", "/executors/types/grid_executor/config", ""},
    {"POST", "/executors/h-#/stop", "{}"},
    {"GET", "/events?from=1&limit=5", ""},
    {"GET", "/snapshot", ""},
    {"GET", "/performance", ""},
    {"GET", "/positions", ""},
    {"GET", "/risk", ""},
    {"POST", "/risk", "{\"state\":\"REDUCING\",\"reason\":\"fault #\"}"},
    {"POST", "/risk", "{\"state\":\"ACTIVE\",\"reason\":\"over #\"}"},
    {"POST", "/actions",
     "{\"actions\":[{\"action\":\"create_executor\",\"executor_id\":\"w-#\",\"executor_"
     "config\":" CONFIG "},{\"action\":\"stop_executor\",\"executor_id\":\"w-#\"}]}"},
    {"POST", "/reconcile", "{\"venue\":\"paper\"}"},
    {"GET", "/nowhere", ""},
};

enum { VISITS = sizeof(visits) / sizeof(visits[0]) };

/* The text with the number in place of each "#". */
static void fill_in(const char *text, uint64_t number, char *out, size_t size)
{
    size_t used = 0;
    for (; *text != '\0'; text++) {
        const int written =
            *text == '#' ? snprintf(out + used, size - used, "%llu", (unsigned long long)number)
                         : snprintf(out + used, size - used, "%c", *text);
        used += (size_t)written;
        ck_assert_uint_lt(used, size);
    }
}

/* ---- Asking ---- */

static char answer[ANSWER_BYTES_MAX];

/* A whole JSON object and nothing else. */
static void check_json(const char *question, char *json, size_t size)
{
    json[size] = '\0';
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithOpts(json, &end, true);
    ck_assert_msg(cJSON_IsObject(root) && end == json + size && root->child != NULL,
                  "%s: answered: %s", question, json);
    cJSON_Delete(root);
}

/* Which allocation is refused while something is asked, and how that went. */
struct refusal {
    uint64_t nth;
    bool is_lasting;
    bool has_struck;
    bool is_answered; /* Else its connection was closed, or there was nobody any more. */
};

static bool receive_all(int fd, void *bytes, size_t size)
{
    return recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

/* The other side says nothing more and is either there or has gone. */
static void check_silence(int fd, const char *question)
{
    char byte;
    ck_assert_msg(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0, "%s: answered twice", question);
}

static int rep_connect(void)
{
    static const char greeting[] = "\0SP\0\0\x30\0"; /* With its NUL: 8 bytes of SP's REQ. */
    const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "c"};
    const struct timeval patience = {.tv_sec = TIMEOUT_MS / 1000};
    char theirs[sizeof(greeting)];
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0 ||
        send(fd, greeting, sizeof(greeting), MSG_NOSIGNAL) != sizeof(greeting) ||
        !receive_all(fd, theirs, sizeof(theirs))) {
        (void)close(fd);
        return -1; /* The run has ended. */
    }
    return fd;
}

/* Sends a question with the memory as it is to be; true when the first `size` bytes of an answer
 * came. Check allocates in every assertion, so there is none in here. */
static bool exchange(int fd, const char *question, size_t length, void *head, size_t size,
                     struct refusal *refusal)
{
    faulty_memory_arm(refusal->nth, refusal->is_lasting);
    errno = 0;
    refusal->is_answered =
        send(fd, question, length, MSG_NOSIGNAL) == (ssize_t)length && receive_all(fd, head, size);
    const int code = errno;
    refusal->has_struck = faulty_memory_disarm();
    ck_assert_msg(refusal->is_answered || code != EAGAIN, "fault %llu: %s: no answer in time",
                  (unsigned long long)refusal->nth, question);
    return refusal->is_answered;
}

/* A message of SP over a local socket: kind, size, then what the protocol makes of it. */
static void ask_rep(const char *question, struct refusal *refusal)
{
    enum { HEAD = 9, ID = 4 };
    char text[4096] = "\1\0\0\0\0\0\0\0\0\x80\0\0\7";
    fill_in(question, refusal->nth, text + HEAD + ID, sizeof(text) - HEAD - ID);
    const size_t size = strlen(text + HEAD + ID) + ID;
    text[HEAD - 2] = (char)(size >> 8);
    text[HEAD - 1] = (char)(size & 0xff);
    const int fd = rep_connect();
    if (fd < 0) {
        return;
    }
    uint8_t head[HEAD + ID];
    if (exchange(fd, text, HEAD + size, head, sizeof(head), refusal)) {
        const size_t length =
            (size_t)head[5] << 24 | (size_t)head[6] << 16 | (size_t)head[7] << 8 | head[8];
        ck_assert(length > ID && length < sizeof(answer));
        ck_assert(receive_all(fd, answer, length - ID));
        check_json(text + HEAD + ID, answer, length - ID);
        check_silence(fd, text + HEAD + ID);
    }
    (void)close(fd);
}

/* Reads the rest of a response, behind the `used` bytes of it that came. Returns all there are. */
static size_t http_receive(int fd, size_t used)
{
    for (;;) {
        answer[used] = '\0';
        const char *end = strstr(answer, "\r\n\r\n");
        const char *length = strstr(answer, "Content-Length: ");
        if (end != NULL && length != NULL &&
            strtoul(length + 16, NULL, 10) + 4 + (size_t)(end - answer) <= used) {
            return used;
        }
        const ssize_t count = recv(fd, answer + used, sizeof(answer) - 1 - used, 0);
        ck_assert_msg(count > 0, "cut off: %s", answer);
        used += (size_t)count;
    }
}

static void ask_http(const struct visit *visit, struct refusal *refusal)
{
    char path[256] = "";
    char body[2048] = "";
    char text[4096];
    fill_in(visit->path, refusal->nth, path, sizeof(path));
    fill_in(visit->body, refusal->nth, body, sizeof(body));
    const int size = snprintf(
        text, sizeof(text),
        "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: %zu\r\n"
        "\r\n%s",
        visit->method, path, tokens.items[LINK_SECRET_ADMIN], strlen(body), body);
    const int fd = client_connect(TIMEOUT_MS);
    if (fd < 0) {
        return; /* The run has ended. */
    }
    enum { STATUS = 12 }; /* "HTTP/1.1 200" */
    if (exchange(fd, text, (size_t)size, answer, STATUS, refusal)) {
        const size_t received = http_receive(fd, STATUS);
        char *json = strstr(answer, "\r\n\r\n") + 4;
        const bool is_text = strstr(answer, "Content-Type: text/plain") != NULL;
        ck_assert_msg(strncmp(answer, "HTTP/1.1 ", 9) == 0, "%s", answer);
        if (!is_text) {
            check_json(path, json, received - (size_t)(json - answer));
        }
        ck_assert_msg(!is_text || answer[received - 1] == '\n', "%s is cut off", path);
        check_silence(fd, path);
    }
    (void)close(fd);
}

/* ---- The run ---- */

static struct part run;
static uint64_t starts; /* So far. */
static unsigned ends;   /* Of them by a fault. */

/* Starts a run, or goes on with it, and waits until it has quotes and answers. */
static void run_ready(void)
{
    ck_assert_int_eq(run_begin(&run, ++starts), ERR_NONE);
    static const struct visit question = {"GET", "/metrics", ""};
    for (int waited = 0;; waited += STEP_MS) {
        ck_assert_int_lt(waited, READY_MS);
        ck_assert_msg(!atomic_load(&run.has_ended), "%s", run.failure.text);
        struct refusal none = {.nth = UINT64_C(1) << 40};
        ask_http(&question, &none);
        const char *events = strstr(answer, "tutti_journal_records");
        if (events != NULL) {
            return;
        }
        (void)poll(NULL, 0, STEP_MS);
    }
}

/* A run that a fault has ended says why, and leaves a sound database. */
static void run_join(void)
{
    ck_assert_int_eq(pthread_join(run.thread, NULL), 0);
    ck_assert_msg(run.err == ERR_NONE || run.failure.text[0] != '\0', "it just ended");
    check_database(run.failure.text);
    ends += run.err != ERR_NONE;
}

/* Nobody answers: then the run is about to end, by the fault before; the next start goes on. */
static void run_again(const struct refusal *refusal)
{
    for (int waited = 0; !atomic_load(&run.has_ended); waited += STEP_MS) {
        ck_assert_msg(waited < READY_MS, "fault %llu: no answer and no end",
                      (unsigned long long)refusal->nth);
        (void)poll(NULL, 0, STEP_MS);
    }
    run_join();
    ck_assert_int_ne(run.err, ERR_NONE);
    part_done(&run);
    run_ready();
}

static void run_end(void)
{
    run_stop(run.run, SHUTDOWN_REQUEST);
    run_join();
    if (run.err != ERR_NONE) {
        part_done(&run);
        run_ready();
        run_stop(run.run, SHUTDOWN_REQUEST);
        run_join();
    }
    ck_assert_msg(run.err == ERR_NONE, "%s", run.failure.text);
    ck_assert(run.result.outcome.is_finished && run.result.outcome.is_balanced);
    part_done(&run);
}

/* The first ones, then fewer and fewer; each with TUTTI_FAULTS=all. */
static uint64_t next_fault(uint64_t n)
{
    return getenv("TUTTI_FAULTS") != NULL ? n + 1 : n + 1 + n / 16;
}

/* Everything is asked with the n-th refused. */
static void ask_everything(bool is_lasting, size_t count,
                           void ask(size_t i, struct refusal *refusal))
{
    run_ready();
    bool has_struck = true;
    struct refusal refusal = {.is_lasting = is_lasting};
    while (has_struck && refusal.nth < FAULTS_MAX) {
        refusal.nth = next_fault(refusal.nth);
        has_struck = false;
        for (size_t i = 0; i < count; i++) {
            refusal.has_struck = false;
            refusal.is_answered = false;
            ask(i, &refusal);
            has_struck = has_struck || refusal.has_struck;
            if (!refusal.is_answered && !refusal.has_struck) {
                run_again(&refusal);
                has_struck = true;
            }
        }
    }
    printf("%llu allocations, the run ended %u times\n", (unsigned long long)refusal.nth, ends);
    (void)fflush(stdout);
    run_end();
}

static void ask_request(size_t i, struct refusal *refusal)
{
    ask_rep(requests[i], refusal);
}

static void ask_visit(size_t i, struct refusal *refusal)
{
    ask_http(&visits[i], refusal);
}

START_TEST(requests_whose_memory_is_refused)
{
    ask_everything(_i == 1, REQUESTS, ask_request);
}
END_TEST

START_TEST(visits_whose_memory_is_refused)
{
    ask_everything(_i == 1, VISITS, ask_visit);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    faulty_memory_install();
    Suite *suite = suite_create("control_faults");
    TCase *tcase = tcase_create("control_faults");
    tcase_add_checked_fixture(tcase, control_open, scene_close);
    tcase_set_timeout(tcase, 280);
    tcase_add_loop_test(tcase, requests_whose_memory_is_refused, 0, 2);
    tcase_add_loop_test(tcase, visits_whose_memory_is_refused, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
