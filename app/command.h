/*
 * app/command.h - what a subcommand is, and the exit codes of the program.
 *
 * stdout is data, stderr is log. Each subcommand has --help with an example.
 *
 * Threads: main thread only.
 */
#ifndef TUTTI_APP_COMMAND_H
#define TUTTI_APP_COMMAND_H

#include "base/err.h"

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILURE = 1,
    EXIT_CODE_USAGE = 2,   /* Wrong words on the command line, or a wrong run file. */
    EXIT_CODE_RISK = 3,    /* The run was stopped by a risk limit. */
    EXIT_CODE_CORRUPT = 4, /* A database that is damaged, foreign or of a newer version. */
    EXIT_CODE_RUNNING = 5, /* Another process runs on this database. */
};

struct command {
    const char *name;
    const char *summary; /* For the list of commands. */
    const char *help;    /* Usage, options and an example; ends in a newline. */
    enum exit_code (*run)(const struct command *command, int argc, char **argv);
};

/* To add a command: write app/NAME_command.c and add X(NAME) here, in the order of the list. */
#define COMMANDS(X) \
    X(run)          \
    X(sweep)        \
    X(validate)     \
    X(report)       \
    X(verify)       \
    X(salvage)      \
    X(status)       \
    X(action)       \
    X(risk)         \
    X(watch)        \
    X(events)       \
    X(snapshot)     \
    X(shutdown)     \
    X(tape)         \
    X(venue)        \
    X(describe)     \
    X(schema)       \
    X(version)

#define COMMAND_DECLARE(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARE)
#undef COMMAND_DECLARE

/* Writes "tutti: ..." and how to get help to stderr; EXIT_CODE_USAGE. */
enum exit_code command_misused(const struct command *command, const char *format, ...)
    FORMAT_LIKE_PRINTF(2, 3);

/* Prints the help to stdout; EXIT_CODE_OK. */
enum exit_code command_help(const struct command *command);

/* Writes the failure to stderr and picks the code for it. */
enum exit_code command_failed(const struct failure *failure);

#endif
