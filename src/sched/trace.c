#include "trace.h"

struct sched_trace trace_now;

const struct sched_trace *sched_trace(void)
{
    return &trace_now;
}

const char *sched_kind_label(unsigned kind)
{
    static const char *const labels[SCHED_KINDS] = {
#define SCHED_POINT(symbol, label) [SCHED_##symbol] = (label),
#include "points.def"
#undef SCHED_POINT
    };
    return kind < SCHED_KINDS ? labels[kind] : "?";
}
