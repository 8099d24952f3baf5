/*
 * A finding: what went wrong, said once, in one form, whoever noticed it.
 *
 * The first finding of an execution that is not muted ends the execution (sched_stop). A muted one
 * is counted and the execution goes on, with the model following what the implementation did.
 */
#ifndef CSQFUZZ_FINDING_H
#define CSQFUZZ_FINDING_H

#include "clauses.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct finding {
    bool present;
    enum clause clause;
    uint32_t bugcheck;   /* Windows' number, if it would stop; else 0 */
    const char *pair[2]; /* the two operations, in alphabetical order; the second may be NULL */
    char cycle[64];      /* a deadlock's, or who goes round: in the pair's place in the signature */
    char fault[64];      /* a sanitizer's or a signal's: what, how and where; else "" */
    int thread;          /* who noticed */
    uint64_t step;       /* events before it */
    unsigned operation;
    char message[256]; /* what was expected and what was seen, without addresses */
};

/* The finding of the current or last execution; `present` says if there is one. */
extern struct finding finding;

void finding_reset(void);

/* Raise one about the IRP in `slot` (LEDGER_NONE: none in particular). Ends the execution unless
 * muted. */
void finding_raise(enum clause clause, int slot, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a bug check; ends the execution even if muted, as there is no way to go on. */
_Noreturn void finding_raise_bugcheck(uint32_t code, const uint64_t parameter[4]);

/* Record without ending anything: the execution is over already, or a sanitizer is about to. */
void finding_note(enum clause clause, int slot, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Room for all clauses and some signatures. */
#define FINDING_MUTED (CLAUSES + 64)

/* Mute "CSQ-CAN-5" or one signature, "CSQ-CAN-5 cancel|insert" (what a fault's has after that does
 * not count). FALSE if no such clause exists or there is no room (FINDING_MUTED). Muting lasts
 * until the process ends. */
bool finding_mute(const char *signature);
unsigned finding_muted_count(void); /* in this execution */
bool finding_is_muted(enum clause clause, const char *const pair[2]);

/* The same for a deadlock or a livelock, whose signature has `cycle` in the place of a pair. */
void finding_note_cycle(enum clause clause, const char *cycle, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Room for any signature. */
#define FINDING_SIGNATURE 192

/*
 * One line, the same in every build, without addresses or lines: the clause and the unordered pair
 * of operations, "CSQ-GEN-15 cancel|insert"; of a deadlock the cycle, beginning with its least
 * operation, "DEADLOCK insert>remove"; of a fault also its kind, the unordered accesses and whose
 * memory it was, "CSQ-CAN-4 cancel|remove data-race read|write ctx.Irp".
 */
void finding_signature(const struct finding *what, char *buffer, size_t size);

/* What runs is no operation of a queue's but this, and stands alone in signatures: until the next
 * finding_reset(). NULL: as always. */
void finding_name_operation(const char *name);
const char *finding_named_operation(void);

/* The operation of another thread that the next finding is about, from who knows better than
 * finding_pair(): until the next finding_reset(). NULL: nobody does. */
void finding_name_other(const char *name);

/* The two operations that concern the IRP in `slot`, or the running ones (LEDGER_NONE). */
void finding_pair(int slot, const char *pair[2]);

#endif
