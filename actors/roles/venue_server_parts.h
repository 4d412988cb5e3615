/*
 * actors/roles/venue_server_parts.h - what the files of the venue server share.
 *
 * venue_server.c carries time, quotes and events; venue_server_answer.c answers requests;
 * venue_server_delay.c keeps what a fault holds back.
 *
 * Threads: all of it belongs to the venue server actor.
 */
#ifndef TUTTI_ACTORS_ROLES_VENUE_SERVER_PARTS_H
#define TUTTI_ACTORS_ROLES_VENUE_SERVER_PARTS_H

#include "actors/messages.h"
#include "actors/roles/venue_desk.h"
#include "actors/roles/venue_server.h"
#include "market/venue_ledger.h"
#include "market/wire.h"

enum { VENUE_DELAYED_MAX = 4096 }; /* Messages that faults hold back; more are not held back. */

enum venue_server_timer { VENUE_TIMER_HEARTBEAT = 1, VENUE_TIMER_DELAYED };

/* A message that goes on later: to a port, or a request that arrives late. */
struct venue_delayed {
    int64_t due_ns;
    uint64_t order;        /* Of equal times the first comes first. */
    uint32_t kind;         /* MESSAGE_WIRE_ANSWER, MESSAGE_WIRE_EVENT or MESSAGE_WIRE_REQUEST. */
    struct actor_ref port; /* ACTOR_NOBODY: all of them. */
    uint64_t token;
    struct text bytes; /* Owned. */
};

/* The newest quote of an instrument. */
struct venue_board {
    bool has_quote;
    struct quote quote;
};

struct venue_server {
    struct venue_server_arguments given;
    struct context *context; /* Of the handler that runs now. */
    struct venue_desk desk;
    struct venue_ledger ledger;
    struct wire_market market;
    struct venue_board *boards; /* Owned, by instrument. */
    struct actor_ref ports[VENUE_PORTS_MAX];
    size_t port_count;
    int64_t time_ns;   /* Market time; it never goes back. */
    int64_t row_ns;    /* Market time of the newest row, */
    int64_t row_at_ns; /* and when it came by the system's clock. */
    bool has_row;
    uint64_t seq;                  /* Of the newest order or trade event. */
    int64_t ahead_ns;              /* How far faults have put its clock ahead. */
    int64_t silent_until_ns;       /* Nothing gets through until then. */
    uint32_t strangers;            /* Orders of nobody so far. */
    struct venue_delayed *delayed; /* Owned. */
    size_t delayed_count;
    uint64_t delayed_order;
};

/* ---- venue_server.c ---- */

/* The venue's own clock. */
int64_t venue_server_clock(const struct venue_server *server);
/* Whether this opportunity of a fault strikes. */
bool venue_server_strikes(struct venue_server *server, enum venue_fault fault);
/* True while faults let nothing through. */
bool venue_server_is_silent(const struct venue_server *server);
/* An order as the venue knows it; `id` keeps its printed client order id. */
struct wire_order venue_server_order(const struct venue_server *server,
                                     const struct venue_ledger_order *order,
                                     char id[ORDER_ID_TEXT_MAX]);
/* Writes a line to the log. ERR_IO, logged. */
MUST_USE enum err venue_server_log(const struct venue_server *server,
                                   const struct wire_event *event);

/* ---- venue_server_answer.c ---- */

/* Answers one request that has arrived, or lets faults do to it what they do. */
MUST_USE enum err venue_server_on_request(struct venue_server *server, struct actor_ref port,
                                          const struct message_wire *wire);
/* The same for one that faults have held back. */
MUST_USE enum err venue_server_on_late_request(struct venue_server *server,
                                               const struct venue_delayed *delayed);

/* ---- venue_server_delay.c ---- */

/* Holds the bytes back for a random time up to max_ns and takes them out of *bytes; when too many
 * are held back already, false. */
bool venue_server_delay(struct venue_server *server, const struct venue_delayed *delayed,
                        int64_t max_ns, struct text *bytes);
/* Lets go what is due, oldest first, and sets the timer for the next. */
MUST_USE enum err venue_server_release(struct venue_server *server);
void venue_server_drop_delayed(struct venue_server *server);
/* Sends bytes to one port, or to all. */
MUST_USE enum err venue_server_send(struct venue_server *server, struct actor_ref port,
                                    uint32_t kind, uint64_t token, const struct text *bytes);

#endif
