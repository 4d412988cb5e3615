#include "tests/support/sick_executor.h"

#include "base/assert.h"
#include "executors/registry.h"

struct sick sick;
struct executor_kind sick_kind;

/* Whether this call goes wrong. */
static bool sick_fails(enum sickness sickness)
{
    if (sick.sickness != sickness) {
        return false;
    }
    const unsigned call = atomic_fetch_add(&sick.calls, 1) + 1;
    const bool fails = call >= sick.from && call <= sick.to;
    (void)atomic_fetch_add(&sick.failures, fails ? 1 : 0);
    return fails;
}

static void sick_on_market(struct executor *executor, const struct executor_view *view,
                           struct executor_requests *requests)
{
    executor_kind_position.on_market(executor, view, requests);
    if (sick_fails(SICK_EVALUATION)) {
        requests->items[requests->count++] =
            (struct executor_request){.kind = REQUEST_PLACE, .ordinal = 99, .market = 7};
    }
    if (sick_fails(SICK_HANG)) {
        const int result = sem_wait(&sick.is_noticed);
        ASSERT(result == 0);
    }
}

static void sick_save(const struct executor *executor, struct text *out)
{
    executor_kind_position.save(executor, out);
    out->failed = out->failed || sick_fails(SICK_SAVE);
}

void sick_arm(enum sickness sickness, unsigned from, unsigned to)
{
    sick_kind = executor_kind_position;
    sick_kind.on_market = sick_on_market;
    sick_kind.save = sick_save;
    sick.sickness = sickness;
    sick.from = from;
    sick.to = to;
    atomic_store(&sick.calls, 0);
    atomic_store(&sick.failures, 0);
}
