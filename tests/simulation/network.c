#include "tests/simulation/network.h"

#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/roles/wire_client.h"
#include "base/instant.h"
#include "tests/simulation/surroundings.h"
#include "tests/simulation/trace.h"

/* From one end to the other when all is well, and how far faults go. */
#define NETWORK_QUICK_MIN_NS (100 * INT64_C(1000))
#define NETWORK_QUICK_MAX_NS (2 * NS_PER_MS)
#define NETWORK_ORDER_MAX_NS (300 * NS_PER_MS)
#define NETWORK_SLOW_MAX_NS (3 * NS_PER_S)
#define NETWORK_CUT_MAX_NS (4 * NS_PER_S)

void network_init(struct network *network, struct chances *chances, struct witness *witness,
                  uint64_t seed)
{
    *network = (struct network){.chances = chances, .witness = witness};
    network->letters = calloc(NETWORK_LETTERS_MAX, sizeof(*network->letters));
    ASSERT(network->letters != NULL);
    prng_init(&network->prng, seed);
}

static void network_drop_all(struct network *network)
{
    for (size_t i = 0; i < network->count; i++) {
        free(network->letters[i].bytes);
    }
    network->count = 0;
}

void network_done(struct network *network)
{
    network_drop_all(network);
    free(network->letters);
    network->letters = NULL;
}

void network_hang_up(struct network *network)
{
    network->runtime = NULL;
}

/* ---- Sending ---- */

static int64_t network_arrival(struct network *network, enum network_way way)
{
    int64_t due_ns =
        network->now_ns + prng_between(&network->prng, NETWORK_QUICK_MIN_NS, NETWORK_QUICK_MAX_NS);
    if (chance_strikes(network->chances, CHANCE_NETWORK_SLOW)) {
        due_ns += chance_between(network->chances, CHANCE_NETWORK_SLOW, 1, NETWORK_SLOW_MAX_NS);
    }
    if (chance_strikes(network->chances, CHANCE_NETWORK_ORDER)) {
        return due_ns +
               chance_between(network->chances, CHANCE_NETWORK_ORDER, 1, NETWORK_ORDER_MAX_NS);
    }
    if (due_ns < network->latest_ns[way]) {
        due_ns = network->latest_ns[way];
    }
    network->latest_ns[way] = due_ns;
    return due_ns;
}

static void network_put(struct network *network, const struct letter *letter, enum network_way way)
{
    if (network->count == NETWORK_LETTERS_MAX) {
        return;
    }
    struct letter *put = &network->letters[network->count++];
    *put = *letter;
    put->bytes = malloc(letter->size + 1);
    ASSERT(put->bytes != NULL);
    memcpy(put->bytes, letter->bytes, letter->size);
    put->bytes[letter->size] = '\0';
    put->due_ns = network_arrival(network, way);
    put->number = ++network->numbers;
}

/* `letter` borrows its bytes. */
static void network_send(struct network *network, const struct letter *letter)
{
    const enum network_way way =
        letter->kind == MESSAGE_WIRE_REQUEST ? WAY_TO_VENUE : WAY_TO_RUNTIME;
    network->sent++;
    if (chance_strikes(network->chances, CHANCE_NETWORK_CUT)) {
        network->cut_until_ns =
            network->now_ns +
            chance_between(network->chances, CHANCE_NETWORK_CUT, 1, NETWORK_CUT_MAX_NS);
        trace_line("network", "cut until %lld ns", (long long)network->cut_until_ns);
        network_drop_all(network);
    }
    const bool is_cut = network->now_ns < network->cut_until_ns && !network->chances->is_calm;
    if (is_cut || chance_strikes(network->chances, CHANCE_NETWORK_LOST)) {
        trace_bytes("network", "lost:", letter->bytes, letter->size);
        return;
    }
    network_put(network, letter, way);
    if (chance_strikes(network->chances, CHANCE_NETWORK_TWICE)) {
        network_put(network, letter, way);
    }
}

/* ---- Arriving ---- */

static size_t network_first(const struct network *network)
{
    size_t first = 0;
    for (size_t i = 1; i < network->count; i++) {
        const struct letter *a = &network->letters[i];
        const struct letter *b = &network->letters[first];
        if (a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->number < b->number)) {
            first = i;
        }
    }
    return first;
}

int64_t network_next(const struct network *network)
{
    return network->count == 0 ? INSTANT_NEVER : network->letters[network_first(network)].due_ns;
}

static void network_post(struct system *system, struct actor_ref to, const struct letter *letter,
                         uint64_t token)
{
    nng_msg *message = message_create(letter->kind, 0, sizeof(struct message_wire) + letter->size);
    ASSERT(message != NULL);
    struct message_wire *wire = message_body(message);
    *wire = (struct message_wire){.token = token, .size = (uint32_t)letter->size};
    memcpy(wire->bytes, letter->bytes, letter->size);
    if (system_send(system, to, &message) != ERR_NONE) {
        message_destroy(message);
    }
}

/* A request carries its connection, so that the answer finds the way back or nowhere. */
static uint64_t token_at_venue(const struct letter *letter)
{
    return (uint64_t)letter->connection << 32 | letter->token;
}

static void network_deliver(struct network *network, const struct letter *letter)
{
    if (letter->kind == MESSAGE_WIRE_REQUEST) {
        trace_bytes("venue", "<-", letter->bytes, letter->size);
        network_post(network->venue, network->venue_port, letter, token_at_venue(letter));
        return;
    }
    const bool is_answer = letter->kind == MESSAGE_WIRE_ANSWER;
    if (network->runtime == NULL || letter->connection != network->connection) {
        return;
    }
    trace_bytes("runtime", "<-", letter->bytes, letter->size);
    if (is_answer) {
        witness_on_answer(network->witness, letter->token, letter->bytes);
    } else {
        witness_on_event(network->witness, letter->bytes);
    }
    network_post(network->runtime, network->client, letter, letter->token);
}

size_t network_move(struct network *network, int64_t now_ns)
{
    size_t arrived = 0;
    network->now_ns = now_ns;
    network->witness->now_ns = now_ns;
    while (network->count > 0) {
        const size_t first = network_first(network);
        if (network->letters[first].due_ns > now_ns) {
            break;
        }
        struct letter letter = network->letters[first];
        network->letters[first] = network->letters[--network->count];
        network_deliver(network, &letter);
        free(letter.bytes);
        arrived++;
    }
    return arrived;
}

/* ---- The port of a runtime ---- */

struct network_client {
    struct network *network;
    uint32_t connection;
};

static enum err client_start(struct context *context, void *state, void *given)
{
    const struct wire_client_arguments *arguments = given;
    const struct surroundings *surroundings = arguments->context;
    struct network *network = surroundings->network;
    network->runtime = context_system(context);
    network->client = arguments->client;
    network->connection++;
    *(struct network_client *)state =
        (struct network_client){.network = network, .connection = network->connection};
    return message_post(context, arguments->client, MESSAGE_WIRE_ATTACH, 0, NULL, 0);
}

static enum err client_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    const struct network_client *client = state;
    struct message_wire *wire = message_body(*message);
    if (message_envelope(*message)->kind != MESSAGE_WIRE_REQUEST) {
        return ERR_NONE; /* FORGET: the answer is not waited for. */
    }
    char *bytes = strndup(wire->bytes, wire->size);
    ASSERT(bytes != NULL);
    trace_bytes("runtime", "->", bytes, wire->size);
    witness_on_request(client->network->witness, wire->token, bytes);
    const struct letter letter = {.kind = MESSAGE_WIRE_REQUEST,
                                  .connection = client->connection,
                                  .token = wire->token,
                                  .bytes = bytes,
                                  .size = wire->size};
    network_send(client->network, &letter);
    free(bytes);
    return ERR_NONE;
}

const struct actor_class network_client_class = {
    .name = "network_client",
    .state_size = sizeof(struct network_client),
    .start = client_start,
    .receive = client_receive,
};

/* ---- The port of the venue ---- */

static enum err server_start(struct context *context, void *state, void *given)
{
    const struct network_server_arguments *arguments = given;
    *(struct network_server_arguments *)state = *arguments;
    arguments->network->venue = context_system(context);
    arguments->network->venue_port = context_self(context);
    return message_post(context, arguments->venue, MESSAGE_WIRE_ATTACH, 0, NULL, 0);
}

static enum err server_receive(struct context *context, void *state, nng_msg **message)
{
    const struct network_server_arguments *server = state;
    struct message_wire *wire = message_body(*message);
    const uint32_t kind = message_envelope(*message)->kind;
    if (kind == MESSAGE_WIRE_REQUEST) {
        return context_send(context, server->venue, message);
    }
    if (kind == MESSAGE_WIRE_FORGET) {
        return ERR_NONE; /* The venue does not answer. */
    }
    const struct letter letter = {.kind = kind,
                                  .connection = kind == MESSAGE_WIRE_ANSWER
                                                    ? (uint32_t)(wire->token >> 32)
                                                    : server->network->connection,
                                  .token = wire->token & UINT32_MAX,
                                  .bytes = wire->bytes,
                                  .size = wire->size};
    network_send(server->network, &letter);
    return ERR_NONE;
}

const struct actor_class network_server_class = {
    .name = "network_server",
    .state_size = sizeof(struct network_server_arguments),
    .start = server_start,
    .receive = server_receive,
};
