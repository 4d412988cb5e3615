#include <stdio.h>
#include <string.h>

#include "actors/action.h"
#include "app/command.h"
#include "app/control_client.h"

enum { ACTING_ARENA_BYTES_MAX = 64 << 20 };

/* An action that is put together from the words of the command line. */
struct acting {
    struct control_client client;
    struct action action;
    const char *input; /* Of create and update: a file, or "-". */
    struct arena arena;
    struct text json; /* Of the input. */
};

/* ---- What the file says ---- */

/* Reads stdin up to its end, at most NODE_BYTES_MAX and one byte more. */
static void acting_read_stdin(struct text *text)
{
    char bytes[4096];
    size_t count;
    while (text->length <= NODE_BYTES_MAX && (count = fread(bytes, 1, sizeof(bytes), stdin)) > 0) {
        text_append(text, bytes, count);
    }
}

static enum err acting_read_tree(struct acting *acting, struct problems *problems,
                                 const struct node **ret_root)
{
    if (strcmp(acting->input, "-") != 0) {
        return node_read_file(acting->input, &acting->arena, problems, ret_root);
    }
    struct text text = {0};
    acting_read_stdin(&text);
    /* JSON is YAML as well. A beginning of it is not what was meant. */
    const enum err err = text_failed(&text)
                             ? ERR_MEMORY
                             : node_read_yaml("stdin", text_string(&text), text.length,
                                              &acting->arena, problems, ret_root);
    text_done(&text);
    return err;
}

static enum exit_code acting_print_input(struct acting *acting, const struct node *root)
{
    if (root->kind != NODE_MAPPING) {
        (void)fprintf(stderr, "tutti: %s: expected an object, e.g. type: position_executor\n",
                      acting->input);
        return EXIT_CODE_USAGE;
    }
    node_print_json(root, &acting->json);
    return EXIT_CODE_OK;
}

/* The file as JSON, which is what an action carries. */
static enum exit_code acting_read_input(struct acting *acting)
{
    struct problems problems;
    problems_init(&problems, acting->input);
    const struct node *root;
    enum exit_code code = EXIT_CODE_USAGE;
    const enum err err = acting_read_tree(acting, &problems, &root);
    if (err == ERR_NONE) {
        code = acting_print_input(acting, root);
    } else {
        (void)fputs(text_string(&problems.lines), stderr);
    }
    problems_done(&problems);
    if (err == ERR_MEMORY || text_failed(&acting->json)) {
        struct failure failure;
        (void)failure_set(&failure, ERR_MEMORY, "no memory to read %s", acting->input);
        code = command_failed(&failure);
    }
    return code;
}

/* ---- Asking ---- */

static void acting_print_request(const struct action *action, struct text *request)
{
    struct text json = {0};
    action_print(action, &json);
    /* The object of the action, and which request it is. */
    text_append_string(request, "{\"request\":\"action\",\"client\":\"" CONTROL_CLIENT_NAME "\",");
    text_append_string(request, text_string(&json) + (json.length > 0 ? 1 : 0));
    request->failed = request->failed || text_failed(&json);
    text_done(&json);
}

/* Prints the answer; a refusal also in words. */
static enum exit_code acting_print_answer(const struct text *answer)
{
    (void)printf("%s\n", text_string(answer));
    (void)fflush(stdout);
    struct failure failure;
    struct text words = {0};
    enum exit_code code = EXIT_CODE_OK;
    const enum err err = control_client_verdict(answer, &words, &failure);
    if (err == ERR_DENIED) {
        (void)fprintf(stderr, "tutti: refused: %s\n", text_string(&words));
        code = EXIT_CODE_FAILURE;
    } else if (err != ERR_NONE) {
        code = command_failed(&failure);
    }
    text_done(&words);
    return code;
}

static enum exit_code acting_ask(const struct acting *acting)
{
    struct failure failure;
    struct text request = {0};
    struct text answer = {0};
    acting_print_request(&acting->action, &request);
    enum err err = ERR_NONE;
    if (text_failed(&request)) {
        err = failure_set(&failure, ERR_MEMORY, "no memory for the request");
    } else {
        err = control_client_ask(&acting->client, text_string(&request), &answer, &failure);
    }
    const enum exit_code code =
        err == ERR_NONE ? acting_print_answer(&answer) : command_failed(&failure);
    text_done(&request);
    text_done(&answer);
    return code;
}

/* ---- Words ---- */

static bool acting_has_input(const struct acting *acting)
{
    return acting->action.kind == ACTION_CREATE || acting->action.kind == ACTION_UPDATE;
}

/* Which action the first word names. */
static bool acting_take_kind(struct acting *acting, const char *word)
{
    static const struct field_name words[] = {{"create", ACTION_CREATE},
                                              {"stop", ACTION_STOP},
                                              {"store", ACTION_STORE},
                                              {"update", ACTION_UPDATE},
                                              {NULL, 0}};
    for (size_t i = 0; words[i].name != NULL; i++) {
        if (strcmp(words[i].name, word) == 0) {
            acting->action.kind = (enum action_kind)words[i].value;
            return true;
        }
    }
    return false;
}

/* Takes what stands at `words`: how many words that were, 0 when it is nothing known. */
static int acting_take(struct acting *acting, char **words)
{
    struct action *action = &acting->action;
    const char **text = strcmp(words[0], "--action-id") == 0       ? &action->action_id
                        : strcmp(words[0], "--executor-id") == 0   ? &action->executor_id
                        : strcmp(words[0], "--controller-id") == 0 ? &action->controller_id
                                                                   : NULL;
    if (text != NULL) {
        *text = words[1];
        return words[1] != NULL ? 2 : 0;
    }
    if (strcmp(words[0], "--keep-position") == 0 && action->kind == ACTION_STOP) {
        action->keep_position = true;
        return 1;
    }
    const bool is_word = words[0][0] != '-' || words[0][1] == '\0';
    if (is_word && acting_has_input(acting) && acting->input == NULL) {
        acting->input = words[0];
        return 1;
    }
    return control_client_take(&acting->client, words);
}

static enum exit_code acting_check(const struct acting *acting, const struct command *command)
{
    if (acting_has_input(acting) && acting->input == NULL) {
        return command_misused(command, acting->action.kind == ACTION_CREATE
                                            ? "which configuration? A file, or - for stdin"
                                            : "which values? A file, or - for stdin");
    }
    if (acting->action.kind != ACTION_CREATE && acting->action.executor_id == NULL) {
        return command_misused(command, "which executor? Give --executor-id");
    }
    return EXIT_CODE_OK;
}

static enum exit_code acting_carry_out(struct acting *acting, const struct command *command)
{
    arena_init(&acting->arena, ACTING_ARENA_BYTES_MAX);
    enum exit_code code = acting_check(acting, command);
    if (code == EXIT_CODE_OK && acting_has_input(acting)) {
        code = acting_read_input(acting);
    }
    if (code == EXIT_CODE_OK) {
        code = control_client_find(&acting->client, command);
    }
    if (code == EXIT_CODE_OK) {
        const char *json = text_string(&acting->json);
        acting->action.executor_config = acting->action.kind == ACTION_CREATE ? json : NULL;
        acting->action.update_data = acting->action.kind == ACTION_UPDATE ? json : NULL;
        code = acting_ask(acting);
    }
    text_done(&acting->json);
    arena_done(&acting->arena);
    return code;
}

static enum exit_code action_command_run(const struct command *command, int argc, char **argv)
{
    struct acting acting = {0};
    if (argc < 2) {
        return command_misused(command, "create, stop, store or update?");
    }
    if (strcmp(argv[1], "--help") != 0 && !acting_take_kind(&acting, argv[1])) {
        return command_misused(command, "%s: expected create, stop, store or update", argv[1]);
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
    }
    for (int i = 2; i < argc;) {
        const int taken = acting_take(&acting, &argv[i]);
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        i += taken;
    }
    return acting_carry_out(&acting, command);
}

const struct command command_action = {
    .name = "action",
    .summary = "create, stop, store or update an executor of a run",
    .help =
        "Usage: tutti action create [IDS] CONFIG (--control URL | FILE)\n"
        "       tutti action stop   --executor-id ID [--keep-position] (--control URL | FILE)\n"
        "       tutti action store  --executor-id ID (--control URL | FILE)\n"
        "       tutti action update --executor-id ID DATA (--control URL | FILE)\n\n"
        "CONFIG is an executor as in a run file, DATA the values that change; YAML, or JSON, or\n"
        "- for stdin. Prints the answer as JSON. Exit code 0: accepted; 1: refused, with the\n"
        "reason on stderr. docs/control.md lists the reasons.\n\n"
        "  --action-id ID      counts once: a repeated action gets the first answer\n"
        "  --controller-id ID  create: whom the executor is booked for\n"
        "  --executor-id ID    which executor; create: the id of the new one\n"
        "  --keep-position     stop: keep what is owned instead of closing it\n" CONTROL_CLIENT_HELP
        "\nExample:\n"
        "  tutti action create --executor-id one config.yaml --control ipc://paper.control\n"
        "  tutti action stop --executor-id one --control ipc://paper.control\n",
    .run = action_command_run,
};
