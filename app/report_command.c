#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/report.h"

enum report_form { REPORT_TEXT, REPORT_JSON, REPORT_HTML };

static enum err report_show(const char *path, enum report_form form, const char *table,
                            struct failure *failure)
{
    struct reader *reader;
    enum err err = reader_open(path, &reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (table != NULL) {
        err = report_print_csv(reader, table, stdout, failure);
        reader_close(reader);
        return err;
    }
    struct report report;
    const struct report_speed speed = {0};
    err = report_load(reader, &report, failure);
    if (err == ERR_NONE && form == REPORT_JSON) {
        err = report_print_json(&report, reader, &speed, stdout, failure);
    } else if (err == ERR_NONE && form == REPORT_HTML) {
        err = report_print_html(&report, reader, stdout, failure);
    } else if (err == ERR_NONE) {
        report_print_text(&report, &speed, stdout);
    }
    report_done(&report);
    reader_close(reader);
    return err;
}

static enum exit_code report_run(const struct command *command, int argc, char **argv)
{
    enum report_form form = REPORT_TEXT;
    const char *table = NULL;
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (strcmp(argv[i], "--json") == 0) {
            form = REPORT_JSON;
        } else if (strcmp(argv[i], "--html") == 0) {
            form = REPORT_HTML;
        } else if (strcmp(argv[i], "--csv") == 0 && i + 1 < argc) {
            table = argv[++i];
        } else if (argv[i][0] == '-' || path != NULL) {
            return command_misused(command, "unexpected %s", argv[i]);
        } else {
            path = argv[i];
        }
    }
    if (path == NULL) {
        return command_misused(command, "which database?");
    }
    struct failure failure;
    return report_show(path, form, table, &failure) == ERR_NONE ? EXIT_CODE_OK
                                                                : command_failed(&failure);
}

const struct command command_report = {
    .name = "report",
    .summary = "what a run did: executors, pnl, fees, positions, from its database",
    .help =
        "Usage: tutti report [--json | --html | --csv TABLE] DATABASE\n\n"
        "Computes the report from the tables with exact sums; works while the run goes on and\n"
        "after it was killed.\n\n"
        "  --json       as JSON\n"
        "  --html       as a page for the browser, with the result and the fills drawn over\n"
        "               time; one file that needs no other\n"
        "  --csv TABLE  a table: executors, orders, fills, positions, performance or journal\n\n"
        "Example:\n  tutti report quickstart.db\n  tutti report --html quickstart.db > "
        "report.html\n",
    .run = report_run,
};
