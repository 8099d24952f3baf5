/*
 * csq export-c: an execution with a finding as a C program against <wdm.h> that shows it again.
 *
 *   export_log.c         what the driver sees of the execution, a line an event, as it happens
 *   export_record.c      from the trace: which operations were performed, where they nested
 *   export_words.c       what a schedule point and a call are called
 *   export_operations.c  the operations as calls, a function a thread
 *   export_write.c       the parts that differ from program to program
 *   export_text.c        the parts that do not: export_base.txt, export_driver.txt,
 *                        export_main.txt
 *   export_command.c     the command
 *
 * The exported program holds its own log against the recorded one. The lines carry every fact that
 * a clause speaks of, so two executions with equal logs break the same clauses.
 */
#ifndef CSQFUZZ_EXPORT_H
#define CSQFUZZ_EXPORT_H

#include "program.h"

#include "conformance/finding.h"
#include "conformance/observer.h"

#include <stdio.h>

#define EXPORT_LINES      1024u /* of a log, at the most */
#define EXPORT_LINE       200u  /* room for one */
#define EXPORT_LOOP_LINES 60u   /* of a log that goes round for ever */
#define EXPORT_EPILOGUE   64u   /* operations of the epilogue, at the most */

/* How the finding ends the execution. */
enum export_end {
    EXPORT_CLAUSE,    /* the log's last line breaks it */
    EXPORT_BUGCHECK,  /* Windows would stop after the last line */
    EXPORT_DEADLOCK,  /* nobody can go on */
    EXPORT_LIVELOCK,  /* it goes round for ever */
    EXPORT_SIGNAL,    /* the processor stops it */
    EXPORT_SANITIZER, /* AddressSanitizer or UndefinedBehaviorSanitizer, */
    EXPORT_RACE,      /* or ThreadSanitizer, ends the process */
};

/* One operation that was performed. */
struct export_operation {
    bool performed;
    bool renewed, reused; /* its slot got an IRP before it; by IoReuseIrp */
    bool direct;          /* an insert of an IRP that the driver kept, not through its dispatch */
    int8_t context;       /* the slot bound or looked for, LEDGER_NONE: none */
    int8_t other_lock;    /* a queue whose lock the insert callback took besides; or LEDGER_NONE */
    uint16_t parent;      /* nested: the operation whose callback it ran in */
    struct operation what;
    uint8_t slot, queue; /* the ones meant */
};

struct export
{
    const struct program *program;
    struct program list; /* the same execution with each switch named */
    enum export_end end;
    uint64_t hash;
    unsigned line_count;
    char lines[EXPORT_LINES][EXPORT_LINE];
    struct export_operation operations[PROGRAM_OPERATIONS];
    unsigned epilogue_count;
    struct export_operation epilogue[EXPORT_EPILOGUE];
    bool has_epilogue;
    uint16_t last_of[SCHED_PROGRAM_THREADS]; /* the operation that each thread's exit counts as */
    const char *file;                        /* the input's name */
};

/* ---- Recording ----------------------------------------------------------------------------- */

/* The observer that fills in `lines` and the facts of operations that no trace has. */
extern const struct observer export_observer;

/* The one execution that is being exported. */
extern struct export export;

/* More lines than there is room for? */
bool export_log_overflowed(void);

/* After the execution, or in the middle of it where a sanitizer ends it: fill in the rest. NULL, or
 * why it cannot be exported, as the end of a sentence. */
const char *export_record(void);

/* ---- Words --------------------------------------------------------------------------------- */

/* "SCHED_SWAP_AFTER", and where that is: "between setting the Cancel routine and testing Cancel".
 */
const char *export_point_symbol(unsigned kind);
const char *export_point_words(unsigned kind, unsigned operation_kind);

/* The operation as a call with its arguments: "IoCsqInsertIrp(q0, irp0)". */
void export_call_words(const struct export_operation *operation, char *buffer, size_t size);

/* ---- Writing ------------------------------------------------------------------------------- */

/* Does the program need the parts marked with this word? */
bool export_needs(const char *word);

/* Write the generated part of this name; false if there is none. */
bool export_insert(const char *name, FILE *out);

/* The functions with the operations: one a nested operation, one a thread. */
void export_threads(FILE *out);

/* The insert calls, a case an operation. */
void export_calls(FILE *out);

/* The text of the program without its header comment. */
void export_body(FILE *out);

/* All of it. */
void export_program(FILE *out);

/* `csq export-c ARGUMENTS`; argv[0] is "export-c". */
int export_command(int argc, char **argv);

#endif
