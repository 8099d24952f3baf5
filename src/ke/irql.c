/*
 * IRQL: raising and lowering it by hand (IRQ-1..IRQ-4).
 *
 * Each thread remembers the levels its raises left, those of KeAcquireSpinLock and its kin
 * included, so "only to the value from the immediately preceding raise" can be checked. Only the
 * levels nest, not the locks: giving back two locks in either order is fine as long as the IRQLs
 * are exchanged with them, as drivers do that drop an outer lock early.
 */
#include "thread.h"

KIRQL KeGetCurrentIrql(VOID)
{
    return ke_this_thread()->irql;
}

/* 0xC4/0x30: parameter 2 the current IRQL, 4 the requested one. */
VOID KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    struct ke_thread *self = ke_this_thread();
    if (NewIrql < self->irql || NewIrql > HIGH_LEVEL)
        ke_violation(KE_RULE_RAISE_IRQL, NULL, NewIrql);
    *OldIrql = self->irql;
    ke_push_level(self, NewIrql);
}

/*
 * 0xC4/0x31: parameter 2 the current IRQL, 4 the requested one. Of the two things that can be
 * wrong, the spin lock left held is the more telling, so that is looked for first.
 */
VOID KeLowerIrql(KIRQL NewIrql)
{
    struct ke_thread *self = ke_this_thread();
    ke_require_no_spin_lock_at(self, NewIrql, NULL);
    if (!ke_is_level_below(self, NewIrql))
        ke_violation(KE_RULE_LOWER_IRQL, NULL, NewIrql);
    ke_pop_level(self);
}

/* IRQL_NOT_LESS_OR_EQUAL: parameter 2 the current IRQL (BUG-7). */
KIRQL KeRaiseIrqlToDpcLevel(VOID)
{
    struct ke_thread *self = ke_this_thread();
    KIRQL old = self->irql;
    if (old > DISPATCH_LEVEL)
        KeBugCheckEx(IRQL_NOT_LESS_OR_EQUAL, 0, old, 0, 0);
    ke_push_level(self, DISPATCH_LEVEL);
    return old;
}
