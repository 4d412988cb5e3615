#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/risk_request.h"
#include "app/command.h"
#include "app/control_client.h"

/* The words of the command line. */
struct risk_words {
    struct control_client client;
    enum risk_state state; /* 0: show. */
    const char *scope;
    const char *reason;
    bool is_json;
};

/* ---- Printing ---- */

static const char *risk_text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text != NULL ? text : "";
}

static long long risk_count_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? (long long)cJSON_GetNumberValue(item) : 0;
}

static void risk_print_usage(const cJSON *answer)
{
    const cJSON *usage = cJSON_GetObjectItemCaseSensitive(answer, "usage");
    if (cJSON_GetArraySize(usage) > 0) {
        (void)printf("\n%-28s %-9s %12s %10s %16s\n", "scope", "state", "open orders", "executors",
                     "exposure");
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, usage)
    {
        (void)printf("%-28s %-9s %12lld %10lld %16s\n", risk_text_of(item, "scope"),
                     risk_text_of(item, "state"), risk_count_of(item, "open_orders"),
                     risk_count_of(item, "executors"), risk_text_of(item, "exposure_quote"));
    }
}

static void risk_print(const cJSON *answer)
{
    (void)printf("state       %s\n", risk_text_of(answer, "state"));
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer, "risk"))
    {
        (void)printf("%-11s %s: %s\n", risk_text_of(item, "state"), risk_text_of(item, "scope"),
                     risk_text_of(item, "reason"));
    }
    risk_print_usage(answer);
    const cJSON *denied = cJSON_GetObjectItemCaseSensitive(answer, "denied");
    if (cJSON_GetArraySize(denied) > 0) {
        (void)printf("\n%-28s %9s\n", "denied", "count");
    }
    cJSON_ArrayForEach(item, denied)
    {
        (void)printf("%-28s %9.0f\n", item->string, cJSON_GetNumberValue(item));
    }
}

static enum exit_code risk_show_answer(const struct risk_words *words, const struct text *answer)
{
    if (words->is_json) {
        (void)printf("%s\n", text_string(answer));
        return EXIT_CODE_OK;
    }
    struct failure failure;
    cJSON *root = NULL;
    if (control_client_parse(answer, &root, &failure) != ERR_NONE) {
        return command_failed(&failure);
    }
    risk_print(root);
    cJSON_Delete(root);
    return EXIT_CODE_OK;
}

/* ---- From a database ---- */

static bool risk_is_database(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof(magic)] = "";
    FILE *file = path != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        return false;
    }
    const size_t length = fread(head, 1, sizeof(head), file);
    (void)fclose(file);
    return length == sizeof(head) && memcmp(head, magic, sizeof(magic)) == 0;
}

static bool risk_add_denied(void *context, int count, const char *const *names,
                            const char *const *values)
{
    (void)count;
    (void)names;
    struct text *out = context;
    if (values[0] != NULL && values[1] != NULL) {
        json_key(out, values[0]);
        json_int(out, strtoll(values[1], NULL, 10));
    }
    return true;
}

/* What a run's database says, in the form of a run's answer. */
static enum err risk_read_database(const char *path, struct text *out, struct failure *failure)
{
    struct reader *reader;
    enum err err = reader_open(path, &reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct risk_latches latches = {0};
    err = risk_load_file(path, &latches);
    if (err != ERR_NONE) {
        (void)failure_set(failure, err, "no memory for the states of risk");
    }
    const struct risk_latch *global = risk_latches_find(&latches, RISK_SCOPE_GLOBAL);
    json_object_begin(out);
    json_put_bool(out, "ok", true);
    json_put_string(
        out, "state",
        field_name_of(risk_state_names, global != NULL ? (int)global->state : (int)RISK_ACTIVE));
    json_key(out, "risk");
    json_array_begin(out);
    for (size_t i = 0; i < latches.count; i++) {
        json_object_begin(out);
        json_put_string(out, "scope", latches.items[i].scope);
        json_put_string(out, "state", field_name_of(risk_state_names, (int)latches.items[i].state));
        json_put_string(out, "reason", latches.items[i].reason);
        json_object_end(out);
    }
    json_array_end(out);
    json_key(out, "denied");
    json_object_begin(out);
    if (err == ERR_NONE) {
        err = reader_query(reader,
                           "SELECT json_extract(payload, '$.code'), count(*) FROM journal"
                           " WHERE kind = 'risk.denied' GROUP BY 1 ORDER BY 1",
                           NULL, risk_add_denied, out, failure);
    }
    json_object_end(out);
    json_object_end(out);
    risk_latches_done(&latches);
    reader_close(reader);
    return err == ERR_NONE && text_failed(out)
               ? failure_set(failure, ERR_MEMORY, "no memory for the answer")
               : err;
}

static enum exit_code risk_show_database(const struct risk_words *words)
{
    struct failure failure;
    struct text answer = {0};
    const enum err err = risk_read_database(words->client.run_file, &answer, &failure);
    const enum exit_code code =
        err == ERR_NONE ? risk_show_answer(words, &answer) : command_failed(&failure);
    text_done(&answer);
    return code;
}

/* ---- Asking the run ---- */

static enum exit_code risk_ask(const struct risk_words *words)
{
    const struct message_risk request =
        risk_request_make(words->state, words->scope, words->reason, "");
    struct text json = {0};
    risk_request_print(&request, CONTROL_CLIENT_NAME, &json);
    struct failure failure;
    struct text answer = {0};
    const enum err err =
        text_failed(&json)
            ? failure_set(&failure, ERR_MEMORY, "no memory for the request")
            : control_client_query(&words->client, text_string(&json), &answer, &failure);
    const enum exit_code code =
        err == ERR_NONE ? risk_show_answer(words, &answer) : command_failed(&failure);
    text_done(&answer);
    text_done(&json);
    return code;
}

static bool risk_take_verb(struct risk_words *words, const char *verb)
{
    static const struct {
        const char *verb;
        enum risk_state state;
    } verbs[] = {
        {"show", 0}, {"halt", RISK_HALTED}, {"reduce", RISK_REDUCING}, {"resume", RISK_ACTIVE}};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].verb, verb) == 0) {
            words->state = verbs[i].state;
            return true;
        }
    }
    return false;
}

/* How many words an option took; 0 when it is none. */
static int risk_take_option(struct risk_words *words, char **argv)
{
    if (strcmp(argv[0], "--json") == 0) {
        words->is_json = true;
        return 1;
    }
    if (strcmp(argv[0], "--scope") == 0 && argv[1] != NULL) {
        words->scope = argv[1];
        return 2;
    }
    if (strcmp(argv[0], "--reason") == 0 && argv[1] != NULL) {
        words->reason = argv[1];
        return 2;
    }
    return control_client_take(&words->client, argv);
}

static enum exit_code risk_run(const struct command *command, int argc, char **argv)
{
    struct risk_words words = {.scope = RISK_SCOPE_GLOBAL, .reason = ""};
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        return command_help(command);
    }
    if (argc < 2 || !risk_take_verb(&words, argv[1])) {
        return command_misused(command, "expected show, halt, reduce or resume");
    }
    for (int i = 2; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        const int taken = risk_take_option(&words, &argv[i]);
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        i += taken;
    }
    if (words.state == RISK_ACTIVE && words.reason[0] == '\0') {
        return command_misused(command, "resume needs --reason: why may trading go on?");
    }
    if (words.state == 0 && words.client.control == NULL &&
        risk_is_database(words.client.run_file)) {
        return risk_show_database(&words);
    }
    const enum exit_code code = control_client_find(&words.client, command);
    return code == EXIT_CODE_OK ? risk_ask(&words) : code;
}

const struct command command_risk = {
    .name = "risk",
    .summary = "show the risk states of a run, halt and resume it",
    .help =
        "Usage: tutti risk show [--json] (--control URL | FILE | DATABASE)\n"
        "       tutti risk halt|reduce [--scope S] [--reason TEXT] (--control URL | FILE)\n"
        "       tutti risk resume --reason TEXT [--scope S] (--control URL | FILE)\n\n"
        "halt cancels all orders of the scope and lets nothing but cancels leave; reduce cancels\n"
        "what opens and lets only what reduces a position leave; resume lets the scope trade\n"
        "again. Each returns when the new state is durable: after that nothing that it forbids\n"
        "leaves. A state lasts over restarts. docs/risk.md says more.\n\n"
        "  --scope S      global (default), venue:NAME, controller:ID or executor:ID\n"
        "  --reason TEXT  for the journal\n"
        "  --json         the run's answer as it is\n" CONTROL_CLIENT_HELP
        "  DATABASE       show what a run's database says, also when it has ended\n"
        "\nExample:\n  tutti risk halt --reason \"prices look wrong\" --control "
        "ipc://paper-events.control\n",
    .run = risk_run,
};
