/*
 * actors/run_rates.h - the rates of a run file, and the asset in which its money is summed.
 *
 * Threads: as run_config.h.
 */
#ifndef TUTTI_ACTORS_RUN_RATES_H
#define TUTTI_ACTORS_RUN_RATES_H

#include "actors/run_config.h"

enum { RUN_RATE_TEXT_MAX = 256 };

/*
 * Reads the rates into config->rates and settles config->quote_asset; instruments and feeds must be
 * there. What is wrong or missing becomes a problem with the path of the field. ERR_MEMORY.
 */
MUST_USE enum err run_rates_read(struct run_config *config, const struct node *root,
                                 struct problems *problems);

/* Says what to add to rates when there is none from one asset to the other; "" when there is. */
void run_rates_explain(const struct run_config *config, const char *from, const char *to,
                       char out[RUN_RATE_TEXT_MAX]);

/* How money in the quote asset of one instrument becomes money in that of another. There must be a
 * rate. */
struct rate_source run_rates_between(const struct run_config *config, const char *from,
                                     const char *to);

#endif
