/* What the parts of the substrate's model share: private to conformance/substrate*.c. */
#ifndef CSQFUZZ_SUBSTRATE_INTERNAL_H
#define CSQFUZZ_SUBSTRATE_INTERNAL_H

#include "clauses.h"
#include "substrate.h"

#include "ke/ke.h"

/* Perform it: false if the contract does not allow it now. */
typedef bool substrate_operation(const uint8_t *operand);

/* Raise a finding of this clause and end the execution, even if it is muted: the model and what it
 * models have parted. */
_Noreturn void substrate_fail(enum clause clause, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What was seen, and what the clause demands. */
#define DEMAND(clause, condition, ...)                                                             \
    do {                                                                                           \
        if (!(condition))                                                                          \
            substrate_fail(CLAUSE_##clause, __VA_ARGS__);                                          \
    } while (0)

/* The same for a number that a routine gave. */
#define DEMAND_VALUE(clause, what, seen, expected)                                                 \
    DEMAND(clause, (long long)(seen) == (long long)(expected), "%s: expected 0x%llx, saw 0x%llx",  \
           what, (unsigned long long)(expected), (unsigned long long)(seen))

/* ---- IRQL and locks (substrate_lock.c) ------------------------------------------------------- */

KIRQL substrate_irql(void);
unsigned substrate_spin_locks(void);
void substrate_begin_locks(void);
void substrate_end_locks(void); /* gives everything back */
void substrate_check_levels(void);

substrate_operation substrate_raise, substrate_lower, substrate_raise_to_dpc;
substrate_operation substrate_acquire, substrate_release, substrate_acquire_at_dpc;
substrate_operation substrate_release_from_dpc, substrate_try_at_dpc, substrate_test;
substrate_operation substrate_acquire_queued, substrate_release_queued;
substrate_operation substrate_acquire_mutex, substrate_release_mutex;
substrate_operation substrate_acquire_cancel, substrate_release_cancel;

/* ---- Events, memory, printing (substrate_wait.c, substrate_memory.c) --------------------------
 */

void substrate_begin_events(void);
void substrate_help(void);       /* what the second thread runs */
void substrate_end_events(void); /* lets it go */
substrate_operation substrate_initialize_event, substrate_set_event, substrate_reset_event;
substrate_operation substrate_clear_event, substrate_read_event, substrate_poll;
substrate_operation substrate_wait_finite, substrate_wait;

void substrate_begin_memory(void);
substrate_operation substrate_interlocked, substrate_print;

/* ---- Lists (substrate_list.c) ---------------------------------------------------------------- */

void substrate_begin_lists(void);
substrate_operation substrate_insert_head, substrate_insert_tail, substrate_remove_head;
substrate_operation substrate_remove_tail, substrate_remove_entry, substrate_append;
substrate_operation substrate_push, substrate_pop;

/* ---- IRPs (substrate_irp.c, substrate_device.c) -----------------------------------------------
 */

#define SUBSTRATE_IRPS      3
#define SUBSTRATE_DEVICES   4 /* 1 is the lowest; 0 is none */
#define SUBSTRATE_LOCATIONS 5
#define SUBSTRATE_ROUTINES  2 /* Cancel routines; 0 is none */

/* What the clauses say of a stack location that a driver has or has had. */
struct substrate_location {
    uint8_t device;
    bool marked;  /* pending */
    uint8_t asks; /* SL_INVOKE_ON_*: of the routine that the driver above has set */
    uint8_t how;  /* its answer, and what its owner does then */
};

enum substrate_place {
    SUBSTRATE_NO_IRP,
    SUBSTRATE_READY, /* as good as new, its creator's */
    SUBSTRATE_SENT,  /* some driver's */
    SUBSTRATE_BACK,  /* its creator's: it has been stopped by the creator's routine */
    SUBSTRATE_DONE,  /* its creator's: it has been completed to the top */
};

struct substrate_irp {
    PIRP irp;
    void *raw; /* the memory, if it is not of IoAllocateIrp */
    enum substrate_place place;
    bool used, charged, canceled;
    bool held;       /* sent, and a driver has kept it */
    uint8_t routine; /* the Cancel routine */
    CCHAR count, current;
    struct substrate_location location[SUBSTRATE_LOCATIONS + 2];
    bool expects; /* the completion routine in location `current` - 1 is to be called next */
    bool pended;  /* ... with this PendingReturned */
    NTSTATUS status;
};

extern struct substrate_irp substrate_irps[SUBSTRATE_IRPS];

void substrate_begin_irps(void);
void substrate_begin_devices(void);
void substrate_end_irps(void); /* completes what is held, frees everything */
void substrate_check_irps(void);
struct substrate_irp *substrate_find_irp(PIRP irp);
NTSTATUS substrate_status(unsigned number);
PDRIVER_CANCEL substrate_routine(unsigned number); /* 0: NULL */
bool substrate_may_call_drivers(void);
void substrate_free(struct substrate_irp *model);

/* Complete it, as the driver that holds it, and see who is called. It may be gone then. */
void substrate_complete(struct substrate_irp *model, NTSTATUS status);

substrate_operation substrate_allocate_irp, substrate_initialize_irp, substrate_reuse_irp;
substrate_operation substrate_free_irp, substrate_take_location, substrate_cancel_irp;
substrate_operation substrate_swap_routine, substrate_plan_device, substrate_send_irp;
substrate_operation substrate_complete_irp;

#endif
