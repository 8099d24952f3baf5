/*
 * Races: cases with several logical threads, forced by a schedule and then run under every schedule
 * with a few preemptions more.
 *
 * Either a plan: operations for the harness, judged by the monitor while they run:
 *
 *     RACE(race_3_canceler_wins, "a cancel between set and test", CLAUSE_RACE_3)
 *     {
 *         static const struct operation operations[] = {
 *             {.thread = 0, .kind = OP_INSERT},
 *             {.thread = 1, .kind = OP_CANCEL},
 *         };
 *         race_operations(operations, 2);
 *         race_force(0, SCHED_SWAP_AFTER, 0, 1);
 *         race_run(check);
 *     }
 *
 * Or bodies of the case's own (race_bodies) on a stage, which is made anew for each schedule.
 *
 * The forced preemptions are made in every schedule, where they are met. First comes the schedule
 * with no others: there race_undisturbed() is true, and the check may demand the exact outcome. An
 * implementation may be without the point that a preemption is forced at (it need not exchange the
 * routine by IoSetCancelRoutine): that is advice, and race_undisturbed() is false throughout.
 * Then all schedules with up to RACE_PREEMPTIONS more, anywhere: there the check demands what holds
 * under every schedule. In each the monitor (for a plan) demands its clauses too.
 */
#ifndef CSQFUZZ_RACE_H
#define CSQFUZZ_RACE_H

#include "case.h"

#include "conformance/operation.h"
#include "sched/sched.h"

#define RACE_PREEMPTIONS 2

/* How many preemptions beyond the forced ones: RACE_PREEMPTIONS unless the suite's caller says
 * less (valgrind is slow). */
extern unsigned race_preemptions;

/* ---- What runs ----------------------------------------------------------------------------- */

/* A plan's operations, and the queues they run on: one plain FIFO under a spin lock and all slots,
 * unless the case changes it. `reading` is the profile's. */
void race_operations(const struct operation *operations, unsigned count);
struct scenario *race_scenario(void);

/* Or: that many bodies, as logical threads 0, 1, ...; prepare() (may be NULL) runs before each
 * schedule. The stage has the events of the bodies alone. */
typedef void race_body(void *argument, unsigned thread);
void race_bodies(race_body *body, unsigned threads, void (*prepare)(void));

/* When `operation` (its place in the plan; the logical thread's number for bodies) is at its
 * visit-th point of `kind`, `to` runs, if it can. */
void race_force(unsigned operation, enum sched_kind kind, unsigned visit, int to);

/* Run all schedules; `check` (may be NULL) after each, outside of it. Ends the case at the first
 * that does not hold. */
void race_run(void (*check)(void));

/* Leave the trace of the schedule that runs, or ran last, in *case_result: a thread a line. */
void race_note_trace(void);

/* ---- For the check ------------------------------------------------------------------------- */

/* Was this the schedule with the forced preemptions only, and were they met? */
bool race_undisturbed(void);

/* The callbacks on a thread: "A I L", with "cs+" and "cs-" for the cancel spin lock. Operations
 * nested and following are in it, in order. */
const char *race_letters(int thread);
#define expect_letters(thread, wanted)                                                             \
    expect_text(race_letters(thread), wanted, "the callbacks of thread " #thread)

/* What an operation of the plan returned: a BOOLEAN for a cancel, an NTSTATUS for an insert, the
 * IRP's slot + 1 or 0 for a removal (the last one of a drain). race_done: was it performed? */
uint32_t race_returned(unsigned operation);
bool race_done(unsigned operation);

/* The place of a thread's first point of that kind in the execution; UINT_MAX if there was none. */
unsigned race_first(enum sched_kind kind, int thread);

/* How often a callback ran for an IRP slot, by sched kind: SCHED_COMPLETE_IN and so on. */
unsigned race_count(enum sched_kind kind, int slot);

#endif
