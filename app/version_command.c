#include <nng/nng.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"

static enum exit_code version_run(const struct command *command, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        return command_help(command);
    }
    (void)printf("tutti %s (nng %s, sqlite %s, %s)\n", TUTTI_VERSION, nng_version(),
                 sqlite3_libversion(), __VERSION__);
    return EXIT_CODE_OK;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the versions of the program and its libraries",
    .help = "Usage: tutti version\n\nExample:\n  tutti version\n",
    .run = version_run,
};
