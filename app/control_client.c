#include "app/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/link.h"
#include "actors/run_config.h"

int control_client_take(struct control_client *client, char **words)
{
    if (strcmp(words[0], "--control") == 0 && words[1] != NULL) {
        client->control = words[1];
        return 2;
    }
    if (words[0][0] != '-' && client->run_file == NULL) {
        client->run_file = words[0];
        return 1;
    }
    return 0;
}

/* ---- Where the run listens ---- */

/* The first address that requests of this program can be sent to. */
static const char *client_pick(const struct field_list *listen)
{
    const char *const *urls = listen->items;
    for (size_t i = 0; i < listen->count; i++) {
        if (strncmp(urls[i], "ipc://", 6) == 0 || strncmp(urls[i], "tcp://", 6) == 0) {
            return urls[i];
        }
    }
    return NULL;
}

static enum exit_code client_read_run_file(struct control_client *client)
{
    struct problems problems;
    problems_init(&problems, client->run_file);
    struct run_config config;
    enum exit_code code = EXIT_CODE_USAGE;
    if (run_config_load(client->run_file, &config, &problems) != ERR_NONE) {
        (void)fputs(text_string(&problems.lines), stderr);
        (void)fprintf(stderr, "tutti: %s is no run file that can be read: see above\n",
                      client->run_file);
    } else {
        const char *url = client_pick(&config.file.control->listen);
        if (url != NULL && strlen(url) < sizeof(client->url)) {
            (void)snprintf(client->url, sizeof(client->url), "%s", url);
            code = EXIT_CODE_OK;
        } else {
            (void)fprintf(stderr,
                          "tutti: %s: no address under control.listen: add one, e.g. control: "
                          "{listen: [\"ipc://%s.control\"]}\n",
                          client->run_file, config.file.run->name);
        }
    }
    run_config_done(&config);
    problems_done(&problems);
    return code;
}

enum exit_code control_client_find(struct control_client *client, const struct command *command)
{
    if (client->control == NULL) {
        return client->run_file != NULL
                   ? client_read_run_file(client)
                   : command_misused(command, "which run? Give --control URL or the run's file");
    }
    if (strlen(client->control) >= sizeof(client->url)) {
        return command_misused(command, "--control: the address is too long");
    }
    (void)snprintf(client->url, sizeof(client->url), "%s", client->control);
    return EXIT_CODE_OK;
}

/* ---- Asking ---- */

enum err control_client_ask(const struct control_client *client, const char *request,
                            struct text *answer, struct failure *failure)
{
    const size_t size = strlen(request);
    if (size > LINK_BYTES_MAX) {
        return failure_set(failure, ERR_LIMIT, "%s: the request is longer than %d bytes",
                           client->url, LINK_BYTES_MAX);
    }
    const struct link_request asked = {.url = client->url,
                                       .bytes = request,
                                       .size = size,
                                       .timeout_ms = CONTROL_CLIENT_TIMEOUT_MS};
    text_clear(answer);
    const enum err err = link_request(&asked, answer, failure);
    if (err == ERR_NOT_FOUND) {
        return failure_set(failure, err,
                           "%s: no run listens there: is it running, and was it started in this "
                           "folder? Its file says the address under control.listen",
                           client->url);
    }
    return err;
}

static const char *client_string(const cJSON *object, const char *key)
{
    const char *string = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return string != NULL ? string : "?";
}

enum err control_client_parse(const struct text *answer, cJSON **ret_root, struct failure *failure)
{
    errno = 0; /* cJSON says no other way whether the text or the memory is at fault. */
    cJSON *root = cJSON_ParseWithLength(text_string(answer), answer->length);
    if (root == NULL) {
        return errno == ENOMEM ? failure_set(failure, ERR_MEMORY, "no memory to read the answer")
                               : failure_set(failure, ERR_SYNTAX,
                                             "the answer is no JSON: does a run listen there?");
    }
    *ret_root = root;
    return ERR_NONE;
}

enum err control_client_verdict(const struct text *answer, struct text *words,
                                struct failure *failure)
{
    cJSON *root = NULL;
    enum err err = control_client_parse(answer, &root, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ok"))) {
        text_printf(words, "%s: %s", client_string(root, "code"), client_string(root, "message"));
        err = text_failed(words) ? failure_set(failure, ERR_MEMORY, "no memory for a refusal")
                                 : ERR_DENIED;
    }
    cJSON_Delete(root);
    return err;
}

enum err control_client_query(const struct control_client *client, const char *request,
                              struct text *answer, struct failure *failure)
{
    enum err err = control_client_ask(client, request, answer, failure);
    struct text words = {0};
    if (err == ERR_NONE) {
        err = control_client_verdict(answer, &words, failure);
    }
    if (err == ERR_DENIED) {
        err = failure_set(failure, ERR_DENIED, "%s: %.800s", client->url, text_string(&words));
    }
    text_done(&words);
    return err;
}

uint64_t control_client_seq(const char *json)
{
    static const char member[] = "\"seq\":";
    const char *found = strstr(json, member);
    return found != NULL ? strtoull(found + strlen(member), NULL, 10) : 0;
}

/* ---- Events ---- */

/* The events of one page are being given to `visit`. */
struct client_page {
    control_client_visit *visit;
    void *context;
    uint64_t next;  /* Seq of the first one that was not visited. */
    uint64_t count; /* Visited. */
    bool is_over;   /* visit wants no more. */
};

/* The next object of an array of objects, as it stands in the text; NULL at the end. */
static char *client_next_object(char *text, size_t *ret_length)
{
    char *start = strpbrk(text, "{]");
    if (start == NULL || *start == ']') {
        return NULL;
    }
    int depth = 0;
    bool in_string = false;
    for (char *c = start; *c != '\0'; c++) {
        if (in_string) {
            c += *c == '\\' && c[1] != '\0' ? 1 : 0;
            in_string = *c != '"';
        } else if (*c == '"') {
            in_string = true;
        } else if (*c == '{') {
            depth++;
        } else if (*c == '}' && --depth == 0) {
            *ret_length = (size_t)(c - start) + 1;
            return start;
        }
    }
    return NULL;
}

/* Visits the events of an answer byte for byte: each is cut out of the text for as long. */
static enum err client_visit_page(struct client_page *page, struct text *answer,
                                  struct failure *failure)
{
    static const char member[] = "\"events\":[";
    char *cursor = answer->data != NULL ? strstr(answer->data, member) : NULL;
    if (cursor == NULL) {
        return failure_set(failure, ERR_IO, "no events in the answer: %.200s", text_string(answer));
    }
    cursor += strlen(member);
    size_t length;
    while (!page->is_over && (cursor = client_next_object(cursor, &length)) != NULL) {
        const char behind = cursor[length];
        cursor[length] = '\0';
        const uint64_t seq = control_client_seq(cursor);
        page->next = seq + 1;
        page->count++;
        page->is_over = !page->visit(page->context, seq, cursor);
        cursor[length] = behind;
        cursor += length;
    }
    return ERR_NONE;
}

enum err control_client_events(const struct control_client *client, uint64_t from, uint64_t limit,
                               control_client_visit *visit, void *context, struct failure *failure)
{
    struct client_page page = {.visit = visit, .context = context, .next = from};
    struct text answer = {0};
    enum err err = ERR_NONE;
    bool is_last = false;
    while (err == ERR_NONE && !is_last && !page.is_over) {
        const uint64_t left = limit == 0 ? CONTROL_CLIENT_PAGE : limit - page.count;
        const uint64_t wanted = left < CONTROL_CLIENT_PAGE ? left : CONTROL_CLIENT_PAGE;
        const uint64_t before = page.count;
        char request[128];
        (void)snprintf(request, sizeof(request),
                       "{\"request\":\"events\",\"from\":%llu,\"limit\":%llu}",
                       (unsigned long long)page.next, (unsigned long long)wanted);
        err = control_client_query(client, request, &answer, failure);
        if (err == ERR_NONE) {
            err = client_visit_page(&page, &answer, failure);
        }
        is_last = page.count == before || page.count == limit;
    }
    text_done(&answer);
    return err;
}
