#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/progress_bar.h"
#include "base/instant.h"
#include "market/tape.h"

static void tape_show_progress(void *context, uint64_t done, uint64_t total)
{
    progress_bar_show(context, done, total, "bytes");
}

/* A damaged tape is no damaged database: the plain code. */
static enum exit_code tape_failed(struct failure *failure)
{
    failure->code = ERR_IO;
    return command_failed(failure);
}

static void tape_print_findings(const struct tape_findings *findings)
{
    char gap[INSTANT_TEXT_MAX];
    char at[INSTANT_TEXT_MAX];
    (void)duration_print(findings->gap_max_ns, gap);
    (void)instant_print(findings->gap_at_ns, at);
    (void)printf("rows      %llu\n", (unsigned long long)findings->rows);
    (void)printf("crossed   %llu (left out)\n", (unsigned long long)findings->crossed);
    (void)printf("repeated  %llu (same time as the row before)\n",
                 (unsigned long long)findings->repeated);
    (void)printf("gap       %s at %s\n", gap, at);
}

static bool tape_layout_of(const char *name, enum tape_layout *ret_layout)
{
    if (strcmp(name, "quotes") == 0) {
        *ret_layout = TAPE_LAYOUT_QUOTES;
    } else if (strcmp(name, "trades") == 0) {
        *ret_layout = TAPE_LAYOUT_TRADES;
    } else if (strcmp(name, "klines") == 0) {
        *ret_layout = TAPE_LAYOUT_KLINES;
    } else {
        return false;
    }
    return true;
}

static enum exit_code tape_make_command(const struct command *command, int argc, char **argv)
{
    enum tape_layout layout;
    if (argc != 5 || !tape_layout_of(argv[2], &layout)) {
        return command_misused(command, "expected: make quotes|trades|klines CSV TAPE");
    }
    struct progress_bar bar;
    progress_bar_init(&bar, argv[4]);
    struct tape_findings findings;
    struct failure failure;
    const struct tape_recipe recipe = {
        .csv_path = argv[3], .layout = layout, .progress = tape_show_progress, .context = &bar};
    const enum err err = tape_make(&recipe, argv[4], &findings, &failure);
    progress_bar_done(&bar);
    if (err != ERR_NONE) {
        return tape_failed(&failure);
    }
    tape_print_findings(&findings);
    return EXIT_CODE_OK;
}

/* `tape walk SEED ROWS TAPE`: the seeded random walk of the examples. */
static enum exit_code tape_walk_command(const struct command *command, int argc, char **argv)
{
    int64_t seed;
    int64_t rows;
    struct decimal seed_value;
    struct decimal rows_value;
    if (argc != 5 || decimal_parse(argv[2], strlen(argv[2]), &seed_value) != ERR_NONE ||
        decimal_parse(argv[3], strlen(argv[3]), &rows_value) != ERR_NONE ||
        decimal_to_mantissa_floor(seed_value, 0, &seed) != ERR_NONE ||
        decimal_to_mantissa_floor(rows_value, 0, &rows) != ERR_NONE || seed < 0 || rows < 1) {
        return command_misused(command, "expected: walk SEED ROWS FILE.tape|FILE.csv");
    }
    /* One quote a second around 50,000.00 with a spread of ten cents. */
    const struct tape_walk walk = {.seed = (uint64_t)seed,
                                   .count = (size_t)rows,
                                   .start_ns = INT64_C(1735689600) * NS_PER_S,
                                   .interval_ns = NS_PER_S,
                                   .price = 5000000,
                                   .price_digits = 2,
                                   .step_max = 2500,
                                   .spread = 10};
    const size_t length = strlen(argv[4]);
    const bool is_csv = length > 4 && strcmp(argv[4] + length - 4, ".csv") == 0;
    struct failure failure;
    const enum err err = is_csv ? tape_write_walk_csv(&walk, argv[4], &failure)
                                : tape_make_walk(&walk, argv[4], &failure);
    return err == ERR_NONE ? EXIT_CODE_OK : tape_failed(&failure);
}

static enum exit_code tape_info_command(const struct command *command, int argc, char **argv)
{
    if (argc != 3) {
        return command_misused(command, "expected: info TAPE");
    }
    struct tape *tape;
    struct failure failure;
    if (tape_open(argv[2], &tape, &failure) != ERR_NONE) {
        return tape_failed(&failure);
    }
    const struct tape_columns *columns = tape_columns_of(tape);
    (void)printf("source    %s\nrows      %zu\ndigits    price %u, size %u\n", tape_source(tape),
                 columns->count, columns->price_digits, columns->size_digits);
    if (columns->count > 0) {
        char first[INSTANT_TEXT_MAX];
        char last[INSTANT_TEXT_MAX];
        (void)instant_print(columns->time_ns[0], first);
        (void)instant_print(columns->time_ns[columns->count - 1], last);
        int64_t low = columns->bid[0];
        int64_t high = columns->ask[0];
        for (size_t i = 0; i < columns->count; i++) {
            low = columns->bid[i] < low ? columns->bid[i] : low;
            high = columns->ask[i] > high ? columns->ask[i] : high;
        }
        char low_text[DECIMAL_TEXT_MAX];
        char high_text[DECIMAL_TEXT_MAX];
        (void)decimal_print(decimal_from_mantissa(low, columns->price_digits), low_text);
        (void)decimal_print(decimal_from_mantissa(high, columns->price_digits), high_text);
        (void)printf("first     %s\nlast      %s\nprices    lowest bid %s, highest ask %s\n", first,
                     last, low_text, high_text);
    }
    tape_close(tape);
    return EXIT_CODE_OK;
}

static enum exit_code tape_run(const struct command *command, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        return command_help(command);
    }
    if (argc > 1 && strcmp(argv[1], "make") == 0) {
        return tape_make_command(command, argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "info") == 0) {
        return tape_info_command(command, argc, argv);
    }
    if (argc > 1 && strcmp(argv[1], "walk") == 0) {
        return tape_walk_command(command, argc, argv);
    }
    return command_misused(command, "expected make, info or walk");
}

const struct command command_tape = {
    .name = "tape",
    .summary = "make a binary tape from a recorded CSV, or look into one",
    .help =
        "Usage: tutti tape make quotes|trades|klines CSV TAPE\n"
        "       tutti tape info TAPE\n"
        "       tutti tape walk SEED ROWS FILE.tape|FILE.csv\n\n"
        "A tape is the memory-mapped form of a recording; runs make theirs by themselves.\n"
        "quotes is Binance's bookTicker layout; CSV may be gzipped. walk writes a seeded random\n"
        "walk of one quote per second, the same bytes for the same seed.\n\n"
        "Example:\n  tutti tape make quotes ETHUSD-bookTicker.csv.gz ethusd.tape\n"
        "  tutti tape info ethusd.tape\n",
    .run = tape_run,
};
