/* Brings an IoCancelIrp of its own. */
#include <ntifs.h>

#include "../../../src/csq/csq.c"

BOOLEAN IoCancelIrp(PIRP Irp)
{
    return Irp == NULL;
}
