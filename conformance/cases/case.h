/*
 * Cases: one idea each, named by the clause it is about, that fails when the clause is broken.
 *
 *     CASE(csq_ins_8_stays_queued, "an IRP that is not canceled stays queued", CLAUSE_CSQ_INS_8)
 *     {
 *         struct stage_queue *queue = stage_queue(PLAIN);
 *         PIRP irp = stage_irp();
 *         IoCsqInsertIrp(&queue->csq, irp, NULL);
 *         expect_trace("A I(i0) L");
 *     }
 *
 * A CASE runs as logical thread 0 of an execution of its own, with a fresh stage (stage.h). A RACE
 * runs outside of any execution and makes executions itself (race.h). Every case runs in a process
 * of its own, so it may crash, hang or exit; what it found is in `case_result`, which its parent
 * shares. The first expectation that is not met ends the case.
 */
#ifndef CSQFUZZ_CASE_H
#define CSQFUZZ_CASE_H

#include "conformance/clauses.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Writing a case ------------------------------------------------------------------------ */

/* CASE(name, sentence, clause, ...): the clauses that deviate if the case fails. The name begins
 * with the first clause's symbol in lower case and is unique. */
#define CASE(name, sentence, ...) CASE_OF(name, sentence, true, __VA_ARGS__)
#define RACE(name, sentence, ...) CASE_OF(name, sentence, false, __VA_ARGS__)

#define CASE_OF(name, sentence, staged, ...)                                                       \
    static void name(void);                                                                        \
    static const enum clause name##_clauses[] = {__VA_ARGS__};                                     \
    static struct conformance_case name##_case = {                                                 \
        #name, sentence, name##_clauses, sizeof name##_clauses / sizeof name##_clauses[0], staged, \
        name,  NULL};                                                                              \
    __attribute__((constructor)) static void name##_register(void)                                 \
    {                                                                                              \
        case_register(&name##_case);                                                               \
    }                                                                                              \
    static void name(void)

/* The two ways in which implementations may differ (clauses AMB-1 and AMB-6): what this run is to
 * take the implementation for. */
enum case_reading {
    READING_TEXT,    /* an IRP canceled before its insert is not offered to the insert callback */
    READING_DIAGRAM, /* it is inserted and removed again */
};
enum case_success {
    SUCCESS_NT,    /* NT_SUCCESS(status) of CsqInsertIrpEx: queued */
    SUCCESS_EXACT, /* only STATUS_SUCCESS: queued */
};
struct case_profile {
    enum case_reading reading;
    enum case_success success;
};
extern struct case_profile case_profile;

/* What is expected of the one reading or of the other. */
#define by_reading(text, diagram) (case_profile.reading == READING_TEXT ? (text) : (diagram))

/* An expectation, as a sentence: "the lock is free inside CsqCompleteCanceledIrp". */
#define expect(condition, sentence)                                                                \
    ((condition) ? (void)0 : case_deviates(__FILE__, __LINE__, sentence, "not so: " #condition))

/* Two numbers: statuses, IRQLs, booleans, counts. `what` is a noun: "the value returned". */
#define expect_equal(seen, wanted, what)                                                           \
    case_compare(__FILE__, __LINE__, what, (uint64_t)(seen), (uint64_t)(wanted))

/* The same for pointers, which no report shows. */
#define expect_same(seen, wanted, what)                                                            \
    ((const volatile void *)(seen) == (const volatile void *)(wanted)                              \
         ? (void)0                                                                                 \
         : case_deviates(__FILE__, __LINE__, what " is the same", "another one"))

/* Two texts. */
#define expect_text(seen, wanted, what) case_compare_text(__FILE__, __LINE__, what, seen, wanted)

/* Not met: reported, does not fail. Once per case; the case goes on. */
#define advise(condition, sentence) ((condition) ? (void)0 : case_advises(sentence))

/* It goes the other of two permitted ways; ends the case. */
#define differs(sentence) case_differs(sentence)

_Noreturn void case_deviates(const char *file, int line, const char *expected, const char *seen);
_Noreturn void case_differs(const char *sentence);
void case_compare(const char *file, int line, const char *what, uint64_t seen, uint64_t wanted);
void case_compare_text(const char *file, int line, const char *what, const char *seen,
                       const char *wanted);
void case_advises(const char *sentence);

/*
 * The statement raises that bug check, with that first parameter: the case ends here, as it should,
 * and a RACE of bodies with it, whatever schedules are left. Nothing comes after, since a bug check
 * leaves all as it was. May stand in a callback, too.
 */
#define expect_bugcheck(code, parameter, statement)                                                \
    do {                                                                                           \
        case_await_bugcheck(__FILE__, __LINE__, code, (uintptr_t)(parameter));                     \
        statement;                                                                                 \
        case_missed_bugcheck();                                                                    \
    } while (0)
#define ANY_PARAMETER UINTPTR_MAX

void case_await_bugcheck(const char *file, int line, uint32_t code, uintptr_t parameter);
_Noreturn void case_missed_bugcheck(void);

/* The handler (ke.h) that a case runs with: the case has crashed, unless it was expected. */
struct ke_bugcheck;
void case_on_bugcheck(const struct ke_bugcheck *bugcheck);

/* ---- Running one --------------------------------------------------------------------------- */

struct conformance_case {
    const char *name;
    const char *sentence;
    const enum clause *clauses;
    size_t clause_count;
    bool staged; /* a CASE, not a RACE */
    void (*run)(void);
    struct conformance_case *next;
};

enum case_verdict {
    CASE_UNFINISHED, /* as it was at first: it has crashed, hung or exited in the middle */
    CASE_CONFORMS,
    CASE_DEVIATES,
    CASE_DIFFERS, /* by profile */
    CASE_CRASHED, /* a bug check (a crash proper, the parent tells from the process's status) */
    CASE_HUNG,    /* a deadlock or livelock (a loop proper, the parent notices) */
};

/* What came of it: written by the process that runs the case, in memory its parent shares. Texts
 * have no addresses and end in NUL. */
#define CASE_OTHERS 8

struct case_result {
    enum case_verdict verdict;
    char expected[320], seen[512], advice[160];
    char trace[1024];    /* the events up to then, or those of the whole case */
    char place[64];      /* "cases_ins.c:42" */
    uint64_t executions; /* a RACE: schedules run */

    /* A RACE: what the monitor found violated that the case is not about. It was run again, looking
     * past that. The texts above are about the first, unless the case's own clauses fail, too. */
    enum clause others[CASE_OTHERS];
    unsigned other_count;
    bool elsewhere; /* they are all that deviates */
};
extern struct case_result *case_result;

void case_register(struct conformance_case *added);

/* All cases, by their first clause, then by name. */
const struct conformance_case *case_list(void);

/* Does the case name this clause? And the one that runs? */
bool case_names(const struct conformance_case *which, enum clause clause);
bool case_is_about(enum clause clause);

/* Run it to its end in this process, leaving the outcome in *case_result. */
void case_run(const struct conformance_case *which);

/* Leave the events so far in *case_result: for whoever ends a running case from outside, in a
 * signal handler or a sanitizer's callback. */
void case_note_trace(void);

#endif
