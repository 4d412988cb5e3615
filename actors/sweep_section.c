#include "actors/sweep_section.h"

static const struct field_name sample_names[] = {
    {"grid", SWEEP_GRID}, {"random", SWEEP_RANDOM}, {NULL, 0}};
static const struct field_name scale_names[] = {
    {"linear", SWEEP_LINEAR}, {"log", SWEEP_LOG}, {NULL, 0}};

static const struct field parameter_fields[] = {
    {.name = "path",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct sweep_parameter_section, path),
     .is_required = true,
     .doc = "What is changed, e.g. executors[0].triple_barrier_config.stop_loss or run.seed. "
            "feeds, persistence, events, control and sweep are the same for every set."},
    {.name = "values",
     .kind = FIELD_NODE,
     .offset = offsetof(struct sweep_parameter_section, values),
     .doc = "A list of what it becomes: numbers, text, null, or whole sections. Either this, or "
            "from and to."},
    {.name = "from",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct sweep_parameter_section, from),
     .set_offset = offsetof(struct sweep_parameter_section, has_from),
     .is_nullable = true,
     .doc = "First value of a range."},
    {.name = "to",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct sweep_parameter_section, to),
     .set_offset = offsetof(struct sweep_parameter_section, has_to),
     .is_nullable = true,
     .doc = "Last value of a range; it may be below from."},
    {.name = "steps",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct sweep_parameter_section, steps),
     .default_text = "10",
     .min = "2",
     .max = "10000",
     .doc = "How many values a range has, both ends among them. Values between the ends have ten "
            "significant digits."},
    {.name = "scale",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct sweep_parameter_section, scale),
     .names = scale_names,
     .default_text = "linear",
     .doc = "linear: equal differences. log: equal ratios; both ends must be positive."},
    {0}};

static const struct field_element parameter_element = {
    .size = sizeof(struct sweep_parameter_section), .fields = parameter_fields};

const struct field sweep_section_fields[] = {
    {.name = "sample",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct sweep_section, sample),
     .names = sample_names,
     .default_text = "grid",
     .doc = "grid: every combination; the last parameter changes fastest. random: count draws, "
            "each value with equal chance; the same set may be drawn again."},
    {.name = "count",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct sweep_section, count),
     .default_text = "1000",
     .min = "1",
     .max = "1000000000",
     .doc = "Sets of a random sample."},
    {.name = "seed",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct sweep_section, seed),
     .default_text = "1",
     .min = "0",
     .doc =
         "Of the draws. Several seeds of the run itself are a parameter with the path run.seed."},
    {.name = "rank_by",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct sweep_section, rank_by),
     .names = sweep_measure_names,
     .default_text = "net_pnl_quote",
     .doc = "What the table is ordered by, the best first: the greatest, but the smallest of "
            "fees_quote and max_drawdown_quote."},
    {.name = "top",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct sweep_section, top),
     .default_text = "10",
     .min = "1",
     .max = "1000",
     .doc = "Rows of the table."},
    {.name = "parameters",
     .kind = FIELD_LIST,
     .offset = offsetof(struct sweep_section, parameters),
     .element = &parameter_element,
     .is_required = true,
     .count_min = 1,
     .count_max = SWEEP_PARAMETERS_MAX,
     .doc = "What is changed."},
    {0}};
