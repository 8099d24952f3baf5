#include "claim.h"

#include "../sched/sched.h"
#include "io.h"

static struct claim *claims[SCHED_THREADS];

void claim_begin(struct claim *claim, PIRP irp)
{
    struct claim **innermost = &claims[sched_self()];
    sched_guard_enter();
    claim->irp = irp;
    claim->outer = *innermost;
    *innermost = claim;
    sched_guard_leave();
}

void claim_end(struct claim *claim)
{
    sched_guard_enter();
    claims[sched_self()] = claim->outer;
    sched_guard_leave();
}

static struct claim *find(PIRP irp)
{
    for (int t = 0; t < SCHED_THREADS; t++)
        for (struct claim *claim = claims[t]; claim; claim = claim->outer)
            if (claim->irp == irp)
                return claim;
    return NULL;
}

void claim_forget(PIRP irp)
{
    struct claim *claim;
    sched_guard_enter();
    while ((claim = find(irp)) != NULL)
        claim->irp = NULL;
    sched_guard_leave();
}

bool io_irp_claimed(PIRP irp)
{
    sched_guard_enter();
    bool claimed = find(irp) != NULL;
    sched_guard_leave();
    return claimed;
}

void claim_reset(void)
{
    for (int t = 0; t < SCHED_THREADS; t++)
        claims[t] = NULL;
}
