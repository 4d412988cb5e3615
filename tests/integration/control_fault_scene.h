/*
 * tests/integration/control_fault_scene.h - a run that listens for control while the n-th
 * allocation is refused, and clients that must be answered once, whole, or hung up on.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_INTEGRATION_CONTROL_FAULT_SCENE_H
#define TUTTI_TESTS_INTEGRATION_CONTROL_FAULT_SCENE_H

#include <cjson/cJSON.h>
#include <errno.h>
#include <sys/un.h>

#include "fault_scene.h"
#include "tests/support/faulty_memory.h"

enum {
    ANSWER_BYTES_MAX = 4 << 20,
    FAULTS_MAX = 600,   /* Beyond that only rows of SQLite's are left. */
    TIMEOUT_MS = 40000, /* The run gives an answer within 30 s. */
    READY_MS = 30000,
};

#define NO_FAULT (UINT64_C(1) << 40) /* An allocation that never comes. */

static const char run_text[] =
    "run: {name: control, mode: paper, workers: 2}\n"
    "venues: [{name: paper, balances: {USDT: \"100000000\", BTC: \"500\"}}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: \"0.001\"}]\n"
    "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: walk.tape, speed: 10}]\n"
    "control: {listen: ['ipc://c'], http: ['http://127.0.0.1:%u'], secrets: run.secrets,\n"
    "          requests_per_second: 100000}\n"
    "persistence: {path: run.db, durability: group}\n"
    "executors: []\n";

static inline void control_open(void)
{
    scene_open();
    scene_write_run(run_text);
}

/* A request of HTTP. */
struct visit {
    const char *method;
    const char *path;
    const char *body;
};

/* The text with the number in place of each "#". */
static inline void fill_in(const char *text, uint64_t number, char *out, size_t size)
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

/* Which allocation is refused while something is asked, and how that went. */
struct refusal {
    uint64_t nth;
    bool is_lasting;
    bool is_wrong;                   /* The question is: it may be told so. */
    unsigned kept_ms;                /* Memory is refused so long after the answer ... */
    const _Atomic(bool) *kept_until; /* ... or until this is so; NULL: all the time. */
    bool has_struck;
    bool is_answered; /* Else its connection was closed, or there was nobody any more. */
};

/* Whoever asks well is not told that his question or the database is at fault. */
static inline void check_code(const char *question, const struct refusal *refusal,
                              const cJSON *root)
{
    static const char *const blames[] = {"bad_request",     "invalid_action", "invalid_config",
                                         "invalid_update",  "no_database",    "corrupt",
                                         "unknown_request", "version"};
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "code"));
    for (size_t i = 0; i < sizeof(blames) / sizeof(blames[0]) && code != NULL; i++) {
        ck_assert_msg(refusal->is_wrong || strcmp(code, blames[i]) != 0,
                      "fault %llu: %s: answered: %s", (unsigned long long)refusal->nth, question,
                      answer);
    }
}

/* A whole JSON object and nothing else. */
static inline void check_json(const char *question, const struct refusal *refusal, char *json,
                              size_t size)
{
    json[size] = '\0';
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithOpts(json, &end, true);
    ck_assert_msg(cJSON_IsObject(root) && end == json + size && root->child != NULL,
                  "%s: answered: %s", question, json);
    check_code(question, refusal, root);
    cJSON_Delete(root);
}

static inline bool receive_all(int fd, void *bytes, size_t size)
{
    return recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

/* The other side says nothing more and is either there or has gone. */
static inline void check_silence(int fd, const char *question)
{
    char byte;
    ck_assert_msg(recv(fd, &byte, 1, MSG_DONTWAIT) <= 0, "%s: answered twice", question);
}

static inline int rep_connect(void)
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
static inline bool exchange(int fd, const char *question, size_t length, void *head, size_t size,
                            struct refusal *refusal)
{
    faulty_memory_arm(refusal->nth, refusal->is_lasting);
    errno = 0;
    refusal->is_answered =
        send(fd, question, length, MSG_NOSIGNAL) == (ssize_t)length && receive_all(fd, head, size);
    const int code = errno;
    for (unsigned waited = 0; refusal->is_answered && waited < refusal->kept_ms &&
                              (refusal->kept_until == NULL || !atomic_load(refusal->kept_until));
         waited += STEP_MS) {
        (void)poll(NULL, 0, STEP_MS);
    }
    refusal->has_struck = faulty_memory_disarm();
    ck_assert_msg(refusal->is_answered || code != EAGAIN, "fault %llu: %s: no answer in time",
                  (unsigned long long)refusal->nth, question);
    return refusal->is_answered;
}

/* A message of SP over a local socket: kind, size, then what the protocol makes of it. */
static inline void ask_rep(const char *question, struct refusal *refusal)
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
        check_json(text + HEAD + ID, refusal, answer, length - ID);
        check_silence(fd, text + HEAD + ID);
    }
    (void)close(fd);
}

/* Reads the rest of a response, behind the `used` bytes of it that came. Returns all there are. */
static inline size_t http_receive(int fd, size_t used)
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

/* The same as check_code() for answers that have none. */
static inline void check_status(const char *path, const struct refusal *refusal)
{
    const bool is_blame =
        strncmp(answer, "HTTP/1.1 500", 12) == 0 ||
        (strncmp(answer, "HTTP/1.1 400", 12) == 0 && strstr(answer, "\"code\"") == NULL &&
         strstr(answer, "closed already") == NULL);
    ck_assert_msg(refusal->is_wrong || !is_blame, "fault %llu: %s: answered: %s",
                  (unsigned long long)refusal->nth, path, answer);
}

static inline void ask_http(const struct visit *visit, struct refusal *refusal)
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
        check_status(path, refusal);
        if (!is_text) {
            check_json(path, refusal, json, received - (size_t)(json - answer));
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

/* Waits until the run that was begun has quotes and answers. */
static inline void run_settle(void)
{
    static const struct visit question = {"GET", "/metrics", ""};
    for (int waited = 0;; waited += STEP_MS) {
        ck_assert_int_lt(waited, READY_MS);
        ck_assert_msg(!atomic_load(&run.has_ended), "%s", run.failure.text);
        struct refusal none = {.nth = NO_FAULT};
        ask_http(&question, &none);
        const char *events = strstr(answer, "tutti_journal_records");
        if (events != NULL) {
            return;
        }
        (void)poll(NULL, 0, STEP_MS);
    }
}

/* Starts a run, or goes on with it, and waits until it can be asked. */
static inline void run_ready(void)
{
    ck_assert_msg(run_begin(&run, ++starts) == ERR_NONE, "%s", run.failure.text);
    run_settle();
}

/* A run that a fault has ended says why, and leaves a sound database. */
static inline void run_join(void)
{
    ck_assert_int_eq(pthread_join(run.thread, NULL), 0);
    ck_assert_msg(run.err == ERR_NONE || run.failure.text[0] != '\0', "it just ended");
    check_database(run.failure.text);
    ends += run.err != ERR_NONE;
}

/* Nobody answers: then the run is about to end, by the fault before; the next start goes on. */
static inline void run_again(const struct refusal *refusal)
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

static inline void run_end(void)
{
    (void)!run_stop(run.run, SHUTDOWN_REQUEST);
    run_join();
    if (run.err != ERR_NONE) {
        part_done(&run);
        run_ready();
        (void)!run_stop(run.run, SHUTDOWN_REQUEST);
        run_join();
    }
    ck_assert_msg(run.err == ERR_NONE, "%s", run.failure.text);
    ck_assert(run.result.outcome.is_finished && run.result.outcome.is_balanced);
    part_done(&run);
}

/* The first ones, then fewer and fewer; each when all are asked for. */
static inline uint64_t next_fault(uint64_t n)
{
    return faults_are_asked_for("all") ? n + 1 : n + 1 + n / 16;
}

/* How far a loop went. */
static inline void report_faults(uint64_t nth)
{
    printf("%llu allocations, the run ended %u times\n", (unsigned long long)nth, ends);
    (void)fflush(stdout);
}

#endif
