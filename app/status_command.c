#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "app/command.h"
#include "app/control_client.h"

enum {
    STATUS_INTERVAL_S = 1,
    STATUS_COLUMNS_MAX = 10,
    STATUS_HEIGHT_DEFAULT = 40, /* Lines of a terminal that does not say. */
    STATUS_HEIGHT_KEPT = 14,    /* Lines for everything but the executors. */
    STATUS_EXECUTORS_MIN = 5,   /* Shown however low the terminal is. */
    STATUS_DIGITS_MAX = 32,
};

#define STATUS_INTEGER_MAX 9007199254740992.0 /* 2^53: what a double has counted exactly. */

/* A column of a table: the member it shows, its heading and its width; negative: to the left. */
struct status_column {
    const char *key;
    const char *title;
    int width;
};

static const struct status_column status_executor_columns[] = {
    {"executor_id", "executor", -22},
    {"controller_id", "controller", -14},
    {"type", "type", -20},
    {"connector_name", "venue", -10},
    {"trading_pair", "pair", -12},
    {"side", "side", -5},
    {"status", "status", -13},
    {"filled_amount_quote", "filled quote", 16},
    {"net_pnl_quote", "net pnl", 14},
    {NULL, NULL, 0},
};

static const struct status_column status_position_columns[] = {
    {"controller_id", "controller", -14},
    {"venue", "venue", -10},
    {"trading_pair", "pair", -12},
    {"side", "side", -5},
    {"amount", "amount", 16},
    {"average_price", "average price", 16},
    {"realized_pnl_quote", "realized pnl", 16},
    {"fees_quote", "fees", 14},
    {NULL, NULL, 0},
};

static const struct status_column status_performance_columns[] = {
    {"global_pnl_quote", "net pnl", 16},        {"realized_pnl_quote", "realized", 16},
    {"unrealized_pnl_quote", "unrealized", 16}, {"volume_traded", "volume", 18},
    {"max_drawdown_quote", "drawdown", 14},     {NULL, NULL, 0},
};

struct status {
    struct control_client client;
    bool is_json;
    bool is_once;
    struct text answer; /* The newest snapshot. */
    struct text screen; /* What is drawn. */
};

/* ---- Tables ---- */

/* As many characters as fit; of a number at least all that stand before its point. */
static void status_put_cell(struct text *out, const char *value, int width)
{
    const int room = width < 0 ? -width : width;
    const int whole = (int)strcspn(value, ".");
    text_printf(out, "%*.*s ", width, width > 0 && whole > room ? whole : room, value);
}

static void status_put_titles(struct text *out, const struct status_column *columns)
{
    for (size_t i = 0; columns[i].key != NULL; i++) {
        status_put_cell(out, columns[i].title, columns[i].width);
    }
    text_append_char(out, '\n');
}

static const char *status_string(const cJSON *object, const char *key)
{
    const char *string = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return string != NULL ? string : "";
}

static void status_put_row(struct text *out, const struct status_column *columns,
                           const cJSON *object)
{
    for (size_t i = 0; columns[i].key != NULL; i++) {
        status_put_cell(out, status_string(object, columns[i].key), columns[i].width);
    }
    text_append_char(out, '\n');
}

/* The first rows of a list, and how many more there are. */
static void status_put_list(struct text *out, const struct status_column *columns,
                            const cJSON *list, int rows_max)
{
    const int count = cJSON_GetArraySize(list);
    int shown = 0;
    status_put_titles(out, columns);
    for (const cJSON *row = list != NULL ? list->child : NULL; row != NULL && shown < rows_max;
         row = row->next) {
        status_put_row(out, columns, row);
        shown++;
    }
    if (count > shown) {
        text_printf(out, "... and %d more\n", count - shown);
    }
    text_append_char(out, '\n');
}

/* ---- The parts of a snapshot ---- */

static void status_put_head(struct text *out, const cJSON *root, uint64_t seq)
{
    const cJSON *run = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "runs"), 0);
    const cJSON *executors = cJSON_GetObjectItemCaseSensitive(root, "executors");
    const cJSON *orders = cJSON_GetObjectItemCaseSensitive(root, "orders");
    text_printf(out, "run         %s (%s), %s, event %llu\n", status_string(run, "name"),
                status_string(run, "mode"), status_string(run, "state"), (unsigned long long)seq);
    text_printf(out, "executors   %d active, %d open orders\n", cJSON_GetArraySize(executors),
                cJSON_GetArraySize(orders));
    const cJSON *scope = cJSON_GetObjectItemCaseSensitive(root, "risk");
    for (scope = scope != NULL ? scope->child : NULL; scope != NULL; scope = scope->next) {
        text_printf(out, "risk        %s: %s %s\n", status_string(scope, "scope"),
                    status_string(scope, "state"), status_string(scope, "reason"));
    }
    text_append_char(out, '\n');
}

static void status_put_performance(struct text *out, const cJSON *root)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "performance");
    item = item != NULL ? item->child : NULL;
    if (item == NULL) {
        return;
    }
    status_put_cell(out, "controller", -14);
    status_put_titles(out, status_performance_columns);
    for (; item != NULL; item = item->next) {
        const char *controller = status_string(item, "controller_id");
        status_put_cell(out, controller[0] != '\0' ? controller : "all", -14);
        status_put_row(out, status_performance_columns,
                       cJSON_GetObjectItemCaseSensitive(item, "report"));
    }
}

static void status_print_table(struct status *status, const cJSON *root, int executors_max)
{
    struct text *out = &status->screen;
    status_put_head(out, root, control_client_seq(text_string(&status->answer)));
    status_put_list(out, status_executor_columns,
                    cJSON_GetObjectItemCaseSensitive(root, "executors"), executors_max);
    status_put_list(out, status_position_columns,
                    cJSON_GetObjectItemCaseSensitive(root, "positions"), executors_max);
    status_put_performance(out, root);
}

/* ---- Drawing ---- */

static int status_executors_max(bool is_live)
{
    if (!is_live) {
        return INT32_MAX;
    }
    struct winsize size;
    const int height = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0
                           ? size.ws_row
                           : STATUS_HEIGHT_DEFAULT;
    const int rows = (height - STATUS_HEIGHT_KEPT) / 2;
    return rows > STATUS_EXECUTORS_MIN ? rows : STATUS_EXECUTORS_MIN;
}

/* Whole numbers as they came: cJSON would write instants with an exponent. */
static bool status_keep_integers(cJSON *item)
{
    if (cJSON_IsNumber(item) && fabs(item->valuedouble) <= STATUS_INTEGER_MAX &&
        item->valuedouble == floor(item->valuedouble)) {
        char digits[STATUS_DIGITS_MAX];
        (void)snprintf(digits, sizeof(digits), "%.0f", item->valuedouble);
        item->valuestring = strdup(digits);
        item->type = (item->type & ~cJSON_Number) | cJSON_Raw;
        return item->valuestring != NULL;
    }
    bool is_kept = true;
    for (cJSON *i = item->child; i != NULL && is_kept; i = i->next) {
        is_kept = status_keep_integers(i);
    }
    return is_kept;
}

/* The snapshot without its orders and without "ok". */
static bool status_print_json(cJSON *root)
{
    cJSON_DeleteItemFromObjectCaseSensitive(root, "ok");
    cJSON_DeleteItemFromObjectCaseSensitive(root, "orders");
    char *json = status_keep_integers(root) ? cJSON_PrintUnformatted(root) : NULL;
    if (json != NULL) {
        (void)printf("%s\n", json);
    }
    cJSON_free(json);
    return json != NULL;
}

static enum err status_show(struct status *status, bool is_live, struct failure *failure)
{
    cJSON *root = NULL;
    const enum err err = control_client_parse(&status->answer, &root, failure);
    if (err != ERR_NONE) {
        return err;
    }
    bool is_shown;
    if (status->is_json) {
        is_shown = status_print_json(root);
    } else {
        text_clear(&status->screen);
        if (is_live) {
            text_append_string(&status->screen, "\033[H\033[J");
        }
        status_print_table(status, root, status_executors_max(is_live));
        is_shown = !text_failed(&status->screen);
        (void)fputs(text_string(&status->screen), stdout);
        (void)fflush(stdout);
    }
    cJSON_Delete(root);
    return is_shown ? ERR_NONE : failure_set(failure, ERR_MEMORY, "no memory for the table");
}

/* Once, or again and again until the run has gone. */
static enum exit_code status_follow(struct status *status)
{
    const bool is_live = !status->is_once && !status->is_json && isatty(STDOUT_FILENO) == 1;
    struct failure failure;
    bool has_shown = false;
    for (;;) {
        enum err err = control_client_query(&status->client, "{\"request\":\"snapshot\"}",
                                            &status->answer, &failure);
        if (err == ERR_NOT_FOUND && has_shown) {
            (void)fputs("tutti: the run has ended\n", stderr);
            return EXIT_CODE_OK;
        }
        if (err == ERR_NONE) {
            err = status_show(status, is_live, &failure);
        }
        if (err != ERR_NONE) {
            return command_failed(&failure);
        }
        if (!is_live) {
            return EXIT_CODE_OK;
        }
        has_shown = true;
        (void)sleep(STATUS_INTERVAL_S);
    }
}

static enum exit_code status_run(const struct command *command, int argc, char **argv)
{
    struct status status = {0};
    for (int i = 1; i < argc;) {
        int taken = 1;
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (strcmp(argv[i], "--json") == 0) {
            status.is_json = true;
        } else if (strcmp(argv[i], "--once") == 0) {
            status.is_once = true;
        } else {
            taken = control_client_take(&status.client, &argv[i]);
        }
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        i += taken;
    }
    enum exit_code code = control_client_find(&status.client, command);
    if (code == EXIT_CODE_OK) {
        code = status_follow(&status);
    }
    text_done(&status.answer);
    text_done(&status.screen);
    return code;
}

const struct command command_status = {
    .name = "status",
    .summary = "what a run has: executors, positions, performance, live",
    .help = "Usage: tutti status [--once | --json] (--control URL | FILE)\n\n"
            "Shows the active executors, the positions and the performance of each controller,\n"
            "drawn anew every second while stdout is a terminal. The figures of an executor are\n"
            "those of its last change of state; performance is as of its last report\n"
            "(events.performance_interval).\n\n"
            "  --once         show it once\n"
            "  --json         print it once as JSON, with every digit\n" CONTROL_CLIENT_HELP
            "\nExample:\n  tutti status --control ipc://paper-events.control\n",
    .run = status_run,
};
