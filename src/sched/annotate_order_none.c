/* Happens-before edges and locks for everyone but ThreadSanitizer: nobody listens. */
#include "annotate.h"

void annotate_release(void *address)
{
    (void)address;
}
void annotate_acquire(void *address)
{
    (void)address;
}
void annotate_lock_create(void *lock)
{
    (void)lock;
}
void annotate_lock_destroy(void *lock)
{
    (void)lock;
}
void annotate_lock_before_acquire(void *lock)
{
    (void)lock;
}
void annotate_lock_after_acquire(void *lock)
{
    (void)lock;
}
void annotate_lock_before_release(void *lock)
{
    (void)lock;
}
void annotate_lock_after_release(void *lock)
{
    (void)lock;
}
void annotate_lock_abandon(void *lock, struct annotate_stack *owner, struct annotate_stack *self)
{
    (void)lock;
    (void)owner;
    (void)self;
}

void annotate_ignore_begin(void) {}
void annotate_ignore_end(void) {}
