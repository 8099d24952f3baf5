#include "granularity.h"

#include "harness.h"
#include "ledger.h"

#include <string.h>

bool granularity_parse(const char *word, bool *memory)
{
    *memory = strcmp(word, "memory") == 0;
    return *memory || strcmp(word, "sync") == 0;
}

/* Whether the code under test was compiled for it shows when it runs. */
static bool shows_accesses(void)
{
    static const struct operation insert = {.kind = OP_INSERT};
    struct harness_plan plan = {
        .scenario = {.irps = 1, .contexts = 1, .queues = 1}, .count = 1, .operations = &insert};
    uint64_t before = sched_memory_accesses();
    harness_run(&plan);
    return sched_memory_accesses() != before;
}

bool granularity_set_memory(void)
{
    sched_set_memory_names(ledger_memory_name);
    return shows_accesses();
}
