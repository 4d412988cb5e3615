#include "actors/run_control.h"

#include <stdio.h>
#include <string.h>

#include "actors/link_address.h"

/* ---- Checks ---- */

static void control_add(struct problems *problems, const struct node *list, size_t index,
                        const char *text)
{
    const struct node *node = list != NULL && list->kind == NODE_SEQUENCE && index < list->count
                                  ? list->items[index]
                                  : list;
    char path[PROBLEMS_PATH_MAX];
    problems_path_index("control.http", index, path);
    problems_add(problems, node != NULL ? node->line : 0, node != NULL ? node->column : 0, path,
                 "%s", text);
}

/* What is wrong with one address, or NULL. */
static const char *control_address_problem(const struct control_section *section, const char *url)
{
    struct link_address address;
    const bool has_tls = section->tls != NULL;
    if (link_address_parse(url, &address) != ERR_NONE) {
        return "not an address, expected http://HOST:PORT or https://HOST:PORT with an IP address "
               "or localhost";
    }
    if (address.is_tls && !has_tls) {
        return "https needs control.tls with certificate and key";
    }
    if (!address.is_loopback && !address.is_tls && !section->is_insecure) {
        return "other machines can reach this address and nothing would be encrypted: use https "
               "with control.tls, an address of this machine alone (127.0.0.1), or say so with "
               "control.insecure: true";
    }
    return NULL;
}

void run_control_check(const struct control_section *section, const struct node *root,
                       struct problems *problems)
{
    const char *const *urls = section->http.items;
    for (size_t i = 0; i < section->http.count; i++) {
        const char *text = control_address_problem(section, urls[i]);
        if (text != NULL) {
            control_add(problems, node_get(node_get(root, "control"), "http"), i, text);
        }
    }
}

/* ---- Secrets ---- */

/* DATABASE without .db, or the run's name, with .secrets. */
static void control_print_path(const struct run_control_secrets *given, struct text *out)
{
    const char *base = given->database != NULL ? given->database : given->run_name;
    size_t length = strlen(base);
    if (length > 3 && strcmp(base + length - 3, ".db") == 0) {
        length -= 3;
    }
    text_append(out, base, length);
    text_append_string(out, ".secrets");
}

static enum err control_make_secrets(const struct run_control_secrets *given, const char *path,
                                     struct link_secrets *ret_secrets, struct failure *failure)
{
    struct link_secret_texts texts;
    if (given->entropy == NULL) {
        return failure_set(failure, ERR_NOT_FOUND,
                           "%s: no such file; start the run from the command line once to make it",
                           path);
    }
    const enum err err = link_secrets_create(path, given->entropy, ret_secrets, &texts, failure);
    if (err == ERR_NONE && given->on_made != NULL) {
        given->on_made(given->context, path, &texts);
    }
    explicit_bzero(&texts, sizeof(texts));
    return err;
}

enum err run_control_secrets_open(const struct run_control_secrets *given,
                                  struct link_secrets *ret_secrets, struct failure *failure)
{
    struct text beside = {0};
    control_print_path(given, &beside);
    if (text_failed(&beside)) {
        text_done(&beside);
        return failure_set(failure, ERR_MEMORY, "no memory for secrets");
    }
    const char *path = given->path != NULL ? given->path : text_string(&beside);
    enum err err = link_secrets_load(path, ret_secrets, failure);
    if (err == ERR_NOT_FOUND) {
        err = control_make_secrets(given, path, ret_secrets, failure);
    }
    text_done(&beside);
    return err;
}
