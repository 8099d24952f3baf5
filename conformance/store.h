/*
 * How the reference driver keeps its IRPs: first in first out, last in first out, by priority, or
 * limited in number. All under the queue's lock; all instrumented.
 */
#ifndef CSQFUZZ_STORE_H
#define CSQFUZZ_STORE_H

#include "driver.h"

/* Link a queue's new IRP where its kind of storage wants it. */
void store_insert(struct driver_queue *queue, PIRP irp);

/* Unlink an IRP that is in the queue. */
void store_remove(struct driver_queue *queue, PIRP irp);

/* The first IRP after `irp` (NULL: from the beginning) that matches; NULL if there is none. */
PIRP store_peek(const struct driver_queue *queue, PIRP irp, PVOID peek_context);

/* Is there no room for one more? Only limited storage is ever full. */
BOOLEAN store_is_full(const struct driver_queue *queue);

#endif
