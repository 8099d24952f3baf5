/* A removal that ends the process, as if all were well. */
#include <ntifs.h>
#include <stdlib.h>

#define IoCsqRemoveIrp sound
#include "../../../src/csq/csq.c"
#undef IoCsqRemoveIrp

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    if (Csq && Context)
        exit(0);
    return sound(Csq, Context);
}
