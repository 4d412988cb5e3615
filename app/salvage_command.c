#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/progress_bar.h"
#include "persistence/salvage.h"

static void salvage_show_progress(void *context, uint64_t records, uint64_t records_total)
{
    progress_bar_show(context, records, records_total, "records");
}

static void salvage_print(const struct salvage_options *options,
                          const struct salvage_report *report)
{
    (void)printf("database    %s\nsaved       %llu records and the tables made from them, in %s\n",
                 options->from, (unsigned long long)report->records, options->to);
    if (report->broken_seq == 0) {
        (void)printf("left        nothing: the journal is whole\n");
        return;
    }
    if (report->left >= 0) {
        (void)printf("left        %lld records from %llu on\n", (long long)report->left,
                     (unsigned long long)report->records + 1);
    } else {
        (void)printf("left        what comes after record %llu; damaged pages hide how much\n",
                     (unsigned long long)report->records);
    }
    (void)printf("reason      record %llu: %s\n"
                 "next        keep %s; compare with the venue what happened after record %llu\n",
                 (unsigned long long)report->broken_seq, report->reason.text, options->from,
                 (unsigned long long)report->records);
}

static enum exit_code salvage_run(const struct command *command, int argc, char **argv)
{
    struct progress_bar bar;
    struct salvage_options options = {.on_progress = salvage_show_progress, .context = &bar};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (argv[i][0] == '-' || options.to != NULL) {
            return command_misused(command, "unexpected %s", argv[i]);
        }
        if (options.from == NULL) {
            options.from = argv[i];
        } else {
            options.to = argv[i];
        }
    }
    if (options.to == NULL) {
        return command_misused(command, "which database, and where to?");
    }
    struct salvage_report report;
    struct failure failure;
    progress_bar_init(&bar, options.from);
    const enum err err = salvage_database(&options, &report, &failure);
    progress_bar_done(&bar);
    if (err != ERR_NONE) {
        return command_failed(&failure);
    }
    salvage_print(&options, &report);
    return EXIT_CODE_OK;
}

const struct command command_salvage = {
    .name = "salvage",
    .summary = "save what is whole of a damaged database into a new one",
    .help = "Usage: tutti salvage DATABASE NEW\n\n"
            "Copies the journal up to the first record that is not whole, makes every table anew\n"
            "from it and says what was left behind. DATABASE is only read; NEW must not exist.\n\n"
            "Exit codes: 0 saved, 1 it cannot be read or NEW cannot be written, 4 no database of\n"
            "tutti, or one of a newer version.\n\n"
            "Example:\n  tutti salvage quickstart.db saved.db\n  tutti verify saved.db\n",
    .run = salvage_run,
};
