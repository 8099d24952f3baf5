/* Not C. */
#include <ntifs.h>

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    Csq->NoSuchMember(Irp);
}
