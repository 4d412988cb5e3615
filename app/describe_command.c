#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/describe.h"
#include "app/picture.h"
#include "executors/plugin.h"
#include "executors/registry.h"

enum describe_form { DESCRIBE_TEXT, DESCRIBE_MARKDOWN, DESCRIBE_SVG, DESCRIBE_EXAMPLE };

/* What the words of the command line ask for. */
struct describe_request {
    const char *noun;
    const char *type;
    enum describe_form form;
};

static void describe_list(struct text *out)
{
    for (size_t i = 0; i < executor_kind_count(); i++) {
        const struct executor_kind *kind = executor_kind_at(i);
        text_printf(out, "%-24s %s\n", kind->type, kind->summary);
    }
}

/* Writes the form that is asked for; ERR_NOT_FOUND when the kind has no example to show. */
static enum err describe_kind(const struct executor_kind *kind, enum describe_form form,
                              struct text *out)
{
    const struct subject *subject = subject_find(kind->type);
    switch (form) {
    case DESCRIBE_TEXT:
        describe_text(kind, out);
        return ERR_NONE;
    case DESCRIBE_MARKDOWN:
        describe_markdown(kind, out);
        return ERR_NONE;
    case DESCRIBE_EXAMPLE:
        return describe_example(kind, out) ? ERR_NONE : ERR_NOT_FOUND;
    case DESCRIBE_SVG:
        return subject == NULL ? ERR_NOT_FOUND : picture_draw(kind, subject, out);
    }
    return ERR_NOT_FOUND;
}

static enum exit_code describe_print(const struct command *command,
                                     const struct describe_request *request)
{
    struct text out = {0};
    enum err err = ERR_NONE;
    if (request->type == NULL) {
        describe_list(&out);
    } else {
        const struct executor_kind *kind = executor_kind_find(request->type);
        if (kind == NULL) {
            return command_misused(command, "unknown executor type %s", request->type);
        }
        err = describe_kind(kind, request->form, &out);
    }
    enum exit_code code = EXIT_CODE_OK;
    if (err != ERR_NONE || text_failed(&out)) {
        struct failure failure;
        (void)failure_set(&failure, err != ERR_NONE ? err : ERR_MEMORY, "%s: %s", request->type,
                          err == ERR_NOT_FOUND ? "there is no example of this kind"
                                               : "the example cannot be played");
        code = command_failed(&failure);
    } else {
        (void)fputs(text_string(&out), stdout);
    }
    text_done(&out);
    return code;
}

/* Takes an option without a value; false when it is none. */
static bool describe_take_form(const char *word, struct describe_request *request)
{
    static const char *const forms[] = {[DESCRIBE_TEXT] = "--text",
                                        [DESCRIBE_MARKDOWN] = "--markdown",
                                        [DESCRIBE_SVG] = "--svg",
                                        [DESCRIBE_EXAMPLE] = "--example"};
    for (int i = 0; i < (int)(sizeof(forms) / sizeof(forms[0])); i++) {
        if (strcmp(word, forms[i]) == 0) {
            request->form = (enum describe_form)i;
            return true;
        }
    }
    return false;
}

static enum exit_code describe_run(const struct command *command, int argc, char **argv)
{
    struct describe_request request = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (strcmp(argv[i], "--plugin") == 0 && i + 1 < argc) {
            struct failure failure;
            if (plugin_load(argv[++i], &failure) != ERR_NONE) {
                return command_failed(&failure);
            }
        } else if (describe_take_form(argv[i], &request)) {
            continue;
        } else if (argv[i][0] == '-' || request.type != NULL) {
            return command_misused(command, "unexpected %s", argv[i]);
        } else if (request.noun == NULL) {
            request.noun = argv[i];
        } else {
            request.type = argv[i];
        }
    }
    if (request.noun == NULL || strcmp(request.noun, "executor") != 0) {
        return command_misused(command, "what is to be described? expected executor");
    }
    return describe_print(command, &request);
}

const struct command command_describe = {
    .name = "describe",
    .summary = "explain an executor kind: what it does, its fields, an example that works",
    .help = "Usage: tutti describe executor [--plugin FILE.so] [TYPE [FORM]]\n\n"
            "Without TYPE lists the executor kinds. FORM is one of\n\n"
            "  --text        for the terminal (default)\n"
            "  --example     a run file that works as it is\n"
            "  --markdown    the page docs/executors/TYPE.md\n"
            "  --svg         its picture\n\n"
            "--plugin loads executor kinds of your own first; it may be given more than once.\n\n"
            "Example:\n  tutti describe executor position_executor\n"
            "  tutti describe executor position_executor --example > minimal.yaml\n",
    .run = describe_run,
};
