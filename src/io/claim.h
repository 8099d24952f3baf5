/*
 * Claims: which IRP's Cancel routine an IoCancelIrp in progress has taken. For the harness, which
 * must know who owns an IRP; the I/O manager itself never asks. Private to src/io but for
 * io_irp_claimed(). Not instrumented, like registry.h.
 */
#ifndef CSQFUZZ_IO_CLAIM_H
#define CSQFUZZ_IO_CLAIM_H

#include <wdm.h>

/* One IoCancelIrp's claim, on its stack; nested calls link to the one around them. */
struct claim {
    PIRP irp; /* NULL: none, or the IRP was freed or reused since */
    struct claim *outer;
};

/* Around the call of the routine, by the thread that took it. */
void claim_begin(struct claim *claim, PIRP irp);
void claim_end(struct claim *claim);

/* The IRP is freed or begins another life. */
void claim_forget(PIRP irp);

/* Start of an execution: calls that were cut off never end their claims. */
void claim_reset(void);

#endif
