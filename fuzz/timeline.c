/* From the trace to the model: one pass over the events, with a stack of what each thread is in. */
#include "timeline.h"

#include <string.h>

#define FRAMES  64 /* operations nest 8 deep, each with a few callbacks around the next */
#define NO_LOCK UINT32_MAX
#define NUMBERS 256 /* how the substrate tells IRPs apart: a number in each execution */

struct frame {
    uint16_t bar;
    uint8_t opened_by; /* enum sched_kind */
    int8_t slot, queue;
    uint16_t operation;
};

struct lane {
    struct frame stack[FRAMES];
    unsigned depth;
    bool sets;     /* what IoSetCancelRoutine is about to store */
    uint32_t want; /* the lock it has asked for and has not got */
};

static struct timeline line;
static struct lane lanes[TIMELINE_LANES];
static struct {
    uint32_t number; /* NO_LOCK: this entry is free */
    int8_t queue, holder;
    uint16_t band;
    char name[24];
} locks[64];
static int8_t slot_of_number[NUMBERS];
static struct timeline_strand strands[SCENARIO_IRPS]; /* the current ones */

/* ---- Locks --------------------------------------------------------------------------------- */

static bool is_cancel_lock(unsigned kind)
{
    return kind >= SCHED_CANCEL_LOCK_WANT && kind <= SCHED_CANCEL_LOCK_FREE;
}

static bool is_lock(unsigned kind)
{
    return kind >= SCHED_LOCK_WANT && kind <= SCHED_CANCEL_LOCK_FREE;
}

/* A lock's entry; more locks than there is room for share the last one, unnamed. The cancel spin
 * lock, which has a number like any other, is told by its kind of point. */
static unsigned find_lock(uint32_t number, bool cancel)
{
    unsigned last = sizeof locks / sizeof locks[0] - 1;
    for (unsigned i = 0; i < last; i++) {
        if (locks[i].number == number)
            return i;
        if (locks[i].number != NO_LOCK)
            continue;
        locks[i].number = number;
        snprintf(locks[i].name, sizeof locks[i].name, cancel ? "the cancel spin lock" : "lock %u",
                 (unsigned)number);
        return i;
    }
    return last;
}

/* A queue's lock is the one first asked for inside its CsqAcquireLock. Learned beforehand: another
 * thread may have met it elsewhere. */
static void learn_locks(const struct sched_trace *trace)
{
    for (uint64_t i = line.lost; i + 1 < trace->event_count; i++) {
        const struct sched_event *in = &trace->events[i % SCHED_TRACE_CAPACITY];
        const struct sched_event *want = &trace->events[(i + 1) % SCHED_TRACE_CAPACITY];
        if (in->kind != SCHED_ACQUIRE_IN || want->kind != SCHED_LOCK_WANT ||
            want->thread != in->thread)
            continue;
        unsigned lock = find_lock(want->object, false);
        snprintf(locks[lock].name, sizeof locks[lock].name, "q%u's lock",
                 ((in->object >> 8) - 1) & 0xff);
    }
}

static void open_band(const struct sched_event *event, unsigned lock)
{
    struct timeline_band *band = &line.bands[line.band_count];
    locks[lock].holder = (int8_t)event->thread;
    locks[lock].band = (uint16_t)line.band_count++;
    *band = (struct timeline_band){.from = (uint16_t)line.row_count,
                                   .thread = event->thread,
                                   .cut_off = true,
                                   .lock = is_cancel_lock(event->kind) ? 0 : event->object};
    memcpy(band->name, locks[lock].name, sizeof band->name);
}

static void follow_lock(const struct sched_event *event)
{
    struct lane *lane = &lanes[event->thread];
    unsigned kind = event->kind;
    if (!is_lock(kind))
        return;
    unsigned lock = find_lock(event->object, is_cancel_lock(kind));
    if (kind == SCHED_LOCK_WANT || kind == SCHED_CANCEL_LOCK_WANT) {
        lane->want = event->value <= 1 ? lock : NO_LOCK;
    } else if (kind == SCHED_LOCK_GOT || kind == SCHED_CANCEL_LOCK_GOT) {
        lane->want = NO_LOCK;
        open_band(event, lock);
    } else if ((kind == SCHED_LOCK_FREE || kind == SCHED_CANCEL_LOCK_FREE) &&
               locks[lock].holder >= 0) {
        line.bands[locks[lock].band].to = (uint16_t)line.row_count;
        line.bands[locks[lock].band].cut_off = false;
        locks[lock].holder = SCHED_NOBODY;
    }
}

/* ---- What an event is about ---------------------------------------------------------------- */

static const struct frame *top_frame(unsigned thread)
{
    struct lane *lane = &lanes[thread];
    return lane->depth ? &lane->stack[lane->depth - 1] : NULL;
}

static bool names_number(unsigned kind)
{
    return kind >= SCHED_SWAP_BEFORE && kind <= SCHED_CALL_AFTER;
}

static bool names_object(unsigned kind)
{
    return kind == SCHED_BEGIN || (kind >= SCHED_ACQUIRE_IN && kind <= SCHED_COMPLETION_OUT);
}

static bool inserts_or_cancels(const struct operation *operation)
{
    return operation && (operation->kind == OP_INSERT || operation->kind == OP_INSERT_EX ||
                         operation->kind == OP_CANCEL);
}

/* Inserts and cancels work on the IRP that they began with; so its number becomes known. */
static int slot_of(const struct sched_event *event, const struct operation *operation,
                   const struct frame *top)
{
    int8_t *known = &slot_of_number[event->object % NUMBERS];
    if (names_object(event->kind))
        return (int)(event->object & 0xff) - 1;
    if (!names_number(event->kind))
        return event->kind == SCHED_END && top ? top->slot : -1;
    if (*known < 0 && top && top->slot >= 0 && inserts_or_cancels(operation))
        *known = top->slot;
    return *known;
}

static int queue_of(const struct sched_event *event, const struct operation *operation,
                    const struct frame *top)
{
    bool by_queue = operation && (operation->kind == OP_INSERT || operation->kind == OP_INSERT_EX);
    if (names_object(event->kind) && event->object >> 8)
        return (int)(event->object >> 8) - 1;
    if (event->kind == SCHED_BEGIN)
        return by_queue ? operation->queue % line.program->scenario.queues : -1;
    return top ? top->queue : -1;
}

static struct timeline_scene scene_of(const struct sched_event *event)
{
    struct lane *lane = &lanes[event->thread];
    const struct frame *top = top_frame(event->thread);
    struct timeline_scene scene = {.event = event, .lock = "an event", .holder = SCHED_NOBODY};
    if (event->operation < line.program->operation_count)
        scene.operation = &line.program->operations[event->operation];
    scene.slot = slot_of(event, scene.operation, top);
    scene.queue = queue_of(event, scene.operation, top);
    if (event->kind == SCHED_SWAP_BEFORE)
        lane->sets = event->value;
    scene.sets = lane->sets;
    uint32_t lock = is_lock(event->kind) ? find_lock(event->object, is_cancel_lock(event->kind))
                    : event->kind == SCHED_BLOCK ? lane->want
                                                 : NO_LOCK;
    if (lock != NO_LOCK) {
        scene.lock = locks[lock].name;
        scene.holder = locks[lock].holder;
    }
    return scene;
}

/* ---- Bars ---------------------------------------------------------------------------------- */

static void open_bar(const struct timeline_scene *scene)
{
    unsigned thread = scene->event->thread;
    struct lane *lane = &lanes[thread];
    struct timeline_bar *bar = &line.bars[line.bar_count];
    if (lane->depth == FRAMES || !timeline_bar_label(scene, bar->label, sizeof bar->label))
        return;
    lane->stack[lane->depth] = (struct frame){.bar = (uint16_t)line.bar_count++,
                                              .opened_by = scene->event->kind,
                                              .slot = (int8_t)scene->slot,
                                              .queue = (int8_t)scene->queue,
                                              .operation = scene->event->operation};
    bar->from = (uint16_t)line.row_count;
    bar->thread = (uint8_t)thread;
    bar->depth = (uint8_t)lane->depth++;
    bar->callback = scene->event->kind != SCHED_BEGIN;
    bar->cut_off = true;
    if (lane->depth > line.depth[thread])
        line.depth[thread] = lane->depth;
}

/* `loud`: the event has a row of its own, which the bar includes. One without any is left out. */
static void close_bar(const struct sched_event *event, bool loud)
{
    struct lane *lane = &lanes[event->thread];
    const struct frame *top = top_frame(event->thread);
    bool ends = event->kind == SCHED_END || event->kind == SCHED_CALL_AFTER ||
                (event->kind >= SCHED_ACQUIRE_OUT && event->kind <= SCHED_COMPLETION_OUT);
    if (!ends || !top ||
        top->opened_by + (event->kind == SCHED_END ? SCHED_END : 1u) != (unsigned)event->kind)
        return;
    struct timeline_bar *bar = &line.bars[top->bar];
    unsigned end = line.row_count + loud;
    lane->depth--;
    bar->cut_off = false;
    bar->to = (uint16_t)(end > bar->from ? end - 1 : bar->from);
}

/* ---- Strands ------------------------------------------------------------------------------- */

static void end_strand(struct timeline_strand *strand)
{
    if (strand->state == TIMELINE_ABSENT || strand->from >= line.row_count)
        return;
    strand->to = (uint16_t)(line.row_count - 1);
    line.strands[line.strand_count++] = *strand;
    line.slots |= 1u << strand->slot;
}

static void change(int slot, enum timeline_state state, bool canceled)
{
    struct timeline_strand *strand = &strands[slot];
    if (strand->state == state && strand->canceled == canceled)
        return;
    end_strand(strand);
    strand->from = (uint16_t)line.row_count;
    strand->state = (uint8_t)state;
    strand->canceled = canceled;
}

static void follow_begin(const struct timeline_scene *scene)
{
    const struct timeline_strand *strand = &strands[scene->slot];
    bool fresh = strand->state == TIMELINE_ABSENT || strand->state == TIMELINE_COMPLETED;
    bool inserts = scene->event->value == OP_INSERT || scene->event->value == OP_INSERT_EX;
    if (inserts || (fresh && scene->event->value == OP_CANCEL))
        change(scene->slot, TIMELINE_OWNED, !fresh && strand->canceled);
}

/* What a step makes of its IRP. */
static void follow_irp(const struct timeline_scene *scene)
{
    if (scene->slot < 0 || scene->slot >= SCENARIO_IRPS)
        return;
    const struct timeline_strand *strand = &strands[scene->slot];
    bool value = scene->event->value != 0, canceled = strand->canceled;
    switch (scene->event->kind) {
    case SCHED_BEGIN:
        follow_begin(scene);
        break;
    case SCHED_INSERT_OUT:
        if ((int32_t)scene->event->value >= 0 && strand->state == TIMELINE_OWNED)
            change(scene->slot, TIMELINE_QUEUED, canceled);
        break;
    case SCHED_SWAP_AFTER:
        if (scene->sets || value)
            change(scene->slot, scene->sets ? TIMELINE_ARMED : TIMELINE_TAKEN, canceled);
        break;
    case SCHED_FLAG_AFTER:
        change(scene->slot, (enum timeline_state)strand->state, true);
        break;
    case SCHED_CLAIM_AFTER:
        if (value)
            change(scene->slot, TIMELINE_CLAIMED, canceled);
        break;
    case SCHED_COMPLETION_IN:
        change(scene->slot, TIMELINE_COMPLETED, canceled);
        break;
    default:
        break;
    }
}

/* ---- The pass ------------------------------------------------------------------------------ */

struct timeline_row *timeline_add_row(struct timeline *to, unsigned kind, unsigned thread)
{
    struct timeline_row *row = &to->rows[to->row_count++];
    *row = (struct timeline_row){.kind = (uint8_t)kind,
                                 .thread = (uint8_t)thread,
                                 .event = SCHED_KINDS,
                                 .slot = -1,
                                 .next = -1,
                                 .waits_for = -1,
                                 .operation = SCHED_NO_OPERATION};
    return row;
}

static bool is_loud(const struct sched_trace *trace, uint64_t i)
{
    const struct sched_event *event = &trace->events[i % SCHED_TRACE_CAPACITY];
    const struct sched_event *next = &trace->events[(i + 1) % SCHED_TRACE_CAPACITY];
    if (event->thread == SCHED_EPILOGUE && event->kind == SCHED_EXIT)
        return line.lanes >> SCHED_EPILOGUE & 1u; /* had it anything to do? */
    if (!timeline_is_quiet(event) || i + 1 == trace->event_count || next->thread != event->thread)
        return true;
    bool enters = event->kind == SCHED_INSERT_IN || event->kind == SCHED_REMOVE_IN ||
                  event->kind == SCHED_PEEK_IN;
    return enters && next->kind != event->kind + 1; /* something happens inside */
}

static void add_step(const struct timeline_scene *scene, uint64_t i)
{
    const struct sched_event *event = scene->event;
    struct timeline_row *row = timeline_add_row(&line, TIMELINE_STEP, event->thread);
    row->step = i + 1;
    row->event = event->kind;
    row->slot = (int8_t)scene->slot;
    row->operation = event->operation;
    line.lanes |= 1u << event->thread;
    timeline_describe(scene, row->text);
}

static void take_event(const struct sched_trace *trace, uint64_t i)
{
    const struct sched_event *event = &trace->events[i % SCHED_TRACE_CAPACITY];
    struct timeline_scene scene = scene_of(event);
    bool loud = is_loud(trace, i);
    open_bar(&scene);
    follow_lock(event);
    follow_irp(&scene);
    close_bar(event, loud);
    if (loud)
        add_step(&scene, i);
}

/* Switches that the strategy chose, of those that follow a shown step: all do. A thread that has
 * ended or cannot go on was not preempted. */
static void mark_switches(const struct sched_trace *trace)
{
    unsigned row = 0;
    for (uint32_t i = 0; i < trace->switch_count; i++) {
        while (row < line.row_count && line.rows[row].step < trace->switches[i].event + 1ull)
            row++;
        if (row < line.row_count && line.rows[row].step == trace->switches[i].event + 1ull &&
            line.rows[row].event != SCHED_BLOCK && line.rows[row].event != SCHED_EXIT &&
            trace->switches[i].to != line.rows[row].thread)
            line.rows[row].next = (int8_t)trace->switches[i].to;
    }
}

static void reset(const struct program *program, const struct sched_trace *trace)
{
    memset(&line, 0, offsetof(struct timeline, rows)); /* not the rest: it is megabytes */
    line.program = program;
    line.finding = finding.present ? &finding : NULL;
    line.steps = trace->event_count;
    line.lost = trace->event_count - sched_trace_kept(trace);
    line.hash = trace->hash;
    line.unended = sched_self() != SCHED_OUTSIDE;
    for (unsigned t = 0; t < TIMELINE_LANES; t++)
        lanes[t].depth = 0, lanes[t].sets = false, lanes[t].want = NO_LOCK;
    for (unsigned i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        locks[i].number = NO_LOCK;
        locks[i].holder = SCHED_NOBODY;
        snprintf(locks[i].name, sizeof locks[i].name, "a lock");
    }
    memset(slot_of_number, -1, sizeof slot_of_number);
    for (unsigned i = 0; i < SCENARIO_IRPS; i++)
        strands[i] = (struct timeline_strand){.slot = (uint8_t)i};
}

/* What has not ended lasts to the last row. */
static void end_everything(void)
{
    uint16_t last = (uint16_t)(line.row_count ? line.row_count - 1 : 0);
    for (unsigned i = 0; i < line.bar_count; i++)
        if (line.bars[i].cut_off)
            line.bars[i].to = last;
    for (unsigned i = 0; i < line.band_count; i++)
        if (line.bands[i].cut_off)
            line.bands[i].to = last;
    for (unsigned i = 0; i < SCENARIO_IRPS; i++)
        end_strand(&strands[i]);
}

const struct timeline *timeline_build(const struct program *program)
{
    const struct sched_trace *trace = sched_trace();
    const char *wants[TIMELINE_LANES] = {0};
    int holders[TIMELINE_LANES];
    reset(program, trace);
    learn_locks(trace);
    for (uint64_t i = line.lost; i < trace->event_count; i++)
        take_event(trace, i);
    mark_switches(trace);
    for (unsigned t = 0; t < TIMELINE_LANES; t++) {
        uint32_t want = lanes[t].want;
        wants[t] = want == NO_LOCK ? NULL : locks[want].name;
        holders[t] = want == NO_LOCK ? SCHED_NOBODY : locks[want].holder;
    }
    timeline_conclude(&line, wants, holders);
    end_everything();
    timeline_fold(&line);
    return &line;
}
