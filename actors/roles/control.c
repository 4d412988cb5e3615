#include "actors/roles/control.h"

#include <string.h>

#include "actors/messages.h"
#include "config/field.h"
#include "persistence/reader.h"

/* A request as its field table reads it. */
struct control_request {
    const char *request;
    int64_t from;
    int64_t limit;
};

static const struct field control_fields[] = {{.name = "request",
                                               .kind = FIELD_TEXT,
                                               .offset = offsetof(struct control_request, request),
                                               .is_required = true,
                                               .doc = "What is asked for: events."},
                                              {.name = "from",
                                               .kind = FIELD_INTEGER,
                                               .offset = offsetof(struct control_request, from),
                                               .default_text = "1",
                                               .min = "1",
                                               .doc = "First sequence number."},
                                              {.name = "limit",
                                               .kind = FIELD_INTEGER,
                                               .offset = offsetof(struct control_request, limit),
                                               .default_text = "1000",
                                               .min = "1",
                                               .max = "1000",
                                               .doc = "Most events of the answer."},
                                              {0}};

struct control {
    struct control_arguments given;
    struct link_replier *replier; /* Owned. */
    struct reader *reader;        /* Owned; opened with the first request that needs it. */
};

static enum err control_start(struct context *context, void *state, void *arguments)
{
    struct control *control = state;
    control->given = *(const struct control_arguments *)arguments;
    const struct link_service service = {
        .system = context_system(context),
        .receiver = context_self(context),
        .refusal = "{\"ok\":false,\"code\":\"stopping\",\"message\":\"the run takes no more "
                   "requests\"}",
        .addresses = {.urls = control->given.urls, .url_count = control->given.count}};
    return link_reply_listen(&service, &control->replier, control->given.failure);
}

static void control_stop(struct context *context, void *state)
{
    (void)context;
    struct control *control = state;
    link_reply_close(control->replier);
    reader_close(control->reader);
}

static void control_refuse(struct text *answer, const char *code, const char *message)
{
    text_clear(answer);
    json_object_begin(answer);
    json_put_bool(answer, "ok", false);
    json_put_string(answer, "code", code);
    json_put_string(answer, "message", message);
    json_object_end(answer);
}

/* Adds the JSON of an event, without its topic. */
static bool control_add_event(void *context, uint64_t seq, const char *event)
{
    (void)seq;
    struct text *answer = context;
    const char *space = strchr(event, ' ');
    json_raw(answer, space != NULL ? space + 1 : event);
    return true;
}

static void control_answer_events(struct control *control, const struct control_request *request,
                                  struct text *answer)
{
    struct failure failure;
    if (control->given.database == NULL) {
        control_refuse(answer, "no_database",
                       "this run keeps no journal (persistence type memory)");
        return;
    }
    if (control->reader == NULL &&
        reader_open(control->given.database, &control->reader, &failure) != ERR_NONE) {
        control_refuse(answer, err_name(failure.code), failure.text);
        return;
    }
    uint64_t last;
    enum err err = reader_last_seq(control->reader, &last, &failure);
    json_object_begin(answer);
    json_put_bool(answer, "ok", true);
    json_put_int(answer, "last", err == ERR_NONE ? (int64_t)last : 0);
    json_key(answer, "events");
    json_array_begin(answer);
    if (err == ERR_NONE) {
        err = reader_events(control->reader, (uint64_t)request->from, (uint64_t)request->limit,
                            control_add_event, answer, &failure);
    }
    json_array_end(answer);
    json_object_end(answer);
    if (err != ERR_NONE) {
        control_refuse(answer, err_name(err), failure.text);
    }
}

static const struct {
    const char *name;
    void (*answer)(struct control *control, const struct control_request *request,
                   struct text *answer);
} control_requests[] = {{"events", control_answer_events}};

static void control_dispatch(struct control *control, const struct control_request *request,
                             struct text *answer)
{
    for (size_t i = 0; i < sizeof(control_requests) / sizeof(control_requests[0]); i++) {
        if (strcmp(control_requests[i].name, request->request) == 0) {
            control_requests[i].answer(control, request, answer);
            return;
        }
    }
    control_refuse(answer, "unknown_request", "expected events");
}

static enum err control_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    struct control *control = state;
    if (message_envelope(*message)->kind != MESSAGE_LINK_RECEIVED) {
        return ERR_NONE;
    }
    const struct link_received *received = message_body(*message);
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "request");
    struct text answer = {0};
    const struct node *root;
    struct control_request request;
    enum err err = node_read_json("request", link_received_bytes(*message), received->size,
                                  NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    if (err == ERR_NONE) {
        err = field_parse(control_fields, root, "", &request, sizeof(request), &arena, &problems);
    }
    if (err == ERR_NONE) {
        control_dispatch(control, &request, &answer);
    } else {
        control_refuse(&answer, "bad_request", text_string(&problems.lines));
    }
    if (!text_failed(&answer)) {
        /* A client that has gone does not need its answer. */
        (void)!link_reply(control->replier, received->ticket, answer.data, answer.length);
    }
    text_done(&answer);
    problems_done(&problems);
    arena_done(&arena);
    return ERR_NONE;
}

const struct actor_class control_class = {
    .name = "control",
    .state_size = sizeof(struct control),
    .is_dedicated = true,
    .start = control_start,
    .receive = control_receive,
    .stop = control_stop,
};
