/*
 * The yardstick: stop against add of a Bluetooth driver's device extension, after Qadeer and Wu,
 * "KISS: keep it simple and sequential" (PLDI 2004). A pending-I/O count starts at 1 for the device
 * itself. An add enters, works and leaves; a stop raises a flag, gives the device's 1 back, waits
 * until nobody is left, and stops the device. Entering has two bodies, chosen when linking:
 *
 *   bluetooth_racy.c    as in the original: looks at the flag, then counts itself in. The bug.
 *   bluetooth_fixed.c   counts itself in, then looks at the flag.
 */
#ifndef CSQFUZZ_BLUETOOTH_H
#define CSQFUZZ_BLUETOOTH_H

#include "sched/sched.h"

#include <stdio.h>
#include <wdm.h>

struct bluetooth_device {
    LONG volatile pending; /* the device's own 1, and one for each add inside */
    BOOLEAN stopping;      /* plain fields, as in the original: no points of their own */
    BOOLEAN stopped;
    KEVENT drained; /* pending has come to zero */
};

/* The threads of the program, and what runs on them. */
#define BLUETOOTH_THREADS 2
enum bluetooth_operation { BLUETOOTH_ADD, BLUETOOTH_STOP };

struct bluetooth_result {
    enum sched_end end;
    bool broken; /* an add worked on a stopped device */
};

/* Run add and stop once, against each other, with this strategy: add on thread `adder` (0 or 1),
 * stop on the other. The trace stays in sched_trace(). Other ends than SCHED_DONE: SCHED_STOPPED if
 * broken or if the strategy cut the execution off. */
struct bluetooth_result bluetooth_run(struct sched_strategy *strategy, unsigned adder);

/* Print the steps of the last execution, one a line. */
void bluetooth_print(FILE *out);

/* ---- Between the program and its two bodies ------------------------------------------------- */

/* "racy" or "fixed" */
extern const char bluetooth_body[];

/* May this add go on? If so, it is counted and has to leave. */
bool bluetooth_enter(struct bluetooth_device *device);

/* Count out; whoever brings the count to zero signals the event. */
void bluetooth_leave(struct bluetooth_device *device);

/* The flag, as an add sees it. */
bool bluetooth_is_stopping(const struct bluetooth_device *device);

#endif
