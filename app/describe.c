#include "app/describe.h"

#include <string.h>

#include "app/subject.h"
#include "config/field.h"

enum { INDENT = 2, LINE_WIDTH = 96, WORDS_INDENT = 6 };

/* Text broken into lines at blanks, each behind `indent` blanks. */
static void describe_paragraph(const char *words, int indent, struct text *out)
{
    size_t column = 0;
    while (*words != '\0') {
        const size_t length = strcspn(words, " ");
        if (column > 0 && column + 1 + length > LINE_WIDTH) {
            text_append_char(out, '\n');
            column = 0;
        }
        if (column == 0) {
            text_printf(out, "%*s", indent, "");
            column = (size_t)indent;
        } else {
            text_append_char(out, ' ');
            column++;
        }
        text_append(out, words, length);
        column += length;
        words += length;
        words += strspn(words, " ");
    }
    text_append_char(out, '\n');
}

static const char *describe_kind_of(const struct field *field)
{
    static const char *const kinds[] = {
        [FIELD_TEXT] = "text",         [FIELD_DECIMAL] = "decimal", [FIELD_INTEGER] = "integer",
        [FIELD_BOOL] = "true, false",  [FIELD_ENUM] = "",           [FIELD_DURATION] = "duration",
        [FIELD_INSTANT] = "instant",   [FIELD_OBJECT] = "object",   [FIELD_LIST] = "list",
        [FIELD_MAP] = "name: decimal", [FIELD_NODE] = "any",
    };
    return kinds[field->kind];
}

static void describe_names(const struct field *field, struct text *out)
{
    for (const struct field_name *name = field->names; name->name != NULL; name++) {
        text_printf(out, "%s%s", name == field->names ? "" : " | ", name->name);
    }
}

/* " > 0 and <= 1", or nothing. */
static void describe_bounds(const struct field *field, struct text *out)
{
    if (field->min != NULL) {
        text_printf(out, " %s %s", field->min_excluded ? ">" : ">=", field->min);
    }
    if (field->max != NULL) {
        text_printf(out, "%s %s %s", field->min != NULL ? " and" : "",
                    field->max_excluded ? "<" : "<=", field->max);
    }
}

/* "  stop_loss: decimal > 0, fraction, may be left out" and the field's own words below. */
static void describe_field(const struct field *field, int indent, struct text *out)
{
    text_printf(out, "%*s%s: %s", indent, "", field->name, describe_kind_of(field));
    if (field->kind == FIELD_ENUM) {
        describe_names(field, out);
    }
    describe_bounds(field, out);
    if (field->unit != NULL) {
        text_printf(out, ", %s", field->unit);
    }
    if (field->is_required) {
        text_append_string(out, ", required");
    } else if (field->default_text != NULL) {
        text_printf(out, ", default %s", field->default_text);
    } else {
        text_append_string(out, ", may be left out");
    }
    text_append_char(out, '\n');
    if (field->doc != NULL) {
        describe_paragraph(field->doc, indent + WORDS_INDENT, out);
    }
}

/* The table of what is inside the field, or NULL. */
static const struct field *describe_inside(const struct field *field)
{
    if (field->kind == FIELD_OBJECT) {
        return field->fields;
    }
    return field->kind == FIELD_LIST && !field->element->is_scalar ? field->element->fields : NULL;
}

static void describe_fields(const struct field *fields, int indent, struct text *out)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        describe_field(field, indent, out);
        const struct field *inside = describe_inside(field);
        if (inside != NULL) {
            describe_fields(inside, indent + INDENT, out);
        }
    }
}

/* The parts of a run file that every example has, with one market or with two. */
struct describe_frame {
    const char *tapes; /* The commands that make them. */
    const char *venues;
    const char *instruments;
    const char *feeds;
};

#define FRAME_VENUE(name_)                           \
    "  - name: " name_ "\n"                          \
    "    balances: {USDT: \"100000\", BTC: \"2\"}\n" \
    "    fees: {maker: \"0.0002\", taker: \"0.0005\"}\n"
#define FRAME_INSTRUMENT(venue_)                                                           \
    "  - {trading_pair: BTC-USDT, venue: " venue_ ", tick: \"0.01\", step: \"0.00001\",\n" \
    "     min_order_size: \"0.0001\", min_notional: \"5\"}\n"
#define FRAME_FEED(venue_, file_) \
    "  - {venue: " venue_ ", trading_pair: BTC-USDT, quotes: " file_ "}\n"
#define FRAME_TAPE(seed_, file_) "#   tutti tape walk " seed_ " 20000 " file_ "\n"

static const struct describe_frame describe_frames[WAKE_MARKETS_MAX] = {
    {FRAME_TAPE("7", "walk.csv"), FRAME_VENUE("paper"), FRAME_INSTRUMENT("paper"),
     FRAME_FEED("paper", "walk.csv")},
    {FRAME_TAPE("7", "walk.csv") FRAME_TAPE("8", "other.csv"),
     FRAME_VENUE("paper") FRAME_VENUE("other"), FRAME_INSTRUMENT("paper") FRAME_INSTRUMENT("other"),
     FRAME_FEED("paper", "walk.csv") FRAME_FEED("other", "other.csv")},
};

bool describe_example(const struct executor_kind *kind, struct text *out)
{
    const struct subject *subject = subject_find(kind->type);
    if (subject == NULL) {
        return false;
    }
    ASSERT(kind->market_count >= 1 && kind->market_count <= WAKE_MARKETS_MAX);
    const struct describe_frame *frame = &describe_frames[kind->market_count - 1];
    text_printf(out, "# From any folder:\n#\n%s#   tutti run %s-minimal.yaml\n\n", frame->tapes,
                kind->type);
    text_printf(out, "run: {name: %s-minimal, mode: backtest, seed: 7}\n\n", kind->type);
    text_printf(out, "venues:\n%s\ninstruments:\n%s\nfeeds:\n%s\n", frame->venues,
                frame->instruments, frame->feeds);
    text_printf(out, "persistence: {path: %s-minimal.db, existing: replace}\n\nexecutors:\n%s",
                kind->type, subject->executor);
    return true;
}

void describe_text(const struct executor_kind *kind, struct text *out)
{
    const struct subject *subject = subject_find(kind->type);
    text_printf(out, "%s\n\n", kind->type);
    describe_paragraph(kind->summary, 0, out);
    if (subject != NULL) {
        text_append_char(out, '\n');
        describe_paragraph(subject->story, 0, out);
    }
    text_append_string(out, "\nFields:\n\n");
    describe_fields(kind->config_fields, INDENT, out);
    if (kind->update_fields != NULL) {
        text_append_string(out, "\nWhat can be changed while it runs:\n\n");
        describe_fields(kind->update_fields, INDENT, out);
    }
    if (subject != NULL) {
        text_append_string(out, "\nExample of a run file:\n\n");
        (void)describe_example(kind, out);
    }
}

void describe_markdown(const struct executor_kind *kind, struct text *out)
{
    const struct subject *subject = subject_find(kind->type);
    text_printf(out, "# %s\n\nGenerated by `tutti describe executor %s --markdown`.\n\n",
                kind->type, kind->type);
    text_printf(out, "%s\n", kind->summary);
    if (subject != NULL) {
        text_printf(out,
                    "\n![What it does, drawn to scale](%s.svg)\n\n%s\n\nThe picture is a play of "
                    "this example over a made-up course of prices, and not a promise.\n\n",
                    kind->type, subject->story);
        text_append_string(out, "## Example\n\n```yaml\n");
        (void)describe_example(kind, out);
        text_append_string(out, "```\n");
    }
    field_print_markdown(kind->config_fields, "Fields", 2, out);
    if (kind->update_fields != NULL) {
        field_print_markdown(kind->update_fields, "Live update", 2, out);
    }
}
