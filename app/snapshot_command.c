#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/control_client.h"

static enum exit_code snapshot_show(struct control_client *client, bool is_all)
{
    struct failure failure;
    struct text answer = {0};
    const char *request =
        is_all ? "{\"request\":\"snapshot\",\"all\":true}" : "{\"request\":\"snapshot\"}";
    const enum err err = control_client_query(client, request, &answer, &failure);
    if (err == ERR_NONE) {
        (void)printf("%s\n", text_string(&answer));
    }
    text_done(&answer);
    return err == ERR_NONE ? EXIT_CODE_OK : command_failed(&failure);
}

static enum exit_code snapshot_run(const struct command *command, int argc, char **argv)
{
    struct control_client client = {0};
    bool is_all = false;
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        const bool is_flag = strcmp(argv[i], "--all") == 0;
        const int taken = is_flag ? 1 : control_client_take(&client, &argv[i]);
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        is_all = is_all || is_flag;
        i += taken;
    }
    const enum exit_code code = control_client_find(&client, command);
    return code == EXIT_CODE_OK ? snapshot_show(&client, is_all) : code;
}

const struct command command_snapshot = {
    .name = "snapshot",
    .summary = "how everything in a run stands at one instant, as JSON",
    .help = "Usage: tutti snapshot [--all] (--control URL | FILE)\n\n"
            "Prints the run, its executors, orders, positions, performance and risk states, and\n"
            "the sequence number they are true at: what comes after that is told by\n"
            "tutti events --from and tutti watch --snapshot.\n\n"
            "  --all          with executors that have ended and orders that are "
            "over\n" CONTROL_CLIENT_HELP
            "\nExample:\n  tutti snapshot --control ipc://paper-events.control\n",
    .run = snapshot_run,
};
