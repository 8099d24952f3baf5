/* A removal that writes through a null pointer. */
#include <ntifs.h>

#define IoCsqRemoveNextIrp sound
#include "../../../src/csq/csq.c"
#undef IoCsqRemoveNextIrp

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    volatile LONG *nowhere = NULL;
    *nowhere = 1;
    return sound(Csq, PeekContext);
}
