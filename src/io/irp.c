/*
 * IRPs: made, freed, used again (IRP-1..IRP-6).
 *
 * Each is one malloc, so that AddressSanitizer sees its ends and its death. AllocationFlags, which
 * Windows keeps for itself as well, holds the IRP's number in the execution: it is what schedule
 * points call the IRP by.
 */
#include "claim.h"
#include "io.h"
#include "registry.h"
#include "rules.h"

#include <stdlib.h>

/* Completing counts CurrentLocation up to StackCount + 2, which must fit in a CCHAR. */
#define MOST_STACK_LOCATIONS 125

#define POISON 0xA5

/* Initializing clears all of it and names what is not zero, so no field can be forgotten. */
static VOID initialize(PIRP irp, USHORT size, CCHAR stack_size)
{
    RtlZeroMemory(irp, size);
    irp->Type = IO_TYPE_IRP;
    irp->Size = size;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CCHAR)(stack_size + 1);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
    InitializeListHead(&irp->ThreadListEntry);
}

/* Poisoned first: what initialization misses is then the same nonsense in every run and build. */
PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    USHORT size = IoSizeOfIrp(StackSize);
    UCHAR number;
    if (StackSize < 0 || StackSize > MOST_STACK_LOCATIONS)
        return NULL;
    PIRP irp = malloc(size);
    if (irp == NULL)
        return NULL;
    if (!registry_add(irp, ChargeQuota, &number)) {
        free(irp);
        return NULL;
    }
    RtlFillMemory(irp, size, POISON);
    initialize(irp, size, StackSize);
    irp->AllocationFlags = number;
    return irp;
}

/*
 * In use: a driver below its sender has it or, being cancelable, some queue has. 0xC9/0x20A:
 * parameter 2 the IRP, 3 the Cancel routine. The type is read first, so that AddressSanitizer
 * names both frees of an IRP freed twice; without it, the registry knows that it is gone.
 */
VOID IoFreeIrp(PIRP Irp)
{
    enum registry_state state =
        Irp->Type == IO_TYPE_IRP ? registry_state_of(Irp) : REGISTRY_UNKNOWN;
    if (state == REGISTRY_UNKNOWN)
        io_violation(IO_RULE_FREE_NO_IRP, (ULONG_PTR)Irp, 0, 0);
    PDRIVER_CANCEL routine = Irp->CancelRoutine;
    if (state == REGISTRY_SENT || routine != NULL)
        io_violation(IO_RULE_FREE_IN_USE, (ULONG_PTR)Irp, (ULONG_PTR)routine, 0);
    claim_forget(Irp);
    registry_remove(Irp);
    free(Irp);
}

static VOID require_not_in_use(PIRP irp)
{
    PDRIVER_CANCEL routine = irp->CancelRoutine;
    if (registry_state_of(irp) == REGISTRY_SENT || routine != NULL)
        io_violation(IO_RULE_REUSE_IN_USE, (ULONG_PTR)irp, (ULONG_PTR)routine, 0);
}

VOID IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    UCHAR number = Irp->AllocationFlags;
    require_not_in_use(Irp);
    claim_forget(Irp);
    initialize(Irp, Irp->Size, Irp->StackCount);
    Irp->AllocationFlags = number;
    Irp->IoStatus.Status = Iostatus;
    registry_set_idle(Irp);
}

/*
 * Of an IRP of IoAllocateIrp: never before its first use, later only if no quota was charged, which
 * is how IRPs were reused before there was IoReuseIrp (IRP-2, IRP-6). Raw memory may hold anything,
 * so it is not looked at.
 */
VOID IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    UCHAR number = 0;
    enum registry_state state = registry_state_of(Irp);
    if (state == REGISTRY_FRESH || registry_charged_quota(Irp))
        io_violation(IO_RULE_INITIALIZE_ALLOCATED, (ULONG_PTR)Irp, 0, 0);
    if (state != REGISTRY_UNKNOWN) {
        require_not_in_use(Irp);
        number = Irp->AllocationFlags;
        claim_forget(Irp);
        registry_set_idle(Irp);
    }
    initialize(Irp, PacketSize, StackSize);
    Irp->AllocationFlags = number;
}

unsigned io_irps_live(void)
{
    return registry_count();
}

void io_discard_irps(void)
{
    registry_discard();
}
