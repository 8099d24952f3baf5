/* The sequential specification: what it predicts, and that it notices every kind of difference. */
#include "conformance/driver.h"
#include "conformance/finding.h"
#include "conformance/ledger.h"
#include "conformance/sequential.h"
#include "conformance/sequential_check.h"
#include "fuzz/execute.h"
#include "fuzz/target.h"
#include "sched/random.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAMS 60000u

/* ---- Predictions --------------------------------------------------------------------------- */

static struct sequential_state state;

static void new_state(bool ex, uint8_t store, enum sequential_reading reading)
{
    struct scenario scenario = {.queue = {{.ex = ex, .store = store}, {.ex = ex, .store = store}}};
    sequential_begin(&state, &scenario, reading);
    for (int i = 0; i < SCENARIO_IRPS; i++)
        sequential_renew(&state, i);
}

static struct sequential_call call_of(uint8_t kind, int irp, int context)
{
    return (struct sequential_call){
        .kind = kind, .irp = (int8_t)irp, .context = (int8_t)context, .answer = STATUS_SUCCESS};
}

/* Take the next event, and the driver's answer if it has one. */
static void one_step(struct sequential_call *call)
{
    sequential_take(&state, call);
    if (sequential_is_asking(call))
        sequential_answered(&state, call, sequential_answer(&state, call));
}

static void finish(struct sequential_call *call)
{
    while (call->step != SEQUENTIAL_OVER)
        one_step(call);
}

static void perform(uint8_t kind, int irp, int context)
{
    struct sequential_call call = call_of(kind, irp, context);
    sequential_call_begin(&state, &call);
    finish(&call);
}

static void expect_rest(const struct sequential_call *call, const char *expected, const char *name)
{
    char text[120] = "";
    sequential_print_rest(text, sizeof text, &state, call);
    if (!tap_ok(strcmp(text, expected) == 0, name))
        printf("#      got %s\n# expected %s\n", text, expected);
}

/* The call is predicted in full, then takes place. */
static void expect_call(uint8_t kind, int irp, int context, const char *expected, const char *name)
{
    struct sequential_call call = call_of(kind, irp, context);
    sequential_call_begin(&state, &call);
    expect_rest(&call, expected, name);
    finish(&call);
}

static void plain_queue(void)
{
    new_state(false, STORE_FIFO, SEQUENTIAL_TEXT);
    expect_call(OP_REMOVE_NEXT, -1, -1, "A Pk(NULL) L ret(NULL)", "TR-12: an empty queue");
    expect_call(OP_INSERT, 0, 0, "A I L ret", "TR-1: insert");
    expect_call(OP_INSERT_EX, 1, -1, "A I L ret(0x00000000)", "TR-2: insert-ex, plain queue");
    expect_call(OP_REMOVE, -1, 0, "A Rm L ret(irp0)", "TR-9: remove by context");
    expect_call(OP_REMOVE, -1, 0, "A L ret(NULL)", "TR-9: and a second time");
    expect_call(OP_CANCEL, 1, -1, "A Rm L C ret(TRUE)", "TR-7: cancel while queued");
    expect_call(OP_CANCEL, 0, -1, "ret(FALSE)", "TR-17: cancel after removal");
    expect_call(OP_INSERT, 0, 0, "A L C ret", "TR-18, text: inserted again");
    expect_call(OP_REMOVE, -1, 0, "A L ret(NULL)", "CSQ-CTX-7: its context");
    perform(OP_INSERT, 2, 1);
    expect_call(OP_REMOVE_NEXT, -1, -1, "A Pk(NULL) Rm L ret(irp2)", "TR-13: remove-next");
    expect_call(OP_REMOVE, -1, 1, "A L ret(NULL)", "TR-16: remove after remove-next");
}

static void ex_queue(void)
{
    struct sequential_call call = call_of(OP_INSERT_EX, 0, -1);
    new_state(true, STORE_LIMITED, SEQUENTIAL_DIAGRAM);
    call.answer = STATUS_PENDING;
    sequential_call_begin(&state, &call);
    expect_rest(&call, "A Ix L ret(0x00000103)", "TR-3: insert-ex returns the callback's value");
    call.answer = STATUS_UNSUCCESSFUL;
    expect_rest(&call, "A Ix L ret(0xC0000001)", "TR-4: a callback that declines");
    finish(&call);
    tap_ok(!state.irps[0].pending && !state.irps[0].armed, "TR-4: and leaves no trace");
    perform(OP_CANCEL, 0, -1);
    expect_call(OP_INSERT_EX, 0, -1, "A Ix Rm L C ret(0x00000000)",
                "TR-5, diagram: canceled before");
    perform(OP_INSERT_EX, 1, -1);
    perform(OP_INSERT_EX, 2, -1);
    expect_call(OP_INSERT_EX, 3, -1, "A Ix L ret(0xC000009A)", "a full queue declines");
    expect_call(OP_INSERT, 3, -1, "A Ix L ret", "AMB-7: but not where nobody hears it");
}

/* Something happens while the call is inside its insert callback. */
static void canceled_inside_insert(void)
{
    struct sequential_call call = call_of(OP_INSERT, 0, -1);
    new_state(false, STORE_FIFO, SEQUENTIAL_TEXT);
    sequential_call_begin(&state, &call);
    one_step(&call);
    sequential_take(&state, &call);
    expect_call(OP_CANCEL, 0, -1, "ret(FALSE)", "TR-6: cancel inside I");
    sequential_answered(&state, &call, STATUS_SUCCESS);
    expect_rest(&call, "Rm L C ret", "TR-6: I is followed by Rm L C");
}

/* A cancel's two points: it has claimed irp0 and irp1 and unlinked neither. */
static void cancel_in_progress(void)
{
    struct sequential_call first = call_of(OP_CANCEL, 0, -1), second = call_of(OP_CANCEL, 1, -1);
    new_state(true, STORE_LIMITED, SEQUENTIAL_TEXT);
    perform(OP_INSERT, 0, 0);
    perform(OP_INSERT, 1, 1);
    sequential_call_begin(&state, &first);
    expect_call(OP_REMOVE, -1, 0, "A L ret(NULL)", "TR-10: remove while a cancel is in progress");
    expect_call(OP_INSERT_EX, 2, -1, "A Ix L ret(0xC000009A)", "a claimed IRP fills its place");
    perform(OP_INSERT, 2, 2);
    sequential_call_begin(&state, &second);
    struct sequential_state copy = state;
    expect_call(OP_REMOVE_NEXT, -1, -1, "A Pk(NULL) Pk(irp0) Pk(irp1) Rm L ret(irp2)",
                "TR-14: remove-next skips both");
    expect_call(OP_REMOVE_NEXT, -1, -1, "A Pk(NULL) Pk(irp0) Pk(irp1) L ret(NULL)",
                "TR-15: and finds nothing else");
    expect_call(OP_CANCEL, 0, -1, "ret(FALSE)", "RACE-12: a second cancel");
    finish(&first);
    expect_call(OP_INSERT_EX, 3, -1, "A Ix L ret(0x00000000)", "unlinked it makes room");
    state = copy;
    expect_rest(&second, "A Rm L C ret(TRUE)", "a copied state is a state");
}

static void canceler_wins(void)
{
    struct sequential_call insert = call_of(OP_INSERT, 0, -1), cancel = call_of(OP_CANCEL, 0, -1);
    new_state(false, STORE_FIFO, SEQUENTIAL_TEXT);
    sequential_call_begin(&state, &insert);
    one_step(&insert);
    one_step(&insert);
    sequential_call_begin(&state, &cancel);
    expect_rest(&insert, "L ret", "RACE-5: claimed before the lock is released");
    expect_rest(&cancel, "A Rm L C ret(TRUE)", "RACE-5: its canceller");
}

static void unknown_reading(void)
{
    struct sequential_call text = call_of(OP_INSERT, 0, -1), diagram = call_of(OP_INSERT, 1, -1);
    new_state(false, STORE_FIFO, SEQUENTIAL_EITHER);
    perform(OP_CANCEL, 0, -1);
    perform(OP_CANCEL, 1, -1);
    sequential_call_begin(&state, &text);
    sequential_call_begin(&state, &diagram);
    one_step(&text);
    one_step(&diagram);
    sequential_choose(&state, &text, SEQUENTIAL_L);
    sequential_choose(&state, &diagram, SEQUENTIAL_I);
    expect_rest(&text, "L C ret", "AMB-1: who releases the lock follows the text");
    expect_rest(&diagram, "I Rm L C ret", "AMB-1: who inserts follows the diagram");
}

static void order(uint8_t store, unsigned match, const char *expected, const char *name)
{
    char text[120] = "";
    new_state(false, store, SEQUENTIAL_TEXT);
    for (int i = SCENARIO_IRPS - 1; i >= 0; i--)
        perform(OP_INSERT, i, -1);
    for (int at = SEQUENTIAL_NONE; (at = sequential_find(&state, 0, at, match)) >= 0;)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d", at);
    if (!tap_ok(strcmp(text, expected) == 0, name))
        printf("# got %s expected %s\n", text, expected);
}

static void orders(void)
{
    order(STORE_FIFO, 0, "3210", "CSQ-GEN-5: first in, first out");
    order(STORE_LIFO, 0, "0123", "CSQ-GEN-5: last in, first out");
    order(STORE_PRIORITY, 0, "2031", "CSQ-GEN-5: even ones first, each kind as they came");
    order(STORE_LIMITED, 1, "20", "CSQ-CB-PEEK-1: even ones only");
    order(STORE_FIFO, 2, "31", "CSQ-CB-PEEK-1: odd ones only");
}

/* ---- Lies ---------------------------------------------------------------------------------- */

/* An execution of our library is told to the specification with one lie in it. */
enum lie { OMIT, TWICE, AS_ANOTHER, WRONG_IRP, WRONG_ARGUMENT, WRONG_ANSWER, TAMPER };

/* What is tampered with, while the specification looks: the IRP in slot 0. */
enum field { CANCEL_FLAG = 100, CANCEL_ROUTINE, PENDING_MARK, KEY, LINK };

#define RETURN OBSERVED_COMPLETE + 1 /* as the place of a lie */

struct told {
    const char *clause; /* that the difference must be blamed on; "nothing": there is none */
    const char *program;
    uint8_t at;    /* enum observed_callback, or RETURN */
    uint8_t visit; /* which of those of the whole execution, from 0 */
    uint8_t lie;   /* enum lie */
    uint8_t as;    /* the other callback, or a field */
};

#define PLAIN  "csq 1\nqueue q0 plain spin fifo\n"
#define EX     "csq 1\nqueue q0 ex spin fifo\n"
#define INSERT "t0 insert q0 irp0 ctx0 keep\n"
#define NEXT   "t0 remove-next q0\n"
#define CANCEL "t0 cancel irp0\n"
#define REMOVE "t0 remove ctx0\n"

static const struct told stories[] = {
    {"CSQ-INS-3", PLAIN INSERT, OBSERVED_ACQUIRE, 0, OMIT, 0},
    {"CSQ-INS-4", PLAIN INSERT, OBSERVED_INSERT, 0, OMIT, 0},
    {"CSQ-INS-4", PLAIN INSERT, OBSERVED_INSERT, 0, WRONG_IRP, 0},
    {"CSQ-INX-3", PLAIN INSERT, OBSERVED_INSERT, 0, AS_ANOTHER, OBSERVED_INSERT_EX},
    {"CSQ-INX-4", EX "t0 insert-ex q0 irp0\n", OBSERVED_INSERT_EX, 0, WRONG_ARGUMENT, 0},
    {"CSQ-INS-8", PLAIN INSERT, OBSERVED_RELEASE, 0, AS_ANOTHER, OBSERVED_REMOVE},
    {"CSQ-INS-11", PLAIN INSERT, OBSERVED_RELEASE, 0, OMIT, 0},
    {"CSQ-INS-11", PLAIN INSERT, OBSERVED_RELEASE, 0, TWICE, 0},
    {"CSQ-INS-14", PLAIN CANCEL INSERT, OBSERVED_RELEASE, 0, AS_ANOTHER, OBSERVED_INSERT},
    {"CSQ-INS-15", PLAIN CANCEL INSERT, OBSERVED_COMPLETE, 0, OMIT, 0},
    {"CSQ-CB-CCI-5", PLAIN CANCEL INSERT, OBSERVED_COMPLETE, 0, TWICE, 0},
    {"CSQ-INS-7", PLAIN INSERT "t0 in insert cancel\n", OBSERVED_REMOVE, 0, OMIT, 0},
    {"CSQ-INX-7", EX "t0 insert-ex q0 irp0 answer error\n", OBSERVED_RELEASE, 0, AS_ANOTHER,
     OBSERVED_REMOVE},
    {"CSQ-INX-17", EX "t0 insert-ex q0 irp0 answer error\n", OBSERVED_RELEASE, 0, TWICE, 0},
    {"CSQ-INX-2", EX "t0 insert-ex q0 irp0 answer pending\n", RETURN, 0, WRONG_ANSWER, 0},
    {"CSQ-INX-1", PLAIN "t0 insert-ex q0 irp0\n", RETURN, 0, WRONG_ANSWER, 0},
    {"CSQ-REM-4", PLAIN INSERT REMOVE, OBSERVED_REMOVE, 0, OMIT, 0},
    {"CSQ-REM-7", PLAIN INSERT REMOVE REMOVE, OBSERVED_RELEASE, 2, AS_ANOTHER, OBSERVED_REMOVE},
    {"CSQ-REM-8", PLAIN INSERT CANCEL REMOVE, OBSERVED_RELEASE, 2, AS_ANOTHER, OBSERVED_REMOVE},
    {"CSQ-REM-10", PLAIN INSERT REMOVE, OBSERVED_REMOVE, 0, AS_ANOTHER, OBSERVED_PEEK},
    {"CSQ-RNX-1", PLAIN INSERT NEXT, OBSERVED_ACQUIRE, 1, TWICE, 0},
    {"CSQ-RNX-1", PLAIN INSERT NEXT, OBSERVED_ACQUIRE, 1, OMIT, 0},
    {"CSQ-RNX-2", PLAIN INSERT NEXT, OBSERVED_PEEK, 0, OMIT, 0},
    {"CSQ-RNX-3", PLAIN INSERT NEXT, OBSERVED_PEEK, 0, WRONG_ARGUMENT, 0},
    {"CSQ-RNX-4", PLAIN NEXT, OBSERVED_RELEASE, 0, AS_ANOTHER, OBSERVED_REMOVE},
    {"CSQ-RNX-5", PLAIN INSERT NEXT, OBSERVED_REMOVE, 0, OMIT, 0},
    {"CSQ-RNX-9", PLAIN INSERT NEXT, RETURN, 1, WRONG_IRP, 0},
    {"CSQ-RNX-10", PLAIN INSERT NEXT, OBSERVED_REMOVE, 0, TWICE, 0},
    {"CSQ-RNX-11", PLAIN INSERT NEXT, OBSERVED_REMOVE, 0, AS_ANOTHER, OBSERVED_COMPLETE},
    {"CSQ-CAN-4", PLAIN INSERT CANCEL, OBSERVED_REMOVE, 0, OMIT, 0},
    {"CSQ-CAN-5", PLAIN INSERT CANCEL, OBSERVED_RELEASE, 1, OMIT, 0},
    {"CSQ-CAN-9", PLAIN INSERT CANCEL, OBSERVED_COMPLETE, 0, OMIT, 0},
    {"CAN-2", PLAIN INSERT CANCEL, RETURN, 1, WRONG_ANSWER, 0},
    {"CAN-3", PLAIN CANCEL, RETURN, 0, WRONG_ANSWER, 0},
    {"CSQ-GEN-5", PLAIN INSERT NEXT, OBSERVED_PEEK, 0, WRONG_ANSWER, 0},
    {"CAN-1", PLAIN INSERT, OBSERVED_RELEASE, 0, TAMPER, CANCEL_FLAG},
    {"CSQ-INS-6", PLAIN INSERT, OBSERVED_RELEASE, 0, TAMPER, CANCEL_ROUTINE},
    {"CSQ-INS-5", PLAIN INSERT, OBSERVED_RELEASE, 0, TAMPER, PENDING_MARK},
    {"nothing", PLAIN INSERT, OBSERVED_INSERT, 0, TAMPER, PENDING_MARK}, /* AMB-3: early is right */
    {"CSQ-GEN-5", PLAIN INSERT, RETURN, 0, TAMPER, LINK},
    {"CSQ-REM-13", PLAIN INSERT REMOVE, RETURN, 1, TAMPER, PENDING_MARK},
    {"CSQ-DC-1", PLAIN INSERT, OBSERVED_RELEASE, 0, TAMPER, KEY},
};

static const struct told *story;
static unsigned visits;
static bool lied; /* in the callback that is entered: its answer may be a lie, too */

/* The field gets another value, or its own one back. */
static void swap(enum field field, uintptr_t *kept)
{
    PIRP irp = ledger.irps[0].irp;
    uintptr_t now = 0;
    switch (field) {
    case CANCEL_FLAG:
        irp->Cancel = !irp->Cancel;
        break;
    case PENDING_MARK:
        IoGetCurrentIrpStackLocation(irp)->Control ^= SL_PENDING_RETURNED;
        break;
    case LINK:
        if (*kept)
            InsertTailList(&ledger.queues[0].queue->irps, &irp->Tail.Overlay.ListEntry);
        else
            RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        now = 1;
        break;
    case KEY:
        now = (uintptr_t)irp->Tail.Overlay.DriverContext[3];
        irp->Tail.Overlay.DriverContext[3] = (PVOID)*kept;
        break;
    default:
        now = (uintptr_t)irp->CancelRoutine;
        irp->CancelRoutine = (PDRIVER_CANCEL)*kept;
    }
    *kept = now;
}

static void tell_callback(enum observed_callback which, PIO_CSQ csq, PIRP irp, PVOID argument)
{
    uintptr_t kept = 0;
    lied = which == story->at && visits++ == story->visit;
    if (lied && story->lie == OMIT)
        return;
    if (lied && story->lie == TWICE)
        sequential_observer.callback(which, csq, irp, argument);
    if (lied && story->lie == AS_ANOTHER)
        which = story->as;
    if (lied && story->lie == WRONG_IRP)
        irp = NULL;
    if (lied && story->lie == WRONG_ARGUMENT)
        argument = &visits;
    if (lied && story->lie == TAMPER)
        swap(story->as, &kept);
    sequential_observer.callback(which, csq, irp, argument);
    if (lied && story->lie == TAMPER)
        swap(story->as, &kept);
}

static void tell_answer(NTSTATUS status, PIRP found)
{
    bool lie = lied && story->lie == WRONG_ANSWER;
    sequential_observer.answered(lie ? STATUS_UNSUCCESSFUL : status, lie ? NULL : found);
}

static void tell_return(NTSTATUS status, PIRP irp)
{
    uintptr_t kept = 0;
    lied = story->at == RETURN && visits++ == story->visit;
    if (lied && story->lie == WRONG_ANSWER)
        status = !status;
    if (lied && story->lie == WRONG_IRP)
        irp = NULL;
    if (lied && story->lie == TAMPER)
        swap(story->as, &kept);
    sequential_observer.returned(status, irp);
    if (lied && story->lie == TAMPER)
        swap(story->as, &kept);
}

static void run_story(void)
{
    static struct program program;
    struct program_error error;
    struct observer liar = sequential_observer;
    liar.callback = tell_callback;
    liar.answered = tell_answer;
    liar.returned = tell_return;
    if (!program_parse(&program, story->program, strlen(story->program), &error))
        abort();
    struct harness_plan plan = {.scenario = program.scenario,
                                .count = program.operation_count,
                                .operations = program.operations,
                                .observer = &liar};
    visits = 0;
    lied = false;
    harness_run(&plan);
}

static void lies(void)
{
    char name[sizeof finding.message + 40];
    for (unsigned i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        story = &stories[i];
        run_story();
        const char *got = finding.present ? clause_text(finding.clause)->id : "nothing";
        snprintf(name, sizeof name, "%s: %s", story->clause,
                 finding.present ? finding.message : "was not noticed");
        if (!tap_ok(strcmp(got, story->clause) == 0, name))
            printf("# story %u: got %s\n", i, got);
    }
}

/* Lies that are taken back, or that the library did not hear, are two differences. */
static bool stands_alone(const struct told *what)
{
    return what->lie != TAMPER && !(what->lie == WRONG_ANSWER && what->at == OBSERVED_PEEK);
}

/* Muted, each is one difference and no other comes of it. Muting lasts: the last of the tests. */
static void muted_lies(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < sizeof stories / sizeof stories[0]; i++)
        finding_mute(stories[i].clause);
    for (unsigned i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        story = &stories[i];
        run_story();
        if (!finding.present && (finding_muted_count() == 1 || !stands_alone(story)))
            continue;
        printf("# story %u, %s: %s, %u muted\n", i, story->clause,
               finding.present ? finding.message : "no finding", finding_muted_count());
        wrong++;
    }
    tap_is(wrong, 0, "after a muted difference the specification goes on from what is there");
}

/* ---- The truth ----------------------------------------------------------------------------- */

static void no_difference(void)
{
    static struct program program;
    struct sched_random chance = {.state = 11};
    unsigned findings = 0;
    uint64_t performed = 0;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        uint8_t data[PROGRAM_HEADER_SIZE + 60u * PROGRAM_RECORD_SIZE];
        size_t size = sched_random_below(&chance, sizeof data + 1);
        for (size_t at = 0; at < size; at++)
            data[at] = (uint8_t)sched_random_next(&chance);
        program_decode(&program, data, size);
        program_make_sequential(&program);
        target_set_program(&program);
        performed += execute_sequential(&program).performed;
        if (finding.present && findings++ < 3)
            target_report(stderr);
    }
    tap_is(findings, 0, "random programs do as specified");
    tap_ok(performed > 10 * PROGRAMS, "and do a lot");
}

static void same_trace(void)
{
    static struct program program;
    const uint8_t data[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 0, 0};
    program_decode(&program, data, sizeof data);
    program_make_sequential(&program);
    execute(&program);
    uint64_t hash = sched_trace()->hash;
    execute_sequential(&program);
    tap_ok(hash == sched_trace()->hash, "observed or not, an execution has the same trace");
}

int main(void)
{
    plain_queue();
    ex_queue();
    canceled_inside_insert();
    cancel_in_progress();
    canceler_wins();
    unknown_reading();
    orders();
    no_difference();
    same_trace();
    lies();
    muted_lies();
    return tap_end();
}
