/* The state, and the steps that change it. */
#include "sequential.h"

#include <string.h>

void sequential_begin(struct sequential_state *state, const struct scenario *scenario,
                      enum sequential_reading reading)
{
    memset(state, 0, sizeof *state);
    state->reading = (uint8_t)reading;
    for (int i = 0; i < SCENARIO_CONTEXTS; i++)
        state->contexts[i].irp = SEQUENTIAL_NONE;
    for (int i = 0; i < SCENARIO_QUEUES; i++) {
        state->queues[i].ex = scenario->queue[i].ex;
        state->queues[i].store = scenario->queue[i].store;
    }
}

void sequential_renew(struct sequential_state *state, int irp)
{
    state->irps[irp] = (struct sequential_irp){.place = SEQUENTIAL_SENDER};
}

void sequential_mark(struct sequential_state *state, int irp)
{
    state->irps[irp].pending = true;
}

void sequential_leave(struct sequential_state *state, int irp)
{
    state->irps[irp] = (struct sequential_irp){.place = SEQUENTIAL_ABSENT};
}

/* ---- Storage ------------------------------------------------------------------------------- */

static bool comes_before(int irp, int other)
{
    return irp % 2 == 0 && other % 2 != 0; /* even slots go first, each kind in order of arrival */
}

/* Where in the queue a new IRP belongs. */
static unsigned position(const struct sequential_queue *queue, int irp)
{
    unsigned at = 0;
    if (queue->store == STORE_LIFO)
        return 0;
    if (queue->store != STORE_PRIORITY)
        return queue->count;
    while (at < queue->count && !comes_before(irp, queue->irps[at]))
        at++;
    return at;
}

/* The place of an IRP in the queue; its count if it is not there. */
static unsigned index_of(const struct sequential_queue *queue, int irp)
{
    unsigned at = 0;
    while (at < queue->count && queue->irps[at] != irp)
        at++;
    return at;
}

void sequential_link(struct sequential_state *state, int number, int irp)
{
    struct sequential_queue *queue = &state->queues[number];
    unsigned at = position(queue, irp);
    if (queue->count == SCENARIO_IRPS)
        return; /* an implementation that inserts twice: it has been told so */
    memmove(&queue->irps[at + 1], &queue->irps[at], queue->count - at);
    queue->irps[at] = (uint8_t)irp;
    queue->count++;
    state->irps[irp].place = SEQUENTIAL_QUEUED;
    state->irps[irp].queue = (uint8_t)number;
}

void sequential_unlink(struct sequential_state *state, int irp, bool by_cancel)
{
    struct sequential_queue *queue = &state->queues[state->irps[irp].queue];
    unsigned at = index_of(queue, irp);
    if (at < queue->count) {
        queue->count--;
        memmove(&queue->irps[at], &queue->irps[at + 1], queue->count - at);
    }
    state->irps[irp].place = SEQUENTIAL_DRIVER;
    state->irps[irp].claimed = false;
    for (int i = 0; i < SCENARIO_CONTEXTS; i++)
        if (state->contexts[i].irp == irp)
            state->contexts[i] =
                (struct sequential_context){.irp = SEQUENTIAL_NONE, .by_cancel = by_cancel};
}

bool sequential_is_full(const struct sequential_state *state, int queue)
{
    return state->queues[queue].store == STORE_LIMITED &&
           state->queues[queue].count >= SCENARIO_CAPACITY;
}

static bool matches(int irp, unsigned match)
{
    return match == 0 || (unsigned)irp % 2 == match - 1;
}

int sequential_find(const struct sequential_state *state, int number, int irp, unsigned match)
{
    const struct sequential_queue *queue = &state->queues[number];
    unsigned at = irp == SEQUENTIAL_NONE ? 0 : index_of(queue, irp) + 1;
    for (; at < queue->count; at++)
        if (matches(queue->irps[at], match))
            return queue->irps[at];
    return SEQUENTIAL_NONE;
}

/* ---- Ownership ----------------------------------------------------------------------------- */

void sequential_arm(struct sequential_state *state, int irp, int context)
{
    state->irps[irp].pending = true;
    state->irps[irp].armed = true;
    if (context != SEQUENTIAL_NONE)
        state->contexts[context].irp = (int8_t)irp;
}

bool sequential_claim(struct sequential_state *state, int irp)
{
    bool mine = state->irps[irp].armed;
    state->irps[irp].armed = false;
    return mine;
}
