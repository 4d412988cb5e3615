#include <stdio.h>
#include <string.h>

#include "actors/run_config.h"
#include "app/command.h"

static enum exit_code validate_file(const char *path)
{
    struct problems problems;
    problems_init(&problems, path);
    struct run_config config;
    enum exit_code code = EXIT_CODE_OK;
    if (run_config_load(path, &config, &problems) != ERR_NONE) {
        (void)fputs(text_string(&problems.lines), stderr);
        (void)fprintf(stderr, "tutti: %s: %zu problem%s\n", path, problems.count,
                      problems.count == 1 ? "" : "s");
        code = EXIT_CODE_USAGE;
    } else {
        (void)printf("%s: ok: run %s, %zu venue%s, %zu instrument%s, %zu feed%s, %zu executor%s\n",
                     path, config.file.run->name, config.file.venues.count,
                     config.file.venues.count == 1 ? "" : "s", config.instrument_count,
                     config.instrument_count == 1 ? "" : "s", config.file.feeds.count,
                     config.file.feeds.count == 1 ? "" : "s", config.executor_count,
                     config.executor_count == 1 ? "" : "s");
    }
    run_config_done(&config);
    problems_done(&problems);
    return code;
}

static enum exit_code validate_run(const struct command *command, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        return command_help(command);
    }
    if (argc < 2) {
        return command_misused(command, "which file?");
    }
    enum exit_code worst = EXIT_CODE_OK;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            return command_misused(command, "unknown option %s", argv[i]);
        }
        const enum exit_code code = validate_file(argv[i]);
        worst = code != EXIT_CODE_OK ? code : worst;
    }
    return worst;
}

const struct command command_validate = {
    .name = "validate",
    .summary = "check run files and report everything that is wrong, without running",
    .help =
        "Usage: tutti validate FILE...\n\n"
        "Checks run files completely (fields, ranges, references) and reports every problem as\n"
        "file:line:column: path: what, expected what. Exit code 2 when there is one.\n\n"
        "Example:\n  tutti validate examples/quickstart.yaml\n",
    .run = validate_run,
};
