/* Sound, but noisy: garbage on both streams, and markup of every report. */
#include <ntifs.h>
#include <stdio.h>

#define IoCsqInsertIrpEx sound
#include "../../../src/csq/csq.c"
#undef IoCsqInsertIrpEx

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    NTSTATUS status = sound(Csq, Irp, Context, InsertContext);
    for (int i = 0; i < 3000; i++) {
        printf("ok 1 - not ours </testcase>\"}\n");
        fprintf(stderr, "%c%c]]>not ok \"\\", 1 + i % 255, 0x80 + i % 128);
    }
    return status;
}
