/*
 * The static table of schedule points of each kind of operation: what its own call can meet, a
 * nested operation's points being its own. A test holds it against what executions meet.
 */
#include "program.h"

#define LOCKING                                                                                    \
    SCHED_ACQUIRE_IN, SCHED_LOCK_WANT, SCHED_BLOCK, SCHED_LOCK_GOT, SCHED_ACQUIRE_OUT,             \
        SCHED_RELEASE_IN, SCHED_LOCK_DROP, SCHED_LOCK_FREE, SCHED_RELEASE_OUT
#define SWAPPING   SCHED_SWAP_BEFORE, SCHED_SWAP_AFTER
#define REMOVING   SCHED_REMOVE_IN, SCHED_REMOVE_OUT
#define COMPLETING SCHED_COMPLETION_IN, SCHED_COMPLETION_OUT
#define CANCELED   SCHED_COMPLETE_IN, COMPLETING, SCHED_COMPLETE_OUT
#define CANCEL_LOCKING                                                                             \
    SCHED_CANCEL_LOCK_WANT, SCHED_CANCEL_LOCK_GOT, SCHED_CANCEL_LOCK_DROP, SCHED_CANCEL_LOCK_FREE
#define ENDS SCHED_BEGIN, SCHED_END, SCHED_EXIT, SCHED_KINDS

static const uint8_t inserting[] = {LOCKING,  SWAPPING, SCHED_INSERT_IN, SCHED_INSERT_OUT, REMOVING,
                                    CANCELED, ENDS};
static const uint8_t removing[] = {LOCKING, SWAPPING, REMOVING, COMPLETING, ENDS};
static const uint8_t removing_next[] = {LOCKING,  SWAPPING,   SCHED_PEEK_IN, SCHED_PEEK_OUT,
                                        REMOVING, COMPLETING, ENDS};
static const uint8_t canceling[] = {LOCKING,
                                    CANCEL_LOCKING,
                                    SCHED_FLAG_BEFORE,
                                    SCHED_FLAG_AFTER,
                                    SCHED_CLAIM_BEFORE,
                                    SCHED_CLAIM_AFTER,
                                    SCHED_CALL_BEFORE,
                                    SCHED_CALL_AFTER,
                                    REMOVING,
                                    CANCELED,
                                    ENDS};
static const uint8_t completing[] = {COMPLETING, ENDS};
static const uint8_t cancel_locking[] = {CANCEL_LOCKING, SCHED_BLOCK, ENDS};

const uint8_t *program_labels(unsigned operation_kind)
{
    static const uint8_t *const labels[OPERATION_KINDS] = {
        [OP_INSERT] = inserting,    [OP_INSERT_EX] = inserting,
        [OP_REMOVE] = removing,     [OP_REMOVE_NEXT] = removing_next,
        [OP_CANCEL] = canceling,    [OP_DRAIN] = removing_next,
        [OP_COMPLETE] = completing, [OP_CANCEL_LOCK] = cancel_locking,
    };
    return labels[operation_kind];
}
