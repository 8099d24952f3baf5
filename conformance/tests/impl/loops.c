/* An insert that never ends. */
#include <ntifs.h>

#define IoCsqInsertIrp sound
#include "../../../src/csq/csq.c"
#undef IoCsqInsertIrp

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    static volatile LONG turns;
    for (;;)
        turns += Csq && Irp && Context;
}
