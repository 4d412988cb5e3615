#include "app/venue_reconcile.h"

#include <stdio.h>
#include <string.h>

#include "app/control_client.h"

static const struct command venue_reconcile_command = {
    .name = "venue reconcile",
    .help = "Usage: tutti venue reconcile --venue NAME (--control URL | FILE)\n\n"
            "Asks a run to compare itself with a venue in another process now: trades it has not\n"
            "seen, open orders, balances. Prints what was found as JSON; exit code 1 when the\n"
            "balances differ or the venue cannot be asked.\n\n"
            "  --venue NAME   a venue of type remote of the run\n" CONTROL_CLIENT_HELP
            "\nExample:\n  tutti venue reconcile --venue exchange examples/remote.yaml\n",
};

static enum exit_code reconcile_ask(const struct control_client *client, const char *venue)
{
    struct failure failure;
    struct text request = {0};
    struct text answer = {0};
    json_object_begin(&request);
    json_put_string(&request, "request", "reconcile");
    json_put_string(&request, "venue", venue);
    json_object_end(&request);
    enum err err = text_failed(&request)
                       ? failure_set(&failure, ERR_MEMORY, "no memory for the request")
                       : control_client_query(client, text_string(&request), &answer, &failure);
    const bool is_balanced =
        err == ERR_NONE && strstr(text_string(&answer), "\"verdict\":\"balanced\"") != NULL;
    if (err == ERR_NONE) {
        (void)puts(text_string(&answer));
    }
    text_done(&request);
    text_done(&answer);
    return err != ERR_NONE ? command_failed(&failure)
           : is_balanced   ? EXIT_CODE_OK
                           : EXIT_CODE_FAILURE;
}

enum exit_code venue_reconcile(int argc, char **argv)
{
    const struct command *command = &venue_reconcile_command;
    struct control_client client = {0};
    const char *venue = NULL;
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (strcmp(argv[i], "--venue") == 0 && i + 1 < argc) {
            venue = argv[i + 1];
            i += 2;
            continue;
        }
        const int taken = control_client_take(&client, &argv[i]);
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        i += taken;
    }
    if (venue == NULL) {
        return command_misused(command, "which venue? --venue NAME");
    }
    const enum exit_code code = control_client_find(&client, command);
    return code == EXIT_CODE_OK ? reconcile_ask(&client, venue) : code;
}
