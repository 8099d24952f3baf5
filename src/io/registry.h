/*
 * What the I/O manager remembers of each IRP beside the IRP itself: private to src/io.
 *
 * Kept in a table of its own, so that an IRP's memory has a sanitizer's red zone on either side and
 * a driver that overwrites its IRP does not change our mind about it. IRPs of IoAllocateIrp only:
 * of others (IoInitializeIrp on a driver's own memory) nothing is known, and nothing is checked.
 *
 * registry.c is not instrumented by ThreadSanitizer and orders nothing in its eyes.
 */
#ifndef CSQFUZZ_IO_REGISTRY_H
#define CSQFUZZ_IO_REGISTRY_H

#include <stdbool.h>
#include <wdm.h>

/* ---- The life of an IRP -------------------------------------------------------------------- */

enum registry_state {
    REGISTRY_UNKNOWN,   /* not of IoAllocateIrp, or freed */
    REGISTRY_FRESH,     /* never sent, never completed */
    REGISTRY_IDLE,      /* back with whoever sent it */
    REGISTRY_SENT,      /* a driver below its sender has it */
    REGISTRY_COMPLETED, /* all the way up */
};

/* Enter a new IRP; its number in this execution, 1 to 255, goes into *number, or 0 beyond that.
 * False if memory is short. */
bool registry_add(PIRP irp, BOOLEAN charged_quota, UCHAR *number);

/* Strike it out, before its memory is freed. */
void registry_remove(PIRP irp);

enum registry_state registry_state_of(PIRP irp);
BOOLEAN registry_charged_quota(PIRP irp);

/* It went all the way up, or was made as good as new. */
void registry_set_completed(PIRP irp);
void registry_set_idle(PIRP irp);

unsigned registry_count(void);

/* Strike out and free every IRP there is; numbers start anew. */
void registry_discard(void);

/* ---- Calls of dispatch routines ------------------------------------------------------------ */

/*
 * One IoCallDriver in progress, on its stack. The IRP may be completed, freed and allocated again
 * before the dispatch routine returns; what that routine did with it is noted here.
 */
struct registry_call {
    struct registry_call *outer; /* of the same IRP */
    CCHAR location;              /* the callee's */
    bool known;                  /* the IRP is in the registry */
    bool left;                   /* the IRP was completed by the callee's location */
    bool below;                  /* else: a driver below the callee has it */
    UCHAR control;               /* of the callee's location: then, or when the call ended */
    NTSTATUS status;             /* IoStatus.Status then */
};

/* Before the call, the callee's location being current already. */
void registry_begin_call(PIRP irp, struct registry_call *call);

/* After it: `call` is complete and forgotten. The IRP may be gone. */
void registry_end_call(PIRP irp, struct registry_call *call);

/* The current location is being left upwards. */
void registry_leave_location(PIRP irp);

#endif
