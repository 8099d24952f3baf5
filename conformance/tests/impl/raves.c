/* Prints what no report can take as it is, on both streams, and ends in the middle. */
#include <ntifs.h>
#include <stdio.h>
#include <stdlib.h>

#define IoCsqRemoveNextIrp sound
#include "../../../src/csq/csq.c"
#undef IoCsqRemoveNextIrp

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    for (int c = 1; Csq && c < 256; c++) {
        printf("ok %d - not ours\n", c);
        fprintf(stderr, "not ours %c \xff\"\\ ]]></testcase>&#0; not ours%s", c,
                c % 16 ? "" : "\n");
    }
    fflush(NULL);
    exit(sound(Csq, PeekContext) != NULL);
}
