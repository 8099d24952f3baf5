/* Happens-before edges and locks for ThreadSanitizer. */
#include "annotate.h"

#include <sanitizer/tsan_interface.h>

/* From the dynamic annotations that the runtime exports; no header declares them. */
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

void annotate_release(void *address)
{
    __tsan_release(address);
}

void annotate_acquire(void *address)
{
    __tsan_acquire(address);
}

void annotate_ignore_begin(void)
{
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

void annotate_ignore_end(void)
{
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

/* Creating and destroying count as writes to the lock. Whichever logical thread meets a lock first
 * creates it here, unordered with the others: those writes are ours, not the program's. */
void annotate_lock_create(void *lock)
{
    annotate_ignore_begin();
    __tsan_mutex_create(lock, __tsan_mutex_not_static);
    annotate_ignore_end();
}

void annotate_lock_destroy(void *lock)
{
    annotate_ignore_begin();
    __tsan_mutex_destroy(lock, __tsan_mutex_not_static);
    annotate_ignore_end();
}

void annotate_lock_before_acquire(void *lock)
{
    __tsan_mutex_pre_lock(lock, 0);
}

void annotate_lock_after_acquire(void *lock)
{
    __tsan_mutex_post_lock(lock, 0, 0);
}

void annotate_lock_before_release(void *lock)
{
    (void)__tsan_mutex_pre_unlock(lock, 0);
}

void annotate_lock_after_release(void *lock)
{
    __tsan_mutex_post_unlock(lock, 0);
}

/* Only TSan's idea of who runs changes for the moment, not the stack. */
void annotate_lock_abandon(void *lock, struct annotate_stack *owner, struct annotate_stack *self)
{
    __tsan_switch_to_fiber(owner->tsan_fiber, __tsan_switch_to_fiber_no_sync);
    annotate_lock_before_release(lock);
    annotate_lock_after_release(lock);
    __tsan_switch_to_fiber(self->tsan_fiber, __tsan_switch_to_fiber_no_sync);
}
