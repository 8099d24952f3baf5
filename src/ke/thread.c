/* Logical threads: at which level each runs and which locks it holds. */
#include "thread.h"

#include <stdlib.h>

struct ke_thread ke_threads[SCHED_THREADS];

/* The arrays are not wiped: the counts say what of them is valid. */
void ke_reset(void)
{
    for (int t = 0; t < SCHED_THREADS; t++) {
        ke_threads[t].irql = PASSIVE_LEVEL;
        ke_threads[t].raises = 0;
        ke_threads[t].holds = 0;
        ke_threads[t].spin_locks = 0;
    }
}

unsigned ke_spin_locks_held(int thread)
{
    return ke_threads[thread].spin_locks;
}

bool ke_holds(int thread, const void *lock)
{
    return ke_find_hold(&ke_threads[thread], lock) != NULL;
}

/* A limit of this substrate, not an error that Windows knows: hence no bug check. */
static void require_room(unsigned used, const char *what)
{
    if (used < KE_NESTING)
        return;
    fprintf(stderr, "csqfuzz: a thread nests more than %d %s\n", KE_NESTING, what);
    abort();
}

void ke_push_level(struct ke_thread *self, KIRQL level)
{
    require_room(self->raises, "raises of IRQL");
    self->raised_from[self->raises++] = self->irql;
    self->irql = level;
}

void ke_pop_level(struct ke_thread *self)
{
    self->irql = self->raised_from[--self->raises];
}

bool ke_is_level_below(const struct ke_thread *self, KIRQL level)
{
    return self->raises > 0 && self->raised_from[self->raises - 1] == level;
}

/* Newest first, since that is the one asked for nearly always. */
struct ke_hold *ke_find_hold(struct ke_thread *thread, const void *lock)
{
    for (unsigned i = thread->holds; i-- > 0;)
        if (thread->hold[i].lock == lock)
            return &thread->hold[i];
    return NULL;
}

void ke_add_hold(struct ke_thread *self, const void *lock, const struct ke_lock_style *style)
{
    require_room(self->holds, "locks");
    struct ke_hold *hold = &self->hold[self->holds++];
    hold->lock = lock;
    hold->style = style;
    hold->irql = self->irql;
    if (style->spins)
        self->spin_locks++;
}

/* Locks need not be given back in reverse order: the youngest fills the gap. */
void ke_drop_hold(struct ke_thread *self, struct ke_hold *hold)
{
    if (hold->style->spins)
        self->spin_locks--;
    *hold = self->hold[--self->holds];
}

void ke_require_no_spin_lock_at(const struct ke_thread *self, KIRQL level, const void *released)
{
    if (level >= DISPATCH_LEVEL)
        return;
    for (unsigned i = 0; i < self->holds; i++) {
        const struct ke_hold *hold = &self->hold[i];
        if (hold->style->spins && hold->lock != released)
            KeBugCheckEx(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)hold->lock, self->irql, level, 0);
    }
}
