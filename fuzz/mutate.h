/*
 * Mutations and crossover of programs: what a fuzzing engine is to try next. Bytes in, bytes out;
 * in between they work on operations and preemptions, never on parts of them.
 *
 * The same seed gives the same result in every build. What comes out is canonical, and no larger
 * than allowed. Nothing here knows any particular program: all that is not taken from the inputs
 * is drawn at random, dimension by dimension.
 *
 *   mutate.c          which mutation when; bytes in and out
 *   mutate_draft.c    a program as a list of records, to insert into and to remove from
 *   mutate_kinds.c    the mutations, one function each
 *   mutate_random.c   random operations, preemptions, dimensions, whole programs
 *   mutate_cross.c    two programs into one
 *   mutate_trim.c     smaller versions of an input, one after the other
 */
#ifndef CSQFUZZ_MUTATE_H
#define CSQFUZZ_MUTATE_H

#include "program.h"

#include "sched/random.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mutation {
    MUTATE_ADD_OPERATION,
    MUTATE_DROP_OPERATION,
    MUTATE_MOVE_OPERATION,      /* to another place in the program, with its preemptions */
    MUTATE_DUPLICATE_OPERATION, /* likewise; the copy may go to another thread */
    MUTATE_CHANGE_KIND,
    MUTATE_CHANGE_THREAD,
    MUTATE_CHANGE_PLACE,
    MUTATE_RETARGET_OPERATION, /* another IRP, context or queue */
    MUTATE_CHANGE_DETAIL,      /* IRQL, answer, match, fate, keep */
    MUTATE_ADD_PREEMPTION,     /* preemptions: only under the strategy "list" */
    MUTATE_DROP_PREEMPTION,
    MUTATE_MOVE_PREEMPTION, /* to another operation, or another point of its own */
    MUTATE_RETARGET_PREEMPTION,
    MUTATE_CHANGE_STRATEGY,
    MUTATE_CHANGE_PARAMETER,
    MUTATE_CHANGE_SEED,
    MUTATE_CHANGE_SCENARIO, /* one dimension */
    MUTATE_FRESH_PROGRAM,   /* forget everything; draw a whole program */
    MUTATIONS
};

/* How many records fit into so many bytes. */
unsigned mutate_room(size_t size);

/* Do this mutation to a program, which may then have `room` records. False, and the program as it
 * was, if there is nothing that it could be done to. */
bool mutate_once(struct program *program, enum mutation kind, struct sched_random *random,
                 unsigned room);

/* Do one or a few mutations, of kinds drawn at random. */
void mutate_program(struct program *program, struct sched_random *random, unsigned room);

/* Make `program` one of parts of itself and of `other`: some threads of each, the beginning of one
 * with the end of the other, or the schedule and dimensions of one with the operations of both. */
void mutate_cross(struct program *program, const struct program *other, struct sched_random *random,
                  unsigned room);

/* A random program of one operation at least, if there is room. */
void mutate_fresh(struct program *program, struct sched_random *random, unsigned room);

/* The same, but for its schedule: this one, which may not be STRATEGY_LIST. For searches without an
 * engine, so that they draw from the same programs. */
void mutate_fresh_under(struct program *program, const struct program_schedule *schedule,
                        struct sched_random *random);

/*
 * The same for bytes. `data` has room for max_size; the new size is returned: 0 if max_size is too
 * small for any program, else at least PROGRAM_HEADER_SIZE.
 */
size_t mutate_bytes(uint8_t *data, size_t size, size_t max_size, uint64_t seed);

/* A fresh program in the place of whatever there was; otherwise the same. */
size_t mutate_fresh_bytes(uint8_t *data, size_t max_size, uint64_t seed);

/*
 * Of so many mutations, the first that an engine asks for, most are to be fresh programs: what is
 * shallow is then found as soon as by random programs alone, and the corpus begins with variety.
 * Does the next have to be one? `asked` counts up to the end of the warm-up, from 0.
 */
#define MUTATE_WARM_UP 2048u
static inline bool mutate_warms_up(unsigned *asked)
{
    unsigned n = *asked;
    *asked += n < MUTATE_WARM_UP;
    return n < MUTATE_WARM_UP && n % 16 != 0;
}

/* `out` has room for max_size, and may overlap with neither input. */
size_t mutate_cross_bytes(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
                          uint8_t *out, size_t max_size, uint64_t seed);

/* Spell the input's program canonically, in place: what an engine's own mutations leave behind.
 * Returns the new size as above. */
size_t mutate_canonical(uint8_t *data, size_t size, size_t max_size);

/* ---- Trimming ------------------------------------------------------------------------------ */

/* First halves of the operations are left out, then quarters and so on, then single preemptions. */
struct mutate_trim {
    struct program best;      /* the smallest so far */
    struct program candidate; /* what was proposed last */
    unsigned chunk;           /* operations left out at a time; 0: preemptions are */
    unsigned at;              /* the first to leave out */
    unsigned step, steps;
};

/* Begin with an input; how many steps there are at the most. */
unsigned mutate_trim_begin(struct mutate_trim *trim, const uint8_t *data, size_t size);

/* The next smaller version: at most PROGRAM_MAX_SIZE bytes, fewer than the best so far. To be
 * called only while steps remain. */
size_t mutate_trim_next(struct mutate_trim *trim, uint8_t *data);

/* Was it as good? Returns the number of steps done, which is all of them once nothing is left. */
unsigned mutate_trim_judge(struct mutate_trim *trim, bool good);

#endif
