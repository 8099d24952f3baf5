#include "sequential_blame.h"

static bool inserts(const struct sequential_call *call)
{
    return call->kind == OP_INSERT || call->kind == OP_INSERT_EX;
}

/* The clause of a kind of call that speaks of the same thing as the others' do. */
struct by_kind {
    enum clause insert, remove, remove_next, cancel;
};

static enum clause pick(const struct sequential_call *call, const struct by_kind *clauses)
{
    switch (call->kind) {
    case OP_REMOVE:
        return clauses->remove;
    case OP_REMOVE_NEXT:
        return clauses->remove_next;
    case OP_CANCEL:
        return clauses->cancel;
    default:
        return clauses->insert;
    }
}

static const struct by_kind lock_pair = {CLAUSE_CSQ_INS_11, CLAUSE_CSQ_REM_2, CLAUSE_CSQ_RNX_1,
                                         CLAUSE_CSQ_CAN_4};

/* ---- Events: inserts ----------------------------------------------------------------------- */

/* Something else came where the IRP was to be offered to the queue, or to be passed by. */
static enum clause instead_of_insert(const struct sequential_call *call, unsigned seen)
{
    if (seen == SEQUENTIAL_I || seen == SEQUENTIAL_IX)
        return CLAUSE_CSQ_INX_3; /* the other kind */
    if (seen == SEQUENTIAL_A)
        return CLAUSE_CSQ_INS_11;
    return call->kind == OP_INSERT_EX ? CLAUSE_CSQ_INX_3 : CLAUSE_CSQ_INS_4;
}

/* The IRP was accepted or passed by: the lock is to be released, and nothing else done. */
static enum clause instead_of_release(const struct sequential_call *call, unsigned seen)
{
    if (call->declined)
        return seen == SEQUENTIAL_RET || seen == SEQUENTIAL_A ? CLAUSE_CSQ_INX_17
                                                              : CLAUSE_CSQ_INX_7;
    switch (seen) {
    case SEQUENTIAL_I:
    case SEQUENTIAL_IX:
        return call->offered ? CLAUSE_CSQ_INS_4 : CLAUSE_CSQ_INS_14;
    case SEQUENTIAL_C:
        return call->completes ? CLAUSE_CSQ_CB_CCI_4 : CLAUSE_CSQ_INS_8;
    case SEQUENTIAL_RM:
        return !call->offered    ? CLAUSE_CSQ_CB_REM_1
               : call->completes ? CLAUSE_CSQ_CB_REM_2
                                 : CLAUSE_CSQ_INS_8;
    default:
        return CLAUSE_CSQ_INS_11;
    }
}

/* A canceled IRP is to be taken out again. */
static enum clause instead_of_remove(const struct sequential_call *call, unsigned seen)
{
    if (seen == SEQUENTIAL_C)
        return CLAUSE_CSQ_CAN_7;
    return call->canceled ? CLAUSE_CSQ_INS_14 : CLAUSE_CSQ_INS_7;
}

/* All is done but what comes last. */
static enum clause after_release(const struct sequential_call *call, unsigned seen)
{
    if (call->declined)
        return seen == SEQUENTIAL_L || seen == SEQUENTIAL_A ? CLAUSE_CSQ_INX_17 : CLAUSE_CSQ_INX_7;
    switch (seen) {
    case SEQUENTIAL_C:
        return call->completes ? CLAUSE_CSQ_CB_CCI_5 : CLAUSE_CSQ_INS_8;
    case SEQUENTIAL_RM:
        return CLAUSE_CSQ_GEN_4;
    case SEQUENTIAL_RET:
        return CLAUSE_CSQ_INS_15;
    default:
        return CLAUSE_CSQ_INS_11;
    }
}

static enum clause blame_insert(const struct sequential_call *call, unsigned seen)
{
    if (seen == SEQUENTIAL_PK)
        return CLAUSE_CSQ_GEN_13;
    switch (call->step) {
    case SEQUENTIAL_ACQUIRING:
        return CLAUSE_CSQ_INS_3;
    case SEQUENTIAL_CHOOSING:
    case SEQUENTIAL_INSERTING:
        return instead_of_insert(call, seen);
    case SEQUENTIAL_REMOVING:
        return instead_of_remove(call, seen);
    case SEQUENTIAL_RELEASING:
        return instead_of_release(call, seen);
    default:
        return after_release(call, seen);
    }
}

/* ---- Events: removals ---------------------------------------------------------------------- */

/* Why the context stands for no IRP that may be taken. */
static enum clause why_nothing(const struct sequential_state *state,
                               const struct sequential_call *call)
{
    const struct sequential_context *context = &state->contexts[call->context];
    if (context->irp != SEQUENTIAL_NONE)
        return CLAUSE_CSQ_REM_5;
    return context->by_cancel ? CLAUSE_CSQ_REM_8 : CLAUSE_CSQ_REM_7;
}

static enum clause blame_remove(const struct sequential_state *state,
                                const struct sequential_call *call, unsigned seen)
{
    if (seen == SEQUENTIAL_I || seen == SEQUENTIAL_IX || seen == SEQUENTIAL_PK ||
        seen == SEQUENTIAL_C)
        return CLAUSE_CSQ_REM_10;
    if (call->step == SEQUENTIAL_REMOVING && seen == SEQUENTIAL_L)
        return CLAUSE_CSQ_REM_4;
    if (call->step == SEQUENTIAL_RELEASING && seen == SEQUENTIAL_RM)
        return call->irp == SEQUENTIAL_NONE ? why_nothing(state, call) : CLAUSE_CSQ_CB_REM_2;
    return CLAUSE_CSQ_REM_2;
}

static enum clause instead_of_peek(const struct sequential_call *call, unsigned seen)
{
    if (seen == SEQUENTIAL_A || seen == SEQUENTIAL_RET)
        return CLAUSE_CSQ_RNX_1;
    return call->after == SEQUENTIAL_NONE ? CLAUSE_CSQ_RNX_2 : CLAUSE_CSQ_RNX_6;
}

/* The search is over: an IRP is to be removed, has been removed, or there is none. */
static enum clause blame_end_of_search(const struct sequential_call *call, unsigned seen)
{
    if (call->step == SEQUENTIAL_REMOVING)
        return seen == SEQUENTIAL_PK || seen == SEQUENTIAL_L ? CLAUSE_CSQ_RNX_5 : CLAUSE_CSQ_RNX_1;
    if (call->step == SEQUENTIAL_RELEASING && seen == SEQUENTIAL_RM)
        return call->irp == SEQUENTIAL_NONE ? CLAUSE_CSQ_RNX_4 : CLAUSE_CSQ_RNX_10;
    return seen == SEQUENTIAL_PK ? CLAUSE_CSQ_RNX_13 : CLAUSE_CSQ_RNX_1;
}

static enum clause blame_remove_next(const struct sequential_call *call, unsigned seen)
{
    if (seen == SEQUENTIAL_I || seen == SEQUENTIAL_IX || seen == SEQUENTIAL_C)
        return CLAUSE_CSQ_RNX_11;
    if (call->step == SEQUENTIAL_ACQUIRING)
        return CLAUSE_CSQ_RNX_1;
    if (call->step == SEQUENTIAL_PEEKING)
        return instead_of_peek(call, seen);
    return blame_end_of_search(call, seen);
}

/* ---- Events: cancels ----------------------------------------------------------------------- */

static enum clause blame_cancel(const struct sequential_call *call, unsigned seen)
{
    if (!call->completes)
        return CLAUSE_CAN_3; /* no routine was set, so none may run */
    if (call->step == SEQUENTIAL_ACQUIRING && seen == SEQUENTIAL_RET)
        return CLAUSE_CSQ_CAN_1;
    if (seen == SEQUENTIAL_RET)
        return CLAUSE_CSQ_CAN_9;
    if (seen == SEQUENTIAL_C && call->step == SEQUENTIAL_RELEASING)
        return CLAUSE_CSQ_CAN_5;
    if (seen == SEQUENTIAL_C)
        return call->step == SEQUENTIAL_RETURNING ? CLAUSE_CSQ_CB_CCI_5 : CLAUSE_CSQ_CAN_7;
    return CLAUSE_CSQ_CAN_4;
}

/* ---- Events: arguments and results --------------------------------------------------------- */

static enum clause blame_status(const struct sequential_call *call)
{
    if (call->kind == OP_CANCEL)
        return call->status ? CLAUSE_CAN_2 : CLAUSE_CAN_3;
    if (!call->ex)
        return CLAUSE_CSQ_INX_1;
    return call->completes ? CLAUSE_CSQ_INX_12 : CLAUSE_CSQ_INX_2;
}

static enum clause blame_result(const struct sequential_state *state,
                                const struct sequential_call *call, int seen)
{
    if (call->kind == OP_REMOVE)
        return call->irp == SEQUENTIAL_NONE ? why_nothing(state, call) : CLAUSE_CSQ_REM_4;
    if (call->kind == OP_REMOVE_NEXT)
        return seen == SEQUENTIAL_NONE ? CLAUSE_CSQ_RNX_9 : CLAUSE_CSQ_RNX_13;
    return blame_status(call);
}

static enum clause blame_peek(const struct sequential_event *expected,
                              const struct sequential_event *seen)
{
    if (seen->argument != expected->argument)
        return CLAUSE_CSQ_RNX_3;
    if (expected->irp == SEQUENTIAL_NONE)
        return CLAUSE_CSQ_RNX_2;
    return seen->irp == SEQUENTIAL_NONE ? CLAUSE_CSQ_RNX_6 : CLAUSE_CSQ_CB_PEEK_3;
}

static enum clause blame_arguments(const struct sequential_state *state,
                                   const struct sequential_call *call,
                                   const struct sequential_event *expected,
                                   const struct sequential_event *seen)
{
    static const struct by_kind removed = {CLAUSE_CSQ_CB_REM_1, CLAUSE_CSQ_REM_4, CLAUSE_CSQ_RNX_5,
                                           CLAUSE_CSQ_CAN_4};
    if (seen->queue != expected->queue)
        return call->kind == OP_CANCEL ? CLAUSE_CSQ_CAN_11 : CLAUSE_CSQ_GEN_13;
    switch (seen->kind) {
    case SEQUENTIAL_IX:
        return seen->irp == expected->irp ? CLAUSE_CSQ_INX_4 : CLAUSE_CSQ_INS_4;
    case SEQUENTIAL_PK:
        return blame_peek(expected, seen);
    case SEQUENTIAL_RM:
        return pick(call, &removed);
    case SEQUENTIAL_C:
        return CLAUSE_CSQ_CB_CCI_5;
    case SEQUENTIAL_RET:
        return blame_result(state, call, seen->irp);
    default:
        return CLAUSE_CSQ_INS_4;
    }
}

enum clause sequential_blame_event(const struct sequential_state *state,
                                   const struct sequential_call *call,
                                   const struct sequential_event *seen)
{
    struct sequential_event expected = sequential_next(call);
    if (seen->kind == expected.kind)
        return blame_arguments(state, call, &expected, seen);
    if (inserts(call))
        return blame_insert(call, seen->kind);
    if (call->kind == OP_REMOVE)
        return blame_remove(state, call, seen->kind);
    if (call->kind == OP_REMOVE_NEXT)
        return blame_remove_next(call, seen->kind);
    return blame_cancel(call, seen->kind);
}

/* ---- Facts --------------------------------------------------------------------------------- */

static enum clause blame_lock(const struct sequential_call *call, unsigned at)
{
    switch (at) {
    case SEQUENTIAL_A:
        return CLAUSE_CSQ_CB_ACQ_3;
    case SEQUENTIAL_L:
        return CLAUSE_CSQ_CB_REL_2;
    case SEQUENTIAL_C:
        return CLAUSE_CSQ_CB_CCI_4;
    case SEQUENTIAL_RET:
        return pick(call, &lock_pair);
    default:
        return CLAUSE_CSQ_GEN_4;
    }
}

static enum clause blame_cancel_lock(const struct sequential_call *call, unsigned at)
{
    if (at == SEQUENTIAL_RET)
        return CLAUSE_CSL_5;
    if (at == SEQUENTIAL_C)
        return CLAUSE_CSQ_CB_CCI_4;
    return call->kind == OP_CANCEL ? CLAUSE_CSQ_CAN_2 : CLAUSE_CSQ_CAN_13;
}

static enum clause blame_irql(const struct sequential_call *call, unsigned at)
{
    if (at == SEQUENTIAL_C)
        return CLAUSE_CSQ_CB_CCI_6;
    if (call->kind == OP_CANCEL && at == SEQUENTIAL_A)
        return CLAUSE_CSQ_CAN_3;
    return call->kind == OP_CANCEL && at == SEQUENTIAL_RET ? CLAUSE_CSQ_CAN_10 : CLAUSE_CSQ_IRQL_5;
}

static enum clause blame_armed(const struct sequential_call *call, unsigned at, bool must_hold)
{
    const struct by_kind set = {call->declined    ? CLAUSE_CSQ_INX_7
                                : call->completes ? CLAUSE_CSQ_INS_9
                                                  : CLAUSE_CSQ_INS_6,
                                CLAUSE_CSQ_REM_9,
                                at == SEQUENTIAL_RET ? CLAUSE_CSQ_RNX_15 : CLAUSE_CSQ_RNX_5,
                                CLAUSE_CSQ_CAN_6};
    return must_hold ? CLAUSE_CSQ_INS_6 : pick(call, &set);
}

static enum clause blame_pending(const struct sequential_call *call, bool must_hold)
{
    static const struct by_kind lost = {CLAUSE_CSQ_INS_5, CLAUSE_CSQ_REM_13, CLAUSE_CSQ_RNX_15,
                                        CLAUSE_CSQ_INS_5};
    return must_hold ? pick(call, &lost) : CLAUSE_CSQ_INX_7;
}

enum clause sequential_blame_fact(const struct sequential_call *call,
                                  const struct sequential_event *event, enum sequential_fact fact,
                                  bool must_hold, bool own)
{
    switch (fact) {
    case FACT_LOCK:
        return blame_lock(call, event->kind);
    case FACT_CANCEL_LOCK:
        return blame_cancel_lock(call, event->kind);
    case FACT_IRQL:
        return blame_irql(call, event->kind);
    case FACT_CANCELED:
        return CLAUSE_CAN_1;
    case FACT_ARMED:
        return own ? blame_armed(call, event->kind, must_hold) : CLAUSE_CSQ_GEN_2;
    case FACT_PENDING:
        return blame_pending(call, must_hold);
    default:
        return CLAUSE_CSQ_DC_1;
    }
}
