/* Calls what the substrate does not have. */
#include <ntifs.h>

#define IoCsqRemoveIrp sound
#include "../../../src/csq/csq.c"
#undef IoCsqRemoveIrp

PIRP KeFrobnicateQueue(PIO_CSQ Csq);

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    return Csq ? KeFrobnicateQueue(Csq) : sound(Csq, Context);
}
