/* Queues whose callbacks are not the stage's (CSQ-INIT-1, -7, CSQ-GEN-5, -13). */
#include "stage.h"

#include <string.h>

/* ---- Callbacks that leave a letter and have the stage do the work -------------------------- */

static char called[64];

static void note(char letter)
{
    size_t length = strlen(called);
    if (length < sizeof called - 1)
        called[length] = letter;
}

static VOID own_acquire(PIO_CSQ csq, PKIRQL irql)
{
    note('A');
    stage_csq_acquire(csq, irql);
}

static VOID own_release(PIO_CSQ csq, KIRQL irql)
{
    note('L');
    stage_csq_release(csq, irql);
}

static VOID own_insert(PIO_CSQ csq, PIRP irp)
{
    note('I');
    stage_csq_insert(csq, irp);
}

static NTSTATUS own_insert_ex(PIO_CSQ csq, PIRP irp, PVOID context)
{
    note('X');
    return stage_csq_insert_ex(csq, irp, context);
}

static VOID own_remove(PIO_CSQ csq, PIRP irp)
{
    note('R');
    stage_csq_remove(csq, irp);
}

static PIRP own_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    note('P');
    return stage_csq_peek(csq, irp, context);
}

static VOID own_complete(PIO_CSQ csq, PIRP irp)
{
    note('C');
    stage_csq_complete(csq, irp);
}

static struct stage_queue *own_queue(enum stage_kind kind)
{
    struct stage_queue *queue = stage_queue_raw();
    if (kind == PLAIN)
        IoCsqInitialize(&queue->csq, own_insert, own_remove, own_peek, own_acquire, own_release,
                        own_complete);
    else
        IoCsqInitializeEx(&queue->csq, own_insert_ex, own_remove, own_peek, own_acquire,
                          own_release, own_complete);
    queue->kind = kind;
    memset(called, 0, sizeof called);
    return queue;
}

static void expect_called(const char *wanted)
{
    expect_text(called, wanted, "the callbacks called");
    memset(called, 0, sizeof called);
}

/* ---- Exactly those that were given --------------------------------------------------------- */

/* Every routine once, each callback where it belongs. */
static void call_all(enum stage_kind kind)
{
    struct stage_queue *queue = own_queue(kind);
    PIO_CSQ_IRP_CONTEXT context = stage_context();
    expect_called("");
    stage_queued(queue, context);
    expect_called(kind == PLAIN ? "AIL" : "AXL");
    IoCsqRemoveIrp(&queue->csq, context);
    expect_called("ARL");
    PIRP irp = stage_queued(queue, NULL);
    expect_called(kind == PLAIN ? "AIL" : "AXL");
    IoCsqRemoveNextIrp(&queue->csq, irp);
    expect_called("APRL");
    IoCsqInsertIrpEx(&queue->csq, irp, NULL, NULL);
    expect_called(kind == PLAIN ? "AIL" : "AXL");
    IoCancelIrp(irp);
    expect_called("ARLC");
}

CASE(csq_init_1_plain, "IoCsqInitialize: exactly the callbacks given are called", CLAUSE_CSQ_INIT_1)
{
    call_all(PLAIN);
}

CASE(csq_init_1_ex, "IoCsqInitializeEx: exactly the callbacks given are called", CLAUSE_CSQ_INIT_1)
{
    call_all(EX);
}

/* Two queues in turn, with different callbacks: who is called for whom? */
CASE(csq_gen_13_own_callbacks, "a call uses the callbacks of its queue, not those of another",
     CLAUSE_CSQ_GEN_13)
{
    struct stage_queue *own = own_queue(PLAIN), *other = stage_queue(PLAIN);
    PIRP a = stage_queued(own, NULL);
    expect_called("AIL");
    PIRP b = stage_queued(other, NULL);
    expect_called("");
    IoCancelIrp(a);
    expect_called("ARLC");
    IoCancelIrp(b);
    expect_called("");
    stage_queued(own, NULL);
    stage_queued(other, NULL);
    expect_called("AIL");
    IoCsqRemoveNextIrp(&other->csq, NULL);
    expect_called("");
    IoCsqRemoveNextIrp(&own->csq, NULL);
    expect_called("APRL");
}

/* What a VOID function leaves where others leave their status is no status. */
static volatile NTSTATUS left_behind = STATUS_UNSUCCESSFUL;

static __attribute__((noinline)) NTSTATUS look_behind(void)
{
    return left_behind;
}

static VOID insert_and_look_behind(PIO_CSQ csq, PIRP irp)
{
    stage_csq_insert(csq, irp);
    look_behind();
}

CASE(csq_inx_1_void_callback, "a CsqInsertIrp is not asked for a status", CLAUSE_CSQ_INX_1,
     CLAUSE_CSQ_INIT_7)
{
    struct stage_queue *queue = stage_queue_raw();
    IoCsqInitialize(&queue->csq, insert_and_look_behind, stage_csq_remove, stage_csq_peek,
                    stage_csq_acquire, stage_csq_release, stage_csq_complete);
    PVOID insert_contexts[] = {NULL, queue};
    for (unsigned i = 0; i < 2; i++) {
        PIRP irp = stage_irp();
        expect_equal(IoCsqInsertIrpEx(&queue->csq, irp, NULL, insert_contexts[i]), STATUS_SUCCESS,
                     "the status");
        expect(irp->CancelRoutine != NULL, "the queued IRP is cancelable");
    }
}

/* ---- Another storage ----------------------------------------------------------------------- */

/* An array, its places used as they become free; ListEntry is the driver's for something else. */
static PIRP places[4];
#define ELSEWHERE ((PLIST_ENTRY)(ULONG_PTR)0xe15e)

static unsigned place_of(PIRP irp)
{
    unsigned place = 0;
    while (place < 4 && places[place] != irp)
        place++;
    expect(place < 4, "the IRP has a place in the array");
    return place;
}

static VOID array_insert(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    places[place_of(NULL)] = irp;
}

static VOID array_remove(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    places[place_of(irp)] = NULL;
}

static PIRP array_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    (void)csq;
    (void)context;
    for (unsigned place = irp ? place_of(irp) + 1 : 0; place < 4; place++)
        if (places[place])
            return places[place];
    return NULL;
}

static PIRP array_queued(struct stage_queue *queue)
{
    PIRP irp = stage_irp();
    irp->Tail.Overlay.ListEntry.Flink = ELSEWHERE;
    irp->Tail.Overlay.ListEntry.Blink = ELSEWHERE;
    IoCsqInsertIrp(&queue->csq, irp, NULL);
    return irp;
}

CASE(csq_gen_5_array, "the queue may be an array, and ListEntry is left to the driver",
     CLAUSE_CSQ_GEN_5)
{
    struct stage_queue *queue = stage_queue_raw();
    memset(places, 0, sizeof places);
    IoCsqInitialize(&queue->csq, array_insert, array_remove, array_peek, stage_csq_acquire,
                    stage_csq_release, stage_csq_complete);
    PIRP irps[4];
    for (unsigned i = 0; i < 3; i++)
        irps[i] = array_queued(queue);
    expect(IoCancelIrp(irps[1]), "IoCancelIrp returns TRUE");
    irps[3] = array_queued(queue);
    static const unsigned order[] = {0, 3, 2};
    for (unsigned i = 0; i < 3; i++) {
        PIRP irp = IoCsqRemoveNextIrp(&queue->csq, NULL);
        expect_same(irp, irps[order[i]], "the next IRP");
        expect_same(irp->Tail.Overlay.ListEntry.Flink, ELSEWHERE, "ListEntry.Flink");
        expect_same(irp->Tail.Overlay.ListEntry.Blink, ELSEWHERE, "ListEntry.Blink");
    }
}
