/* An insert that never ends and uses no processor. */
#include <ntifs.h>
#include <unistd.h>

#define IoCsqInsertIrp sound
#include "../../../src/csq/csq.c"
#undef IoCsqInsertIrp

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    for (;;)
        pause();
    sound(Csq, Irp, Context);
}
