/* A shallow deviation, the caller's InsertContext is lost, and a deep one: a search that meets an
 * IRP being canceled starts again at the head of the queue. */
#include <ntifs.h>

#define IoCsqInsertIrpEx   sound_insert
#define IoCsqRemoveNextIrp sound_remove
#include "../../../src/csq/csq.c"
#undef IoCsqInsertIrpEx
#undef IoCsqRemoveNextIrp

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    UNREFERENCED_PARAMETER(InsertContext);
    return sound_insert(Csq, Irp, Context, NULL);
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    KIRQL irql = PASSIVE_LEVEL;
    PIRP irp;
    int tries = 3;

    Csq->CsqAcquireLock(Csq, &irql);
    do {
        irp = Csq->CsqPeekNextIrp(Csq, NULL, PeekContext);
    } while (irp != NULL && !claim(irp) && --tries);
    if (tries == 0)
        irp = NULL;
    if (irp != NULL) {
        Csq->CsqRemoveIrp(Csq, irp);
        dissociate(irp);
    }
    Csq->CsqReleaseLock(Csq, irql);
    return irp;
}
