/*
 * executors/registry.h - which executor kinds there are.
 *
 * Threads: const data, any thread.
 */
#ifndef TUTTI_EXECUTORS_REGISTRY_H
#define TUTTI_EXECUTORS_REGISTRY_H

#include <stddef.h>

#include "executors/executor.h"

/* To add a kind: write executors/kinds/NAME.c and add X(NAME) here, sorted. Nothing else. */
#define EXECUTOR_KINDS(X) \
    X(arbitrage)          \
    X(dca)                \
    X(grid)               \
    X(order)              \
    X(position)           \
    X(progressive)        \
    X(twap)               \
    X(xemm)

#define EXECUTOR_KIND_DECLARE(name) extern const struct executor_kind executor_kind_##name;
EXECUTOR_KINDS(EXECUTOR_KIND_DECLARE)
#undef EXECUTOR_KIND_DECLARE

/* How many kinds there are, and the i-th of them. */
size_t executor_kind_count(void);
const struct executor_kind *executor_kind_at(size_t index);

/* The kind with exactly this type tag, or NULL. */
const struct executor_kind *executor_kind_find(const char *type);

#endif
