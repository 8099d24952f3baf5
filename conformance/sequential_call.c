/*
 * Calls, step by step. What a routine does by itself between two events (mark, arm, test, claim)
 * is done at the end of the first, so that the state is always the one to be seen at the second.
 */
#include "sequential.h"

static bool inserts(const struct sequential_call *call)
{
    return call->kind == OP_INSERT || call->kind == OP_INSERT_EX;
}

/* ---- Begin --------------------------------------------------------------------------------- */

static void begin_insert(struct sequential_state *state, struct sequential_call *call)
{
    struct sequential_irp *irp = &state->irps[call->irp];
    irp->place = SEQUENTIAL_DRIVER;
    irp->deciding = true;
    call->canceled = irp->canceled;
    if (call->context != SEQUENTIAL_NONE)
        state->contexts[call->context] = (struct sequential_context){.irp = SEQUENTIAL_NONE};
}

/* The first of a cancel's two points: flag and claim. Without a routine to take that is all. */
static void begin_cancel(struct sequential_state *state, struct sequential_call *call)
{
    struct sequential_irp *irp = &state->irps[call->irp];
    irp->canceled = true;
    call->completes = irp->claimed = sequential_claim(state, call->irp);
    call->queue = (int8_t)irp->queue;
    call->status = call->completes;
    if (!call->completes)
        call->step = SEQUENTIAL_RETURNING;
}

void sequential_call_begin(struct sequential_state *state, struct sequential_call *call)
{
    call->step = SEQUENTIAL_ACQUIRING;
    call->canceled = call->offered = call->completes = call->declined = false;
    call->found = call->after = SEQUENTIAL_NONE;
    call->status = STATUS_SUCCESS;
    if (inserts(call))
        begin_insert(state, call);
    else if (call->kind == OP_CANCEL)
        begin_cancel(state, call);
    else
        call->irp = SEQUENTIAL_NONE;
    call->ex = state->queues[call->queue].ex;
}

/* ---- The next event ------------------------------------------------------------------------ */

static uint8_t next_kind(const struct sequential_call *call)
{
    static const uint8_t kinds[] = {
        [SEQUENTIAL_ACQUIRING] = SEQUENTIAL_A,  [SEQUENTIAL_CHOOSING] = SEQUENTIAL_I,
        [SEQUENTIAL_INSERTING] = SEQUENTIAL_I,  [SEQUENTIAL_ACCEPTING] = SEQUENTIAL_RET,
        [SEQUENTIAL_PEEKING] = SEQUENTIAL_PK,   [SEQUENTIAL_SEEING] = SEQUENTIAL_RET,
        [SEQUENTIAL_REMOVING] = SEQUENTIAL_RM,  [SEQUENTIAL_RELEASING] = SEQUENTIAL_L,
        [SEQUENTIAL_COMPLETING] = SEQUENTIAL_C, [SEQUENTIAL_RETURNING] = SEQUENTIAL_RET,
        [SEQUENTIAL_OVER] = SEQUENTIAL_RET,
    };
    uint8_t kind = kinds[call->step];
    return kind == SEQUENTIAL_I && call->ex ? SEQUENTIAL_IX : kind;
}

struct sequential_event sequential_next(const struct sequential_call *call)
{
    struct sequential_event event = {
        .kind = next_kind(call), .queue = call->queue, .irp = call->irp};
    if (event.kind == SEQUENTIAL_IX || event.kind == SEQUENTIAL_PK)
        event.argument = call->argument;
    if (event.kind == SEQUENTIAL_PK)
        event.irp = call->after;
    if (event.kind == SEQUENTIAL_A || event.kind == SEQUENTIAL_L)
        event.irp = SEQUENTIAL_NONE;
    if (event.kind == SEQUENTIAL_RET) {
        event.status = call->status;
        event.irp = inserts(call) || call->kind == OP_CANCEL ? SEQUENTIAL_NONE : call->irp;
        event.queue = SEQUENTIAL_NONE;
    }
    return event;
}

bool sequential_is_locked(const struct sequential_call *call)
{
    return call->step >= SEQUENTIAL_CHOOSING && call->step <= SEQUENTIAL_RELEASING;
}

/* ---- Insert -------------------------------------------------------------------------------- */

/* Not offered to the queue: marked pending, and its context identifies no IRP. */
static void pass_by(struct sequential_state *state, struct sequential_call *call)
{
    state->irps[call->irp].pending = true;
    state->irps[call->irp].deciding = false;
    if (call->context != SEQUENTIAL_NONE)
        state->contexts[call->context].by_cancel = true;
    call->completes = true;
    call->step = SEQUENTIAL_RELEASING;
}

static void locked_for_insert(struct sequential_state *state, struct sequential_call *call)
{
    call->step = SEQUENTIAL_INSERTING;
    if (!state->irps[call->irp].canceled)
        return;
    if (state->reading == SEQUENTIAL_TEXT)
        pass_by(state, call);
    else if (state->reading == SEQUENTIAL_EITHER)
        call->step = SEQUENTIAL_CHOOSING;
}

void sequential_choose(struct sequential_state *state, struct sequential_call *call,
                       enum sequential_event_kind kind)
{
    if (call->step != SEQUENTIAL_CHOOSING)
        return;
    call->step = SEQUENTIAL_INSERTING;
    if (kind == SEQUENTIAL_L)
        pass_by(state, call);
}

/* The callback took it: set the routine first, test Cancel second, and if it is set try to get the
 * routine back. */
static void accepted(struct sequential_state *state, struct sequential_call *call)
{
    sequential_link(state, call->queue, call->irp);
    sequential_arm(state, call->irp, call->context);
    call->completes = state->irps[call->irp].canceled && sequential_claim(state, call->irp);
    call->step = call->completes ? SEQUENTIAL_REMOVING : SEQUENTIAL_RELEASING;
}

static void insert_answered(struct sequential_state *state, struct sequential_call *call,
                            NTSTATUS status)
{
    state->irps[call->irp].deciding = false;
    call->offered = true;
    call->status = status;
    call->declined = !NT_SUCCESS(status);
    if (call->declined)
        call->step = SEQUENTIAL_RELEASING;
    else
        accepted(state, call);
}

/* A full queue declines where its callback can say so and the caller hears it (AMB-7). */
static NTSTATUS insert_answer(const struct sequential_state *state,
                              const struct sequential_call *call)
{
    if (!call->ex || call->kind != OP_INSERT_EX)
        return STATUS_SUCCESS;
    if (sequential_is_full(state, call->queue))
        return STATUS_INSUFFICIENT_RESOURCES;
    return call->answer;
}

/* ---- Removal ------------------------------------------------------------------------------- */

/* The IRP to take, unless there is none or its cancellation is in progress. */
static bool claims(struct sequential_state *state, struct sequential_call *call, int irp)
{
    if (irp == SEQUENTIAL_NONE || !sequential_claim(state, irp))
        return false;
    call->irp = (int8_t)irp;
    call->step = SEQUENTIAL_REMOVING;
    return true;
}

static void locked_for_remove(struct sequential_state *state, struct sequential_call *call)
{
    if (!claims(state, call, state->contexts[call->context].irp))
        call->step = SEQUENTIAL_RELEASING;
}

static void peek_answered(struct sequential_state *state, struct sequential_call *call, int found)
{
    call->found = (int8_t)found;
    if (claims(state, call, found))
        return;
    call->after = (int8_t)found;
    call->step = found == SEQUENTIAL_NONE ? SEQUENTIAL_RELEASING : SEQUENTIAL_PEEKING;
}

/* ---- Steps --------------------------------------------------------------------------------- */

static void locked(struct sequential_state *state, struct sequential_call *call)
{
    if (inserts(call))
        locked_for_insert(state, call);
    else if (call->kind == OP_REMOVE)
        locked_for_remove(state, call);
    else
        call->step = call->kind == OP_CANCEL ? SEQUENTIAL_REMOVING : SEQUENTIAL_PEEKING;
}

void sequential_take(struct sequential_state *state, struct sequential_call *call)
{
    static const uint8_t then[] = {
        [SEQUENTIAL_CHOOSING] = SEQUENTIAL_ACCEPTING,
        [SEQUENTIAL_INSERTING] = SEQUENTIAL_ACCEPTING,
        [SEQUENTIAL_ACCEPTING] = SEQUENTIAL_ACCEPTING,
        [SEQUENTIAL_PEEKING] = SEQUENTIAL_SEEING,
        [SEQUENTIAL_SEEING] = SEQUENTIAL_SEEING,
        [SEQUENTIAL_REMOVING] = SEQUENTIAL_RELEASING,
        [SEQUENTIAL_RELEASING] = SEQUENTIAL_RETURNING,
        [SEQUENTIAL_COMPLETING] = SEQUENTIAL_RETURNING,
        [SEQUENTIAL_RETURNING] = SEQUENTIAL_OVER,
        [SEQUENTIAL_OVER] = SEQUENTIAL_OVER,
    };
    if (call->step == SEQUENTIAL_ACQUIRING) {
        locked(state, call);
        return;
    }
    if (call->step == SEQUENTIAL_REMOVING)
        sequential_unlink(state, call->irp, call->completes);
    if (call->step == SEQUENTIAL_RELEASING && call->completes)
        call->step = SEQUENTIAL_COMPLETING;
    else
        call->step = then[call->step];
}

bool sequential_is_asking(const struct sequential_call *call)
{
    return call->step == SEQUENTIAL_ACCEPTING || call->step == SEQUENTIAL_SEEING;
}

int32_t sequential_answer(const struct sequential_state *state, const struct sequential_call *call)
{
    if (call->step == SEQUENTIAL_ACCEPTING)
        return insert_answer(state, call);
    return sequential_find(state, call->queue, call->after, (unsigned)call->argument);
}

void sequential_answered(struct sequential_state *state, struct sequential_call *call,
                         int32_t answer)
{
    if (call->step == SEQUENTIAL_ACCEPTING)
        insert_answered(state, call, answer);
    else if (call->step == SEQUENTIAL_SEEING)
        peek_answered(state, call, answer);
}
