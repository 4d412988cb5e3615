#include "tests/simulation/witness.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/trace.h"

/* Silences that are shorter may go unnoticed: three heartbeats, and one until it is looked at. */
enum { WITNESS_SILENCE_HEARTBEATS = 5 };

void witness_init(struct witness *witness, struct verdict *verdict, int64_t heartbeat_ns)
{
    *witness = (struct witness){.verdict = verdict, .heartbeat_ns = heartbeat_ns};
    witness->orders = calloc(WITNESS_ORDERS_MAX, WITNESS_ID_MAX);
    ASSERT(witness->orders != NULL);
}

void witness_done(struct witness *witness)
{
    free(witness->orders);
    witness->orders = NULL;
}

static void witness_fall_behind(struct witness *witness)
{
    trace_line("witness", "behind: heard of %lld, knows up to %lld", (long long)witness->seen_seq,
               (long long)witness->known_seq);
    witness->is_behind = true;
    witness->behind_ns = witness->now_ns;
    witness->has_orders = false;
}

void witness_on_start(struct witness *witness)
{
    memset(witness->requests, 0, sizeof(witness->requests));
    witness->known_seq = 0;
    witness->seen_seq = 0;
    witness->event_ns = witness->now_ns;
    witness_fall_behind(witness);
}

/* The number behind a key like "\"seq\":", also when it is in quotes; -1 without it. */
static int64_t number_of(const char *bytes, const char *key)
{
    const char *found = strstr(bytes, key);
    if (found == NULL) {
        return -1;
    }
    found += strlen(key);
    found += *found == '"' ? 1 : 0;
    return strtoll(found, NULL, 10);
}

/* ---- What leaves ---- */

static void witness_check_once(struct witness *witness, const char id[WITNESS_ID_MAX])
{
    for (size_t i = witness->order_count; i > 0; i--) {
        if (strcmp(witness->orders[i - 1], id) == 0) {
            verdict_set(witness->verdict, "I3 order %s leaves a second time", id);
        }
    }
    ASSERT(witness->order_count < WITNESS_ORDERS_MAX);
    memcpy(witness->orders[witness->order_count++], id, WITNESS_ID_MAX);
}

static void witness_read_id(const char *bytes, char id[WITNESS_ID_MAX])
{
    static const char key[] = "\"client_order_id\":\"";
    const char *found = strstr(bytes, key);
    ASSERT(found != NULL);
    found += sizeof(key) - 1;
    const size_t length = strcspn(found, "\"");
    memset(id, 0, WITNESS_ID_MAX);
    memcpy(id, found, length < WITNESS_ID_MAX - 1 ? length : WITNESS_ID_MAX - 1);
}

static void witness_on_submit(struct witness *witness, const char id[WITNESS_ID_MAX])
{
    witness_check_once(witness, id);
    if (!disk_has_synced(id, strlen(id))) {
        verdict_set(witness->verdict, "intent: order %s leaves before its intent is durable", id);
    }
    if (witness->is_behind && witness->now_ns > witness->behind_ns) {
        verdict_set(witness->verdict, "bracket: order %s leaves before %s known", id,
                    witness->has_orders ? "trades are" : "open orders are");
    }
    if (witness->now_ns - witness->event_ns > WITNESS_SILENCE_HEARTBEATS * witness->heartbeat_ns) {
        verdict_set(witness->verdict, "bracket: order %s leaves into a silence", id);
    }
    if (witness->halted_ns != 0 && witness->now_ns > witness->halted_ns) {
        verdict_set(witness->verdict, "risk: order %s leaves after a halt was acknowledged", id);
    }
}

void witness_on_request(struct witness *witness, uint64_t token, const char *bytes)
{
    struct witness_request request = {.token = token, .sent_ns = witness->now_ns};
    if (strstr(bytes, "\"request\":\"open_orders\"") != NULL) {
        request.kind = WITNESS_OPEN_ORDERS;
    } else if (strstr(bytes, "\"request\":\"trades\"") != NULL) {
        request.kind = WITNESS_TRADES;
    } else if (strstr(bytes, "\"request\":\"submit\"") != NULL) {
        request.kind = WITNESS_SUBMIT;
        witness_read_id(bytes, request.order);
        witness_on_submit(witness, request.order);
    } else {
        return;
    }
    witness->requests[witness->next_request++ % WITNESS_REQUESTS_MAX] = request;
}

/* ---- What comes ---- */

/* The venue has not taken the order: its id may leave once more. */
static void witness_on_turned_away(struct witness *witness, const char *id)
{
    for (size_t i = 0; i < witness->order_count; i++) {
        if (strcmp(witness->orders[i], id) == 0) {
            witness->orders[i][0] = '\0';
        }
    }
}

/* Trades were answered after open orders: everything up to these is known. */
static void witness_catch_up(struct witness *witness)
{
    if (witness->is_behind && witness->seen_seq > witness->orders_seq) {
        return; /* More has happened since. */
    }
    trace_line("witness", "up to date with %lld", (long long)witness->orders_seq);
    witness->event_ns = witness->now_ns; /* What was silent before does not matter any more. */
    witness->is_behind = false;
    if (witness->orders_seq > witness->known_seq) {
        witness->known_seq = witness->orders_seq;
    }
}

void witness_on_answer(struct witness *witness, uint64_t token, const char *bytes)
{
    const struct witness_request *request = NULL;
    for (size_t i = 0; i < WITNESS_REQUESTS_MAX; i++) {
        request = witness->requests[i].token == token ? &witness->requests[i] : request;
    }
    if (request == NULL) {
        return;
    }
    if (request->kind == WITNESS_SUBMIT) {
        if (strstr(bytes, "\"code\":\"rate_limited\"") != NULL) {
            witness_on_turned_away(witness, request->order);
        }
        return;
    }
    if ((witness->is_behind && request->sent_ns < witness->behind_ns) ||
        strstr(bytes, "\"code\":\"ok\"") == NULL) {
        return;
    }
    if (request->kind == WITNESS_OPEN_ORDERS) {
        const int64_t seq = number_of(bytes, "\"seq\":"); /* A late answer may say less. */
        if (!witness->has_orders || seq > witness->orders_seq) {
            witness->orders_seq = seq;
        }
        witness->has_orders = true;
    } else if (witness->has_orders) {
        witness_catch_up(witness);
    }
}

void witness_on_event(struct witness *witness, const char *bytes)
{
    const int64_t seq = number_of(bytes, "\"seq\":");
    const bool counts = strstr(bytes, "\"event\":\"order\"") != NULL ||
                        strstr(bytes, "\"event\":\"trade\"") != NULL;
    if (witness->now_ns - witness->event_ns > WITNESS_SILENCE_HEARTBEATS * witness->heartbeat_ns) {
        witness_fall_behind(witness);
    }
    witness->event_ns = witness->now_ns;
    witness->seen_seq = seq > witness->seen_seq ? seq : witness->seen_seq;
    if (!witness->is_behind && counts && seq == witness->known_seq + 1) {
        witness->known_seq++;
    }
    if (!witness->is_behind && seq > witness->known_seq) {
        witness_fall_behind(witness);
    }
}

/* ---- Risk ---- */

void witness_on_halt(struct witness *witness)
{
    if (witness->halted_ns == 0) {
        witness->halted_ns = witness->now_ns;
    }
}

void witness_on_resume(struct witness *witness)
{
    witness->halted_ns = 0;
}
