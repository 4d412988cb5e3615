#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "base/log.h"
#include "mailbox/message.h"

static const struct command *const commands[] = {
#define COMMAND_ADDRESS(name) &command_##name,
    COMMANDS(COMMAND_ADDRESS)
#undef COMMAND_ADDRESS
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

enum exit_code command_misused(const struct command *command, const char *format, ...)
{
    char text[FAILURE_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "tutti %s: %s\nSee: tutti %s --help\n", command->name, text,
                  command->name);
    return EXIT_CODE_USAGE;
}

enum exit_code command_help(const struct command *command)
{
    (void)fputs(command->help, stdout);
    return EXIT_CODE_OK;
}

enum exit_code command_failed(const struct failure *failure)
{
    (void)fprintf(stderr, "tutti: %s\n", failure->text);
    switch ((int)failure->code) {
    case ERR_CORRUPT:
    case ERR_VERSION:
        return EXIT_CODE_CORRUPT;
    case ERR_LOCKED:
        return EXIT_CODE_RUNNING;
    default:
        return EXIT_CODE_FAILURE;
    }
}

static void print_usage(FILE *out)
{
    (void)fputs("tutti runs trade executors: describe an intent, it places, watches and closes the "
                "orders.\n\nUsage: tutti [--log-format text|json] [--log-level "
                "debug|info|warning|error] COMMAND ...\n\nCommands:\n",
                out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    (void)fputs("\nExample:\n  tutti run examples/quickstart.yaml\n\n"
                "Each command has its own --help. Exit codes: 0 ok, 1 failure, 2 usage or\n"
                "configuration, 3 stopped by risk, 4 unusable database, 5 already running.\n",
                out);
}

/* Reads one of the global options; the number of words it took, 0 when it is none, -1 when its
 * value is wrong. */
static int take_log_option(int argc, char **argv, enum log_level *level, enum log_format *format)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    if (argc < 2) {
        return 0;
    }
    if (strcmp(argv[0], "--log-format") == 0) {
        if (strcmp(argv[1], "json") != 0 && strcmp(argv[1], "text") != 0) {
            return -1;
        }
        *format = strcmp(argv[1], "json") == 0 ? LOG_JSON : LOG_TEXT;
        return 2;
    }
    if (strcmp(argv[0], "--log-level") == 0) {
        for (int i = 0; i < 4; i++) {
            if (strcmp(argv[1], levels[i]) == 0) {
                *level = (enum log_level)i;
                return 2;
            }
        }
        return -1;
    }
    return 0;
}

/* Takes the global options out of the words, wherever they stand; false when one is wrong. */
static int take_log_options(int argc, char **argv)
{
    enum log_level level = LOG_INFO;
    enum log_format format = LOG_TEXT;
    int kept = 1;
    for (int i = 1; i < argc;) {
        const int taken = take_log_option(argc - i, argv + i, &level, &format);
        if (taken < 0) {
            (void)fprintf(stderr,
                          "tutti: %s %s: expected --log-format text|json, --log-level "
                          "debug|info|warning|error\n",
                          argv[i], argv[i + 1]);
            return -1;
        }
        if (taken == 0) {
            argv[kept++] = argv[i++];
        }
        i += taken;
    }
    log_configure(level, format);
    return kept;
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0) {
        (void)fputs("tutti: the cryptographic library cannot start: is /dev/urandom there?\n",
                    stderr);
        return EXIT_CODE_FAILURE;
    }
    argc = take_log_options(argc, argv);
    if (argc < 0) {
        return EXIT_CODE_USAGE;
    }
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_CODE_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return EXIT_CODE_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return (int)command_version.run(&command_version, argc - 1, argv + 1);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0) {
            const enum exit_code code = commands[i]->run(commands[i], argc - 1, argv + 1);
            message_pool_drain();
            return (int)code;
        }
    }
    (void)fprintf(stderr, "tutti: unknown command \"%s\"\nSee: tutti --help\n", argv[1]);
    return EXIT_CODE_USAGE;
}
