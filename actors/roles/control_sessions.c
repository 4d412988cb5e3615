#include "actors/roles/control_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"

/* After a push, so many times as long as it took belong to others: requests are never starved. */
enum { SESSION_REST = 3 };

/* Then it is looked for something to push without having been called. */
enum { SESSION_RETRY_MS = 500 };

enum session_timer { SESSION_TIMER_PUSH = 1, SESSION_TIMER_HEARTBEAT };

struct session {
    uint64_t number; /* 0: the place is free. */
    struct subscription subscriptions[SESSION_SUBSCRIPTIONS_MAX];
};

struct control_sessions {
    struct session items[LINK_SESSIONS_MAX];
    unsigned count;
    uint64_t committed;    /* The last sequence number that was heard of. */
    bool is_listening;     /* The keeper was asked for the next commit. */
    bool has_heartbeat;    /* Its timer runs. */
    int64_t rest_until_ns; /* Nothing is pushed before. */
    size_t turn;           /* The place among all subscriptions that is looked at first. */
};

struct control_sessions *control_sessions_create(void)
{
    return calloc(1, sizeof(struct control_sessions));
}

static void session_free(struct session *session)
{
    for (size_t i = 0; i < SESSION_SUBSCRIPTIONS_MAX; i++) {
        subscription_done(&session->subscriptions[i]);
    }
    *session = (struct session){0};
}

void control_sessions_destroy(struct control_sessions *sessions)
{
    for (size_t i = 0; sessions != NULL && i < LINK_SESSIONS_MAX; i++) {
        session_free(&sessions->items[i]);
    }
    free(sessions);
}

/* ---- Speaking ---- */

static void session_begin(struct text *out, const char *type)
{
    json_object_begin(out);
    json_put_string(out, "type", type);
}

/* Ends the object with the time and sends it. A session that has gone is forgotten; so is one that
 * there is no memory to speak to, and its connection is closed. */
static void session_end(struct control *control, struct session *session, struct text *out)
{
    const int64_t now_ns = context_now(control->context);
    char seconds[32];
    (void)snprintf(seconds, sizeof(seconds), "%lld.%06lld", (long long)(now_ns / NS_PER_S),
                   (long long)(now_ns / NS_PER_US % 1000000));
    json_put_raw(out, "timestamp", seconds);
    json_object_end(out);
    enum err err = ERR_MEMORY;
    if (text_failed(out)) {
        link_http_end(control->http->link, session->number);
    } else {
        err = link_http_send(control->http->link, session->number, text_string(out), out->length);
    }
    if (err != ERR_NONE) {
        session_free(session);
        control->http->sessions->count--;
    }
    text_done(out);
}

static void session_say_error(struct control *control, struct session *session, const char *message)
{
    struct text out = {0};
    session_begin(&out, "error");
    json_put_string(&out, "message", message);
    session_end(control, session, &out);
}

/* ---- Pushing ---- */

static int64_t session_now(const struct control *control)
{
    return system_now(context_system(control->context)); /* Not that of the slice: it passes. */
}

/* Shows a subscription when it has changed. `is_first`: also when not. */
static void session_push(struct control *control, struct session *session,
                         struct subscription *subscription, bool is_first)
{
    struct text out = {0};
    struct failure failure = {0};
    bool is_new = false;
    session_begin(&out, subscription_type(subscription));
    json_put_string(&out, "subscription_id", subscription->id);
    const int64_t before_ns = session_now(control);
    subscription->pushed_ns = before_ns;
    const enum err err = subscription_show(subscription, control, &out, &is_new, &failure);
    const int64_t after_ns = session_now(control);
    control->http->sessions->rest_until_ns = after_ns + SESSION_REST * (after_ns - before_ns);
    if (err == ERR_NONE && (is_new || is_first)) {
        session_end(control, session, &out);
        return;
    }
    text_done(&out);
    if (err != ERR_NONE && err != ERR_MEMORY) { /* Without memory it is due again. */
        subscription_done(subscription);        /* What cannot be shown is not tried again. */
        session_say_error(control, session, failure.text);
    }
}

/* The keeper says once when something behind what we have seen is committed. False when it cannot
 * be asked. */
static bool sessions_listen(struct control *control)
{
    struct control_sessions *sessions = control->http->sessions;
    const struct message_commit_wanted wanted = {.seq = sessions->committed};
    if (!sessions->is_listening && sessions->count > 0) {
        sessions->is_listening =
            message_post(control->context, control->given.keeper, MESSAGE_COMMIT_WANTED, 0, &wanted,
                         sizeof(wanted)) == ERR_NONE;
        return sessions->is_listening;
    }
    return true;
}

static void sessions_start_heartbeat(struct control *control)
{
    struct control_sessions *sessions = control->http->sessions;
    const int64_t at_ns = context_now(control->context) + SESSION_HEARTBEAT_S * NS_PER_S;
    sessions->has_heartbeat =
        context_timer(control->context, SESSION_TIMER_HEARTBEAT, at_ns) == ERR_NONE;
}

/* Makes sure that something wakes the sessions at next_ns, INSTANT_NEVER: with the next commit.
 * Where nothing would any more, it is better that they are over than that they are silent. */
static void sessions_wait(struct control *control, int64_t next_ns)
{
    struct control_sessions *sessions = control->http->sessions;
    const bool has_timer = next_ns != INSTANT_NEVER &&
                           context_timer(control->context, SESSION_TIMER_PUSH, next_ns) == ERR_NONE;
    const int64_t retry_ns = session_now(control) + SESSION_RETRY_MS * NS_PER_MS;
    if (has_timer || sessions_listen(control) ||
        context_timer(control->context, SESSION_TIMER_PUSH, retry_ns) == ERR_NONE) {
        return;
    }
    for (size_t i = 0; i < LINK_SESSIONS_MAX; i++) {
        if (sessions->items[i].number != 0) {
            link_http_end(control->http->link, sessions->items[i].number);
            session_free(&sessions->items[i]);
        }
    }
    sessions->count = 0;
}

/* When the subscription may be shown again; INSTANT_NEVER: nothing has happened since. */
static int64_t session_due_ns(const struct control_sessions *sessions,
                              const struct subscription *subscription)
{
    if (subscription->kind == NULL || subscription->seen >= sessions->committed) {
        return INSTANT_NEVER;
    }
    const int64_t due_ns = subscription->pushed_ns + subscription->interval_ns;
    return due_ns > sessions->rest_until_ns ? due_ns : sessions->rest_until_ns;
}

/* Nothing is listened for while something waits for its turn: it will show all there is then. Turns
 * go round, so that one that is always due does not keep others waiting. */
static void sessions_push_due(struct control *control)
{
    enum { PLACES = LINK_SESSIONS_MAX * SESSION_SUBSCRIPTIONS_MAX };
    struct control_sessions *sessions = control->http->sessions;
    const size_t first = sessions->turn;
    int64_t next_ns = INSTANT_NEVER;
    for (size_t i = 0; i < PLACES; i++) {
        const size_t place = (first + i) % PLACES;
        struct session *session = &sessions->items[place / SESSION_SUBSCRIPTIONS_MAX];
        struct subscription *subscription =
            &session->subscriptions[place % SESSION_SUBSCRIPTIONS_MAX];
        const int64_t due_ns = session_due_ns(sessions, subscription);
        if (due_ns <= session_now(control)) {
            sessions->turn = (place + 1) % PLACES;
            session_push(control, session, subscription, false);
        } else if (due_ns < next_ns) {
            next_ns = due_ns;
        }
    }
    sessions_wait(control, next_ns);
}

void control_sessions_on_committed(struct control *control, uint64_t seq)
{
    if (control->http == NULL) {
        return;
    }
    struct control_sessions *sessions = control->http->sessions;
    sessions->is_listening = false;
    sessions->committed = seq > sessions->committed ? seq : sessions->committed;
    sessions_push_due(control);
}

/* ---- Listening to clients ---- */

static struct subscription *session_find(struct session *session, const char *id)
{
    for (size_t i = 0; i < SESSION_SUBSCRIPTIONS_MAX; i++) {
        if (session->subscriptions[i].kind != NULL &&
            strcmp(session->subscriptions[i].id, id) == 0) {
            return &session->subscriptions[i];
        }
    }
    return NULL;
}

static struct subscription *session_free_place(struct session *session)
{
    for (size_t i = 0; i < SESSION_SUBSCRIPTIONS_MAX; i++) {
        if (session->subscriptions[i].kind == NULL) {
            return &session->subscriptions[i];
        }
    }
    return NULL;
}

static void session_confirm(struct control *control, struct session *session,
                            const struct subscription *subscription)
{
    struct text out = {0};
    char seconds[32];
    const int64_t ms = subscription->interval_ns / NS_PER_MS;
    (void)snprintf(seconds, sizeof(seconds), "%lld.%03lld", (long long)(ms / 1000),
                   (long long)(ms % 1000));
    session_begin(&out, "subscribed");
    json_put_string(&out, "subscription_id", subscription->id);
    json_put_string(&out, "subscription_type", subscription_type(subscription));
    json_put_raw(&out, "update_interval", seconds);
    session_end(control, session, &out);
}

static void session_subscribe(struct control *control, struct session *session,
                              const struct session_words *words)
{
    struct subscription fresh;
    struct failure failure;
    if (subscription_init(&fresh, words, &failure) != ERR_NONE) {
        session_say_error(control, session, failure.text);
        return;
    }
    struct subscription *place = session_find(session, fresh.id);
    place = place != NULL ? place : session_free_place(session);
    if (place == NULL) {
        subscription_done(&fresh);
        session_say_error(control, session, "a session has at most 16 subscriptions");
        return;
    }
    subscription_done(place);
    *place = fresh;
    const uint64_t number = session->number;
    session_confirm(control, session, place);
    if (session->number == number) { /* It may have gone meanwhile. */
        session_push(control, session, place, true);
    }
    sessions_push_due(control);
}

static void session_unsubscribe(struct control *control, struct session *session,
                                const struct session_words *words)
{
    struct subscription *subscription =
        words->subscription_id != NULL ? session_find(session, words->subscription_id) : NULL;
    if (subscription == NULL) {
        session_say_error(control, session, "subscription_id: there is no such subscription");
        return;
    }
    struct text out = {0};
    session_begin(&out, "unsubscribed");
    json_put_string(&out, "subscription_id", subscription->id);
    subscription_done(subscription);
    session_end(control, session, &out);
}

static void session_obey(struct control *control, struct session *session,
                         const struct session_words *words)
{
    if (strcmp(words->action, "subscribe") == 0) {
        session_subscribe(control, session, words);
    } else if (strcmp(words->action, "unsubscribe") == 0) {
        session_unsubscribe(control, session, words);
    } else if (strcmp(words->action, "ping") == 0) {
        struct text out = {0};
        session_begin(&out, "pong");
        session_end(control, session, &out);
    } else {
        session_say_error(control, session, "action: expected subscribe, unsubscribe or ping");
    }
}

static void session_hear(struct control *control, struct session *session,
                         const struct link_session_message *message)
{
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "message");
    const struct node *root;
    struct session_words words;
    enum err err = node_read_json("message", link_session_bytes(message), message->size,
                                  NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    if (err == ERR_NONE) {
        err = field_parse(session_fields, root, "", &words, sizeof(words), &arena, &problems);
    }
    if (err == ERR_NONE) {
        session_obey(control, session, &words);
    } else {
        session_say_error(control, session, text_string(&problems.lines));
    }
    problems_done(&problems);
    arena_done(&arena);
}

/* ---- Beginning and end ---- */

static void session_open(struct control *control, struct session *session, uint64_t number)
{
    struct control_sessions *sessions = control->http->sessions;
    if (session->number != 0) { /* Its end was not heard of. */
        session_free(session);
        sessions->count--;
    }
    session->number = number;
    sessions->count++;
    struct text out = {0};
    char name[24];
    (void)snprintf(name, sizeof(name), "%llu", (unsigned long long)number);
    session_begin(&out, "connected");
    json_put_string(&out, "connection_id", name);
    session_end(control, session, &out);
    if (!sessions->has_heartbeat) {
        sessions_start_heartbeat(control);
    }
}

void control_sessions_on_message(struct control *control,
                                 const struct link_session_message *message)
{
    struct control_sessions *sessions = control->http->sessions;
    struct session *session = &sessions->items[message->session % LINK_SESSIONS_MAX];
    struct failure failure;
    if (message->event == LINK_SESSION_OPENED) {
        session_open(control, session, message->session);
        return;
    }
    if (session->number != message->session) {
        return; /* It was forgotten when it did not take what it was sent. */
    }
    if (message->event == LINK_SESSION_CLOSED) {
        session_free(session);
        sessions->count--;
        return;
    }
    if (control->given.database == NULL) {
        session_say_error(control, session, "this run keeps no journal that could be shown");
        return;
    }
    if (control->reader == NULL &&
        reader_open(control->given.database, &control->reader, &failure) != ERR_NONE) {
        session_say_error(control, session, failure.text);
        return;
    }
    session_hear(control, session, message);
}

void control_sessions_on_timer(struct control *control, uint64_t tag)
{
    struct control_sessions *sessions = control->http->sessions;
    if (tag == SESSION_TIMER_PUSH) {
        sessions_push_due(control);
        return;
    }
    sessions->has_heartbeat = false;
    for (size_t i = 0; i < LINK_SESSIONS_MAX; i++) {
        struct session *session = &sessions->items[i];
        if (session->number != 0) {
            struct text out = {0};
            session_begin(&out, "heartbeat");
            session_end(control, session, &out);
        }
    }
    if (sessions->count > 0) {
        sessions_start_heartbeat(control);
    }
}
