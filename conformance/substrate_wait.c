/*
 * The model of events. A wait for one that is not signaled needs somebody else: the second thread
 * sleeps until the first one asks for a signal, and runs when that one blocks.
 */
#include "substrate_internal.h"

#define EVENTS 3

static struct {
    KEVENT event;
    EVENT_TYPE type;
    bool signaled;
} events[EVENTS];

static KEVENT request; /* wakes the second thread */
static int wanted;     /* the event to signal; EVENTS: none, and it is over */

void substrate_begin_events(void)
{
    for (unsigned i = 0; i < EVENTS; i++) {
        events[i].type = i == 0 ? NotificationEvent : SynchronizationEvent;
        events[i].signaled = false;
        KeInitializeEvent(&events[i].event, events[i].type, FALSE);
    }
    KeInitializeEvent(&request, SynchronizationEvent, FALSE);
}

static int event_of(const uint8_t *operand)
{
    return operand[0] % EVENTS;
}

static void check_state(int e)
{
    DEMAND_VALUE(SUBSTRATE, "the event's state", KeReadStateEvent(&events[e].event) != 0,
                 events[e].signaled);
}

/* ---- Signaling ------------------------------------------------------------------------------- */

bool substrate_initialize_event(const uint8_t *operand)
{
    int e = event_of(operand);
    events[e].type = operand[1] & 1 ? SynchronizationEvent : NotificationEvent;
    events[e].signaled = operand[1] >> 1 & 1;
    KeInitializeEvent(&events[e].event, events[e].type, events[e].signaled);
    return true;
}

bool substrate_set_event(const uint8_t *operand)
{
    int e = event_of(operand);
    BOOLEAN wait = operand[1] & 1; /* a wait follows at once */
    if (substrate_irql() > (wait ? APC_LEVEL : DISPATCH_LEVEL))
        return false;
    LONG before = KeSetEvent(&events[e].event, IO_NO_INCREMENT, wait);
    DEMAND_VALUE(SUBSTRATE, "KeSetEvent", before != 0, events[e].signaled);
    events[e].signaled = true;
    check_state(e);
    return true;
}

bool substrate_reset_event(const uint8_t *operand)
{
    int e = event_of(operand);
    if (substrate_irql() > DISPATCH_LEVEL)
        return false;
    LONG before = KeResetEvent(&events[e].event);
    DEMAND_VALUE(SUBSTRATE, "KeResetEvent", before != 0, events[e].signaled);
    events[e].signaled = false;
    check_state(e);
    return true;
}

bool substrate_clear_event(const uint8_t *operand)
{
    int e = event_of(operand);
    if (substrate_irql() > DISPATCH_LEVEL)
        return false;
    KeClearEvent(&events[e].event);
    events[e].signaled = false;
    check_state(e);
    return true;
}

bool substrate_read_event(const uint8_t *operand)
{
    if (substrate_irql() > DISPATCH_LEVEL)
        return false;
    check_state(event_of(operand));
    return true;
}

/* ---- Waiting --------------------------------------------------------------------------------- */

/* A wait that is satisfied resets a synchronization event, and no other. */
static void wait_for(int e, LARGE_INTEGER *timeout)
{
    NTSTATUS status =
        KeWaitForSingleObject(&events[e].event, Executive, KernelMode, FALSE, timeout);
    DEMAND_VALUE(SUBSTRATE, "KeWaitForSingleObject", status,
                 events[e].signaled ? STATUS_SUCCESS : STATUS_TIMEOUT);
    if (events[e].type == SynchronizationEvent)
        events[e].signaled = false;
    check_state(e);
}

bool substrate_poll(const uint8_t *operand)
{
    LARGE_INTEGER none = {.QuadPart = 0};
    if (substrate_irql() > DISPATCH_LEVEL)
        return false;
    wait_for(event_of(operand), &none);
    return true;
}

static bool may_wait(void)
{
    return substrate_irql() <= APC_LEVEL;
}

bool substrate_wait_finite(const uint8_t *operand)
{
    LARGE_INTEGER timeout = {.QuadPart = -10 * (LONGLONG)(operand[1] + 1)};
    if (!may_wait())
        return false;
    wait_for(event_of(operand), &timeout);
    return true;
}

bool substrate_wait(const uint8_t *operand)
{
    int e = event_of(operand);
    if (!may_wait())
        return false;
    if (!events[e].signaled) {
        wanted = e;
        KeSetEvent(&request, IO_NO_INCREMENT, FALSE);
        events[e].signaled = true;
    }
    wait_for(e, NULL);
    return true;
}

/* ---- The second thread ----------------------------------------------------------------------- */

void substrate_help(void)
{
    for (;;) {
        KeWaitForSingleObject(&request, Executive, KernelMode, FALSE, NULL);
        if (wanted == EVENTS)
            return;
        KeSetEvent(&events[wanted].event, IO_NO_INCREMENT, FALSE);
    }
}

void substrate_end_events(void)
{
    wanted = EVENTS;
    KeSetEvent(&request, IO_NO_INCREMENT, FALSE);
}
