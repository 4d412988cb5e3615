/*
 * A run with a remote venue, control and events while the n-th call of the network fails, n = 1, 2,
 * 3 ...: what is opened, dialed, listened to, sent and received by nng, and the same below it, by
 * the system. Each start works or says why not; each run goes on when the network is well again, or
 * has ended with a reason and goes on when it is started again. Then the database is what the
 * venue's own log says, and no descriptor is left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <sodium.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "actors/link.h"
#include "fault_scene.h"
#include "persistence/reader.h"
#include "tests/simulation/venue_log.h"
#include "tests/support/faulty_network.h"

enum {
    LOG_BYTES_MAX = 16 << 20,
    CALLS_FIRST_MAX = 4,
    CALLS_ALL_MAX = 200,
    SUBJECT_SECONDS_MAX = 800,
    BROKEN_MS = 150,  /* How long a fault that lasts does. */
    QUIET_MS = 500,   /* A fault that has not struck by then never does. */
    WELL_MS = 30000,  /* Longest wait for what has to come. */
    RETURN_MS = 5000, /* By then nng has given descriptors back, or never does. */
    CLIENT_TIMEOUT_MS = 200,
    CLIENT_PAUSE_MS = 20,
    DESCRIPTORS_MAX = 256,
    FORGOTTEN_MAX = 4, /* nng 1.5 forgets some that are in their greeting when it closes. */
};

static _Atomic(bool) is_over; /* The clients end. */

/* ---- The files ---- */

static const char venue_text[] =
    "run: {name: venue, mode: paper}\n"
    "venues: [{name: paper, balances: {USDT: \"100000000\", BTC: \"500\"}}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: \"0.001\"}]\n"
    "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: walk.tape, speed: 150}]\n"
    "executors: []\n";

/* Positions that are opened and closed every few seconds of the market, as long as the run does. */
static const char run_text[] =
    "run: {name: remote, mode: paper, workers: 2}\n"
    "venues: [{name: paper, type: remote, url: 'ipc://v', events_url: 'ipc://e',\n"
    "          recv_window_ms: 400, request_timeout_ms: 200, heartbeat_ms: 100,\n"
    "          reconcile_interval: 1}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: '0.01', step: '0.001'}]\n"
    "feeds: [{type: venue, venue: paper, trading_pair: BTC-USDT}]\n"
    "control: {listen: ['ipc://c'], http: ['http://127.0.0.1:%u'], secrets: run.secrets}\n"
    "events: {listen: ['ipc://p']}\n"
    "persistence: {path: run.db, durability: full}\n"
    "executors:\n"
    "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT, side: BUY,\n"
    "     amount: '0.1', repeat: 2000, triple_barrier_config: {open_order_type: MARKET,\n"
    "     time_limit: 6}}\n"
    "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT, side: SELL,\n"
    "     amount: '0.1', repeat: 2000, triple_barrier_config: {open_order_type: LIMIT,\n"
    "     take_profit: '0.0002', time_limit: 20}}\n";

static void network_open(void)
{
    scene_open();
    write_text("venue.yaml", venue_text);
    scene_write_run(run_text);
}

/* Creates it and begins; an error has words. */
static enum err venue_begin(struct part *part)
{
    part_load(part, "venue.yaml");
    const struct venue_process_options options = {.url = "ipc://v",
                                                  .events_url = "ipc://e",
                                                  .log = "venue.jsonl",
                                                  .heartbeat_ns = 20 * NS_PER_MS};
    const enum err err =
        venue_process_create(&part->config, &options, &part->venue, &part->failure);
    if (err != ERR_NONE) {
        ck_assert_msg(part->failure.text[0] != '\0', "the venue says nothing");
        part_done(part);
        return err;
    }
    ck_assert_int_eq(pthread_create(&part->thread, NULL, venue_main, part), 0);
    return ERR_NONE;
}

/* ---- Clients ---- */

/* A client's words are there when it has none of what it wanted. */
static enum err client_asks(unsigned timeout_ms)
{
    static const char question[] = "{\"request\":\"executors\",\"limit\":3}";
    const struct link_request request = {.url = "ipc://c",
                                         .bytes = question,
                                         .size = sizeof(question) - 1,
                                         .timeout_ms = timeout_ms};
    struct text answer = {0};
    struct failure failure = {.text = ""};
    const enum err err = link_request(&request, &answer, &failure);
    ck_assert_msg(err == ERR_NONE || failure.text[0] != '\0', "the request says nothing");
    /* What is answered is whole. */
    ck_assert_msg(err != ERR_NONE || (answer.length > 0 && answer.data[answer.length - 1] == '}'),
                  "answered: %s", text_string(&answer));
    text_done(&answer);
    return err;
}

/* Follows the run to its end: nng 1.5 is closed more safely when nothing comes in any more. */
static void *follower_main(void *argument)
{
    (void)argument;
    static const char *const everything[] = {""};
    const struct link_subscription subscription = {
        .url = "ipc://p", .topics = everything, .topic_count = 1};
    struct link_subscriber *subscriber;
    struct failure failure = {.text = ""};
    if (link_subscriber_open(&subscription, &subscriber, &failure) != ERR_NONE) {
        ck_assert_msg(failure.text[0] != '\0', "the subscriber says nothing");
        return NULL;
    }
    while (!atomic_load(&is_over)) {
        nng_msg *message = NULL;
        if (link_subscriber_receive(subscriber, STEP_MS, &message) == ERR_NONE) {
            message_destroy(message);
        }
    }
    link_subscriber_close(subscriber);
    return NULL;
}

/* One request with the token for all; what comes back is read once. False when the server or the
 * network had enough. */
static bool client_exchange(int fd, const char *path, const char *headers, const char *more)
{
    char bytes[4096];
    const int size = snprintf(bytes, sizeof(bytes),
                              "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                              "%s\r\n%s",
                              path, tokens.items[LINK_SECRET_ADMIN], headers, more);
    return send(fd, bytes, (size_t)size, MSG_NOSIGNAL) == size &&
           recv(fd, bytes, sizeof(bytes), 0) > 0;
}

/* A request, and a session that subscribes and hears a little. */
static void client_browses(void)
{
    int fd = client_connect(CLIENT_TIMEOUT_MS);
    if (fd >= 0) {
        (void)client_exchange(fd, "/snapshot", "", "");
        (void)close(fd);
    }
    fd = client_connect(CLIENT_TIMEOUT_MS);
    if (fd < 0) {
        return;
    }
    /* Masked with zeros: {"action":"subscribe","type":"positions"} */
    static const char subscribe[] =
        "\x81\xa8\0\0\0\0{\"action\":\"subscribe\",\"type\":\"positions\"}";
    char bytes[4096];
    if (client_exchange(fd, "/ws/executors",
                        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        "Sec-WebSocket-Version: 13\r\n",
                        "") &&
        send(fd, subscribe, sizeof(subscribe) - 1, MSG_NOSIGNAL) > 0) {
        (void)!recv(fd, bytes, sizeof(bytes), 0);
        (void)!recv(fd, bytes, sizeof(bytes), 0);
    }
    (void)close(fd);
}

static void *client_main(void *argument)
{
    (void)argument;
    while (!atomic_load(&is_over)) {
        (void)client_asks(CLIENT_TIMEOUT_MS);
        client_browses();
        (void)poll(NULL, 0, CLIENT_PAUSE_MS);
    }
    return NULL;
}

/* ---- What has to hold ---- */

/* One row of the table of fills against the venue's own log. */
static bool compare_fill(void *context, int count, const char *const *names,
                         const char *const *values)
{
    (void)count;
    (void)names;
    struct venue_log *log = context;
    const uint64_t number = strtoull(values[0], NULL, 10);
    ck_assert_msg(number >= 1 && number <= log->trade_count, "the venue has no trade %s",
                  values[0]);
    struct logged_trade *trade = &log->trades[number - 1];
    struct decimal amount;
    ck_assert_int_eq(decimal_parse(values[2], strlen(values[2]), &amount), ERR_NONE);
    ck_assert_msg(!trade->is_stored, "trade %s is stored twice", values[0]);
    ck_assert_str_eq(trade->id, values[1]);
    ck_assert(decimal_equal(trade->amount, amount));
    trade->is_stored = true;
    return true;
}

/* An order of the database against the log: over at both, never taken twice. */
static bool compare_order(void *context, int count, const char *const *names,
                          const char *const *values)
{
    (void)count;
    (void)names;
    struct logged_order *order = venue_log_find(context, values[0]);
    if (order != NULL) {
        order->is_stored = true;
        ck_assert_msg(strcmp(order->state, values[1]) == 0, "order %s is %s there, %s here",
                      values[0], order->state, values[1]);
    }
    return true;
}

static void check_books(void)
{
    check_database("the end");
    struct failure failure = {.text = ""};
    static char text[LOG_BYTES_MAX];
    FILE *in = fopen("venue.jsonl", "r");
    ck_assert_ptr_nonnull(in);
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    (void)fclose(in);
    struct venue_log log;
    ck_assert(venue_log_read(text, &log));
    struct reader *reader;
    ck_assert_int_eq(reader_open("run.db", &reader, &failure), ERR_NONE);
    ck_assert_int_eq(reader_query(reader, "SELECT trade_id, client_order_id, amount FROM fill",
                                  NULL, compare_fill, &log, &failure),
                     ERR_NONE);
    ck_assert_int_eq(reader_query(reader, "SELECT client_order_id, status FROM orders", NULL,
                                  compare_order, &log, &failure),
                     ERR_NONE);
    reader_close(reader);
    for (size_t i = 0; i < log.trade_count; i++) {
        ck_assert_msg(log.trades[i].is_stored, "trade %zu is lost", i + 1);
    }
    for (size_t i = 0; i < log.order_count; i++) {
        ck_assert_msg(log.orders[i].is_stored, "order %s is not stored", log.orders[i].id);
        ck_assert_msg(log.orders[i].submits == 1, "order %s was taken twice", log.orders[i].id);
    }
    venue_log_done(&log);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *listing = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(listing);
    while (readdir(listing) != NULL) {
        count++;
    }
    (void)closedir(listing);
    return count;
}

/* Says where the sockets that are open belong. */
static void print_sockets(void)
{
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        struct sockaddr_un own = {0};
        struct sockaddr_un peer = {0};
        socklen_t size = sizeof(own);
        if (getsockname(fd, (struct sockaddr *)&own, &size) == 0) {
            size = sizeof(peer);
            const int code = getpeername(fd, (struct sockaddr *)&peer, &size);
            (void)fprintf(stderr, "descriptor %d: family %d, \"%s\" to \"%s\"%s\n", fd,
                          own.sun_family, own.sun_path, peer.sun_path,
                          code == 0 ? "" : ", not connected");
        }
    }
}

/* Sockets that nng did not close (actors/link_socket.h). */
static _Atomic(unsigned) left_behind;

bool __real_link_close(nng_socket socket);
bool __wrap_link_close(nng_socket socket);

bool __wrap_link_close(nng_socket socket)
{
    const bool is_closed = __real_link_close(socket);
    (void)atomic_fetch_add(&left_behind, is_closed ? 0 : 1);
    return is_closed;
}

/* nng gives some of them back a little later, and those of a socket that was left behind never. */
static void check_descriptors(unsigned before)
{
    unsigned now = count_descriptors();
    for (int waited = 0; now > before && waited < RETURN_MS; waited += STEP_MS) {
        if (atomic_load(&left_behind) > 0) {
            return;
        }
        (void)poll(NULL, 0, STEP_MS);
        now = count_descriptors();
    }
    if (now > before) {
        print_sockets();
    }
    ck_assert_uint_le(now, before + FORGOTTEN_MAX);
}

/* ---- A round ---- */

static bool wait_for_fills(const struct part *run, unsigned more, unsigned timeout_ms)
{
    const unsigned before = atomic_load(&fills);
    for (unsigned waited = 0; waited < timeout_ms; waited += STEP_MS) {
        if (atomic_load(&fills) - before >= more || atomic_load(&run->has_ended)) {
            return true;
        }
        (void)poll(NULL, 0, STEP_MS);
    }
    return false;
}

/* A run that is well again lets newcomers in everywhere. Returns the one that follows events: nng
 * 1.5 closes it more safely when no more come in. */
static struct link_subscriber *check_doors(void)
{
    ck_assert_int_eq(client_asks(WELL_MS), ERR_NONE);
    const int fd = client_connect(WELL_MS);
    ck_assert_msg(client_exchange(fd, "/readyz", "", ""), "HTTP does not answer");
    (void)close(fd);
    const char *const everything = "";
    const struct link_subscription subscription = {
        .url = "ipc://p", .topics = &everything, .topic_count = 1};
    struct link_subscriber *subscriber;
    struct failure failure = {.text = ""};
    nng_msg *message = NULL;
    ck_assert_int_eq(link_subscriber_open(&subscription, &subscriber, &failure), ERR_NONE);
    ck_assert_msg(link_subscriber_receive(subscriber, WELL_MS, &message) == ERR_NONE,
                  "no event comes");
    message_destroy(message);
    return subscriber;
}

/* Ends a run that is well, and joins it. */
static void stop_run(struct part *run)
{
    ck_assert_msg(wait_for_fills(run, 1, WELL_MS), "the run does not go on");
    struct link_subscriber *subscriber = atomic_load(&run->has_ended) ? NULL : check_doors();
    (void)!run_stop(run->run, SHUTDOWN_REQUEST);
    ck_assert_int_eq(pthread_join(run->thread, NULL), 0);
    link_subscriber_close(subscriber);
}

/* One that had failed has said why, and goes on when it is started again. */
static void end_run(struct part *run)
{
    stop_run(run);
    if (run->err != ERR_NONE) {
        ck_assert_msg(run->failure.text[0] != '\0', "the run says nothing");
        part_done(run);
        ck_assert_int_eq(run_begin(run, 2), ERR_NONE);
        stop_run(run);
    }
    ck_assert_msg(run->err == ERR_NONE, "%s", run->failure.text);
    ck_assert(run->result.outcome.is_finished && run->result.outcome.is_balanced);
    part_done(run);
}

/* Waits until the fault has struck, and a while longer when it lasts. */
static uint64_t suffer(const struct network_fault *fault)
{
    for (unsigned waited = 0; waited < QUIET_MS && faulty_network_failed() == 0;
         waited += STEP_MS) {
        (void)poll(NULL, 0, STEP_MS);
    }
    if (fault->is_lasting && faulty_network_failed() > 0) {
        (void)poll(NULL, 0, BROKEN_MS);
    }
    return faulty_network_disarm();
}

/* Returns how often the fault has struck. */
static uint64_t play(const struct network_fault *fault)
{
    static struct part venue;
    static struct part run;
    shell("rm -f run.db* venue.jsonl");
    atomic_store(&is_over, false);
    faulty_network_arm(fault);
    uint64_t struck = 0;
    if (venue_begin(&venue) != ERR_NONE) {
        struck += faulty_network_disarm();
        ck_assert_uint_gt(struck, 0);
        ck_assert_int_eq(venue_begin(&venue), ERR_NONE);
    }
    if (run_begin(&run, 1) != ERR_NONE) {
        struck += faulty_network_disarm();
        ck_assert_uint_gt(struck, 0);
        ck_assert_int_eq(run_begin(&run, 1), ERR_NONE);
    }
    pthread_t client;
    pthread_t follower;
    ck_assert_int_eq(pthread_create(&client, NULL, client_main, NULL), 0);
    ck_assert_int_eq(pthread_create(&follower, NULL, follower_main, NULL), 0);
    struck += struck == 0 ? suffer(fault) : 0;
    end_run(&run);
    atomic_store(&is_over, true);
    ck_assert_int_eq(pthread_join(client, NULL), 0);
    ck_assert_int_eq(pthread_join(follower, NULL), 0);
    ck_assert_msg(!atomic_load(&venue.has_ended), "the venue has ended: %s", venue.failure.text);
    venue_process_stop(venue.venue);
    ck_assert_int_eq(pthread_join(venue.thread, NULL), 0);
    ck_assert_msg(venue.err == ERR_NONE, "%s", venue.failure.text);
    part_done(&venue);
    check_books();
    return struck;
}

static uint64_t next_fault(uint64_t n)
{
    return faults_are_asked_for("all") ? n + 1 : n == 0 ? 1 : 2 * n;
}

/* How far those go that never end: the first call, unless more is asked for. */
static uint64_t last_fault(void)
{
    return faults_are_asked_for("all")     ? CALLS_ALL_MAX
           : faults_are_asked_for("first") ? CALLS_FIRST_MAX
                                           : 1;
}

/* CK_RUN_CASE=name plays one of them alone. */
static const struct {
    const char *name;
    struct network_fault fault;
} subjects[] = {
    {"open", {NETWORK_OPEN, 0, NNG_ENOMEM, false}},
    {"dial", {NETWORK_DIAL, 0, NNG_ENOMEM, false}},
    {"listen", {NETWORK_LISTEN, 0, NNG_EADDRINUSE, false}},
    {"send", {NETWORK_SEND, 0, NNG_ENOMEM, false}},
    {"send_lasting", {NETWORK_SEND, 0, NNG_ENOMEM, true}},
    {"receive", {NETWORK_RECEIVE, 0, NNG_ENOMEM, false}},
    {"socket", {SYSTEM_SOCKET, 0, EMFILE, false}},
    {"socket_lasting", {SYSTEM_SOCKET, 0, EMFILE, true}},
    {"connect", {SYSTEM_CONNECT, 0, ECONNREFUSED, false}},
    {"connect_lasting", {SYSTEM_CONNECT, 0, ECONNREFUSED, true}},
    {"bind", {SYSTEM_BIND, 0, EACCES, false}},
    {"accept", {SYSTEM_ACCEPT, 0, ECONNABORTED, false}},
    {"accept_lasting", {SYSTEM_ACCEPT, 0, EMFILE, true}},
    {"system_send", {SYSTEM_SEND, 0, EPIPE, false}},
    {"system_send_lasting", {SYSTEM_SEND, 0, EPIPE, true}},
    {"system_send_short", {SYSTEM_SEND, 0, NETWORK_SHORT, true}},
    {"system_receive", {SYSTEM_RECEIVE, 0, ECONNRESET, false}},
    {"system_receive_lasting", {SYSTEM_RECEIVE, 0, ECONNRESET, true}},
    {"system_receive_short", {SYSTEM_RECEIVE, 0, NETWORK_SHORT, true}},
    {"poll", {SYSTEM_POLL, 0, ENOMEM, false}},
};

enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

/* In a process of its own: what nng has left behind stays there. Whether the fault has struck. */
static bool play_apart(const struct network_fault *fault)
{
    enum { STRUCK = 0, DID_NOT_STRIKE = 77 };
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        nng_socket socket;
        ck_assert_int_eq(nng_sub0_open(&socket), 0); /* What nng opens once and keeps. */
        ck_assert_int_eq(nng_close(socket), 0);
        const unsigned descriptors = count_descriptors();
        const uint64_t struck = play(fault);
        check_descriptors(descriptors);
        message_pool_drain();
        exit(struck > 0 ? STRUCK : DID_NOT_STRIKE);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) &&
                      (WEXITSTATUS(status) == STRUCK || WEXITSTATUS(status) == DID_NOT_STRIKE),
                  "call %lu", (unsigned long)fault->nth);
    return WEXITSTATUS(status) == STRUCK;
}

START_TEST(calls_of_the_network_that_fail)
{
    struct network_fault fault = subjects[_i].fault;
    bool has_struck = true;
    while (has_struck && fault.nth < last_fault()) {
        fault.nth = next_fault(fault.nth);
        has_struck = play_apart(&fault);
    }
    printf("%s: %lu calls\n", subjects[_i].name, (unsigned long)fault.nth);
    (void)fflush(stdout);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("network_faults");
    for (int i = 0; i < SUBJECTS; i++) {
        TCase *tcase = tcase_create(subjects[i].name);
        tcase_add_checked_fixture(tcase, network_open, scene_close);
        tcase_set_timeout(tcase, faults_are_asked_for("all") ? 0 : SUBJECT_SECONDS_MAX);
        tcase_add_loop_test(tcase, calls_of_the_network_that_fail, i, i + 1);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
