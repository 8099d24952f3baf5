/*
 * Programs for the substrate alone: calls of what <wdm.h> declares, without a queue, each held
 * against a model of what its clause or its header demands. For csq_substrate_fuzzer.
 *
 * A call that the contract does not allow when its turn comes is skipped: the caller's side is
 * kept, so every finding is a defect of src/io, src/ke or include. One thread calls; a second one
 * only signals events that it waits for.
 */
#ifndef CSQFUZZ_SUBSTRATE_H
#define CSQFUZZ_SUBSTRATE_H

#include <stdbool.h>
#include <stdint.h>

#define SUBSTRATE_CALLS    128 /* what follows in a program is ignored */
#define SUBSTRATE_OPERANDS 3

struct substrate_call {
    uint8_t kind; /* below substrate_kinds() */
    uint8_t operand[SUBSTRATE_OPERANDS];
};

struct substrate_program {
    unsigned count;
    struct substrate_call calls[SUBSTRATE_CALLS];
};

struct substrate_result {
    unsigned performed, skipped;
};

/* What calls there are. Numbers are for good: new kinds come last. */
unsigned substrate_kinds(void);
const char *substrate_name(unsigned kind);    /* "event-set" */
unsigned substrate_operands(unsigned kind);   /* how many count */
const char *substrate_meaning(unsigned kind); /* of its operands: "EVENT WAIT" */

/* Run one. What went wrong, if anything, is in `finding`. */
struct substrate_result substrate_run(const struct substrate_program *program);

#endif
