#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/control_client.h"

static enum exit_code shutdown_ask(const struct control_client *client)
{
    struct failure failure;
    struct text answer = {0};
    const enum err err = control_client_query(
        client, "{\"request\":\"shutdown\",\"client\":\"" CONTROL_CLIENT_NAME "\"}", &answer,
        &failure);
    text_done(&answer);
    if (err != ERR_NONE) {
        return command_failed(&failure);
    }
    (void)fprintf(stderr, "tutti: %s: the run stops its executors and ends\n", client->url);
    return EXIT_CODE_OK;
}

static enum exit_code shutdown_run(const struct command *command, int argc, char **argv)
{
    struct control_client client = {0};
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        const int taken = control_client_take(&client, &argv[i]);
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        i += taken;
    }
    const enum exit_code code = control_client_find(&client, command);
    return code == EXIT_CODE_OK ? shutdown_ask(&client) : code;
}

const struct command command_shutdown = {
    .name = "shutdown",
    .summary = "ask a run to end in order",
    .help =
        "Usage: tutti shutdown (--control URL | FILE)\n\n"
        "The same as SIGTERM: executors are stopped by run.on_end, orders cancelled, everything\n"
        "is committed. Returns when the run has taken the request, not when it has "
        "ended.\n\n" CONTROL_CLIENT_HELP
        "\nExample:\n  tutti shutdown --control ipc://paper-events.control\n",
    .run = shutdown_run,
};
