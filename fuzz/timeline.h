/*
 * A timeline: one execution as a picture. Steps go downward; every thread has a lane with its
 * operations and callbacks as nested bars and the locks it holds as bands; every IRP has a strand
 * that changes with its state.
 *
 *   timeline.c          from the trace to rows, bars, bands and strands (the model; prints nothing)
 *   timeline_words.c    what a step is called
 *   timeline_marks.c    the last rows: who waits, what was found; which steps met
 *   timeline_fold.c     long runs of steps that nobody will look at become one row
 *   timeline_text.c, timeline_svg.c, timeline_html.c    one renderer each
 *   timeline_command.c  csq timeline, csq run --timeline
 */
#ifndef CSQFUZZ_TIMELINE_H
#define CSQFUZZ_TIMELINE_H

#include "program.h"

#include "conformance/finding.h"
#include "sched/sched.h"

#include <stdio.h>

#define TIMELINE_LANES    (SCHED_PROGRAM_THREADS + 1) /* the last is the epilogue's */
#define TIMELINE_SHOWN    240u                        /* rows of a picture, at the most */
#define TIMELINE_PLAIN    90u                         /* up to so many rows nothing is folded */
#define TIMELINE_TEXT     96u                         /* room for a step's words */
#define TIMELINE_NO_MARK  0
#define TIMELINE_SENTENCE 288 /* room for what went wrong */

enum timeline_row_kind {
    TIMELINE_STEP,    /* something happened */
    TIMELINE_FOLDED,  /* steps that are not shown one by one */
    TIMELINE_WAIT,    /* at the end of a deadlock: a thread that waits for ever */
    TIMELINE_VERDICT, /* the last one: what was found, or that nothing was */
};

struct timeline_row {
    uint64_t step;   /* its number, from 1; of folded ones the first; 0: no step */
    uint64_t folded; /* TIMELINE_FOLDED: how many steps */
    uint8_t kind;    /* enum timeline_row_kind */
    uint8_t thread;
    uint8_t event;            /* enum sched_kind */
    int8_t slot;              /* the IRP it is about, or -1 */
    int8_t next;              /* preempted: the thread that goes on instead; else -1 */
    int8_t waits_for;         /* TIMELINE_WAIT: the thread that holds the lock, or -1 */
    uint8_t mark;             /* 1, 2: the steps that met; else TIMELINE_NO_MARK */
    uint16_t operation;       /* its place in the program, or SCHED_NO_OPERATION */
    char text[TIMELINE_TEXT]; /* "takes q0's lock": goes on after the thread's name */
};

/* An interval of rows, [from, to]. */
struct timeline_bar {
    uint16_t from, to;
    uint8_t thread, depth; /* 0: an operation's own; callbacks and nested operations are deeper */
    bool callback;         /* code of the driver or of the sender, called by the library */
    bool cut_off;          /* it had not ended when the execution did */
    char label[32];
};

struct timeline_band {
    uint16_t from, to;
    uint8_t thread;
    bool cut_off;
    uint32_t lock; /* its number; 0: the cancel spin lock */
    char name[24]; /* "q0's lock" */
};

enum timeline_state {
    TIMELINE_ABSENT,
    TIMELINE_OWNED,     /* the driver's, in no queue */
    TIMELINE_QUEUED,    /* in a queue, without a Cancel routine */
    TIMELINE_ARMED,     /* in a queue, with one: IoCancelIrp can take it out */
    TIMELINE_CLAIMED,   /* a cancel has its Cancel routine */
    TIMELINE_TAKEN,     /* somebody who is no cancel has it */
    TIMELINE_COMPLETED, /* back with its sender */
    TIMELINE_STATES
};

/* One state of an IRP. */
struct timeline_strand {
    uint16_t from, to;
    uint8_t slot;
    uint8_t state; /* enum timeline_state */
    bool canceled; /* its Cancel is set */
};

#define TIMELINE_ROWS (SCHED_TRACE_CAPACITY + TIMELINE_LANES + 1)

struct timeline {
    const struct program *program;
    const struct finding *finding;  /* NULL: none */
    unsigned lanes;                 /* bit t: thread t has a lane */
    unsigned depth[TIMELINE_LANES]; /* bars beside each other, at the most */
    unsigned slots;                 /* bit i: irp i has a strand */
    uint64_t steps;                 /* of the execution */
    uint64_t lost;                  /* the first ones, if there were more than a trace keeps */
    uint64_t hash;
    bool unended; /* it was cut off by a sanitizer or a signal */
    unsigned row_count, bar_count, band_count, strand_count;
    struct timeline_row rows[TIMELINE_ROWS];
    struct timeline_bar bars[SCHED_TRACE_CAPACITY];
    struct timeline_band bands[SCHED_TRACE_CAPACITY];
    struct timeline_strand strands[2 * SCHED_TRACE_CAPACITY];
};

/* ---- The model ----------------------------------------------------------------------------- */

/* The timeline of the last execution, which was of this program (or of the running one, when a
 * sanitizer ends it). Lives until the next call; needs no memory of its own. */
const struct timeline *timeline_build(const struct program *program);

/* "t0", or "clean-up" for the epilogue. */
const char *timeline_lane_name(unsigned thread);

/* "cancelable", ... of a state, for people; never longer than 16 characters. */
const char *timeline_state_name(unsigned state);

/* The marked row, or NULL. */
const struct timeline_row *timeline_marked(const struct timeline *line, unsigned mark);

/* The finding's message as a sentence of its own: ends in a full stop. */
void timeline_sentence(const struct timeline *line, char *buffer, size_t size);

/* Was it a sanitizer that found it, so that the clause is only the nearest one? */
bool timeline_is_nearest(const struct timeline *line);

/* The rows that tell how it came to the finding, in order; returns how many. */
#define TIMELINE_STORY 9 /* more would be no summary */
unsigned timeline_story(const struct timeline *line, unsigned rows[TIMELINE_STORY]);

/* How to read it, if something is missing: "..." or nothing at all (FALSE). */
bool timeline_omission(const struct timeline *line, char *buffer, size_t size);

/* ---- Between the model's files ------------------------------------------------------------- */

/* What is known about an event when it is put into words. */
struct timeline_scene {
    const struct sched_event *event;
    const struct operation *operation; /* NULL: the epilogue's own */
    int slot, queue;                   /* the IRP and the queue it is about, or -1 */
    bool sets;                         /* IoSetCancelRoutine: a routine, not NULL */
    const char *lock;                  /* the lock's name */
    int holder;                        /* who holds it, or SCHED_NOBODY */
};

/* Put a step into words, at most TIMELINE_TEXT with the NUL. */
void timeline_describe(const struct timeline_scene *scene, char *text);

/* The bar that this event opens; FALSE if it opens none. */
bool timeline_bar_label(const struct timeline_scene *scene, char *label, size_t size);

/* Is this a step that nobody misses, unless another thread goes on after it? */
bool timeline_is_quiet(const struct sched_event *event);

/* Add what comes after the last step. `wants[t]` names the lock that t waits for (NULL: none),
 * `holders[t]` its holder. */
void timeline_conclude(struct timeline *line, const char *const wants[TIMELINE_LANES],
                       const int holders[TIMELINE_LANES]);

/* Replace long runs of steps by one row each. */
void timeline_fold(struct timeline *line);

/* Append a row; there is always room. */
struct timeline_row *timeline_add_row(struct timeline *line, unsigned kind, unsigned thread);

/* ---- Renderers ----------------------------------------------------------------------------- */

/* What the page tells about where the execution came from. All of it may be hostile. */
struct timeline_origin {
    const char *file;    /* its name */
    const char *source;  /* the program's text */
    const char *command; /* what replays it */
};

/* Box drawing, or plain ASCII. */
void timeline_text(const struct timeline *line, bool ascii, FILE *out);

/* The picture alone; `standalone` with what a file of its own needs. */
void timeline_svg(const struct timeline *line, bool standalone, FILE *out);

/* A page that needs nothing else. */
void timeline_html(const struct timeline *line, const struct timeline_origin *origin, FILE *out);

/* ---- The command --------------------------------------------------------------------------- */

struct timeline_request {
    const char *file;       /* the program's */
    const char *html, *svg; /* where to, or NULL */
    const char *command;    /* what replays the execution */
    bool terminal;          /* to standard output, too */
    bool ascii;             /* --ascii */
};

/* Before the execution: read what the page tells about it, and see to it that the pictures are
 * drawn even if a sanitizer ends it. False, and a sentence on stderr, if that cannot be. Both must
 * live on.
 */
bool timeline_expect(const struct timeline_request *request, const struct program *program);

/* Draw the execution that has just ended. False, and a sentence on stderr, if it cannot be written.
 */
bool timeline_draw(const struct timeline_request *request, const struct program *program);

#endif
