#include "actors/scheduler_watch.h"

#include <stdio.h>

#include "actors/scheduler_thread.h"
#include "actors/system_layout.h"
#include "base/instant.h"
#include "base/log.h"

enum { WATCH_LOOKS = 4 /* Within the time after which an actor counts as stuck. */ };

void watch_init(struct watch_mark *mark)
{
    *mark = (struct watch_mark){.is_reported = false};
    atomic_init(&mark->turns, 0);
    atomic_init(&mark->actor, ACTOR_NOBODY);
    atomic_init(&mark->class_, NULL);
}

int64_t watch_interval_ns(const struct system *system)
{
    return system->options.stuck_ns / WATCH_LOOKS;
}

/* Tells the watcher. False without memory: the next look tries again. */
static bool watch_tell(struct system *system, const struct actor_stuck *report)
{
    if (actor_ref_is_nobody(system->watcher)) {
        return true;
    }
    nng_msg *message = message_create(MESSAGE_ACTOR_STUCK, system_now(system), sizeof(*report));
    if (message == NULL) {
        return false;
    }
    *(struct actor_stuck *)message_body(message) = *report;
    system_post(system, system->watcher, message);
    return true;
}

/* Whose turn it is. False when that ended meanwhile. */
static bool watch_read(const struct watch_mark *mark, uint64_t turns, struct actor_stuck *report)
{
    /* Partner: the releases in watch_begin(). Who sees a later turn here sees its number below. */
    report->actor = atomic_load_explicit(&mark->actor, memory_order_acquire);
    const struct actor_class *class_ = atomic_load_explicit(&mark->class_, memory_order_acquire);
    (void)snprintf(report->name, sizeof(report->name), "%s", class_ != NULL ? class_->name : "");
    return atomic_load_explicit(&mark->turns, memory_order_relaxed) == turns;
}

static void watch_report(struct system *system, struct watch_mark *mark, int64_t for_ns)
{
    struct actor_stuck report = {.for_ns = for_ns};
    if (!watch_read(mark, mark->seen_turns, &report) || !watch_tell(system, &report)) {
        return;
    }
    mark->report = report;
    mark->is_reported = true;
    log_line(LOG_ERROR, report.name,
             "actor %u has been at work for %lld ms without coming back: what needs its answer "
             "waits",
             report.actor.slot, (long long)(for_ns / NS_PER_MS));
}

/* The turn that was reported has ended. */
static void watch_report_back(struct system *system, struct watch_mark *mark, int64_t for_ns)
{
    mark->report.is_back = true;
    mark->report.for_ns = for_ns;
    mark->is_reported = !watch_tell(system, &mark->report);
    log_line(LOG_INFO, mark->report.name, "actor %u has come back after about %lld ms",
             mark->report.actor.slot, (long long)(for_ns / NS_PER_MS));
}

void watch_look(struct system *system, struct watch_mark *mark)
{
    /* Partner: the releases in watch_begin() and watch_end(). */
    const uint64_t turns = atomic_load_explicit(&mark->turns, memory_order_acquire);
    const int64_t now_ns = scheduler_monotonic_ns();
    const int64_t for_ns = now_ns - mark->seen_ns;
    if (turns != mark->seen_turns) {
        if (mark->is_reported) {
            watch_report_back(system, mark, for_ns);
        }
        mark->seen_turns = turns;
        mark->seen_ns = now_ns;
    } else if (turns % 2 == 1 && !mark->is_reported && for_ns >= system->options.stuck_ns) {
        watch_report(system, mark, for_ns);
    }
}
