/*
 * What a program consists of: the operations that logical threads perform, and the scenario (which
 * queues, how many IRPs and contexts) they perform them in. Plain data: the input format in fuzz/
 * makes it from bytes or text, a conformance case writes it down.
 */
#ifndef CSQFUZZ_OPERATION_H
#define CSQFUZZ_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCENARIO_IRPS     4
#define SCENARIO_CONTEXTS 4
#define SCENARIO_QUEUES   2
#define SCENARIO_CAPACITY 2 /* of a queue whose storage is limited */

/* Where an operation is performed. Nested ones belong to the top-level operation before them of
 * the same thread and run, once, inside the callback named, if that callback is entered. */
enum operation_place {
    PLACE_TOP,
    PLACE_IN_INSERT,     /* inside CsqInsertIrp(Ex): a cancel of the IRP being inserted */
    PLACE_IN_COMPLETE,   /* inside CsqCompleteCanceledIrp, before the IRP is completed */
    PLACE_IN_COMPLETION, /* inside the sender's completion routine, after the IRP is disposed of */
    OPERATION_PLACES
};

enum operation_kind {
    OP_INSERT,      /* IoCsqInsertIrp */
    OP_INSERT_EX,   /* IoCsqInsertIrpEx */
    OP_REMOVE,      /* IoCsqRemoveIrp */
    OP_REMOVE_NEXT, /* IoCsqRemoveNextIrp */
    OP_CANCEL,      /* IoCancelIrp */
    OP_DRAIN,       /* IoCsqRemoveNextIrp until it returns NULL */
    OP_COMPLETE,    /* IoCompleteRequest of an IRP that an earlier operation kept */
    OP_CANCEL_LOCK, /* take and drop the cancel spin lock */
    OPERATION_KINDS
};

/* What becomes of an IRP that the operation ends up owning. */
enum operation_fate {
    FATE_FREE,    /* completed; its sender frees it as early as the contract allows */
    FATE_RECYCLE, /* completed; its sender keeps it for IoReuseIrp */
    FATE_HOLD,    /* kept uncompleted, to be inserted again or completed by a later operation;
                   * where the contract does not allow that (CsqCompleteCanceledIrp): FATE_FREE */
    OPERATION_FATES
};

/* What CsqInsertIrpEx answers, besides STATUS_INSUFFICIENT_RESOURCES of a full limited queue. */
enum operation_status {
    ANSWER_SUCCESS,     /* STATUS_SUCCESS */
    ANSWER_PENDING,     /* STATUS_PENDING, a success code */
    ANSWER_INFORMATION, /* STATUS_OBJECT_NAME_EXISTS, informational: a success code */
    ANSWER_WARNING,     /* STATUS_BUFFER_OVERFLOW, a warning: not queued */
    ANSWER_ERROR,       /* STATUS_UNSUCCESSFUL: not queued */
    OPERATION_ANSWERS
};

struct operation {
    uint8_t kind;    /* enum operation_kind */
    uint8_t thread;  /* 0..3 */
    uint8_t place;   /* enum operation_place */
    uint8_t queue;   /* 0.. */
    uint8_t irp;     /* slot, 0.. */
    uint8_t context; /* 0: none; else slot + 1 */
    uint8_t irql;    /* PASSIVE_LEVEL..DISPATCH_LEVEL; nested ones run at the level they find */
    uint8_t answer;  /* enum operation_status; OP_INSERT_EX on an Ex queue */
    uint8_t match;   /* PeekContext: 0 any, else IRPs whose slot is even (1) or odd (2) */
    uint8_t fate;    /* enum operation_fate */
    bool keep;       /* insert: the context outlives its association, until it is used again */
};

enum queue_lock { LOCK_SPIN, LOCK_QUEUED, LOCK_MUTEX, QUEUE_LOCKS };
enum queue_store { STORE_FIFO, STORE_LIFO, STORE_PRIORITY, STORE_LIMITED, QUEUE_STORES };

struct queue_shape {
    bool ex;       /* IoCsqInitializeEx */
    uint8_t lock;  /* enum queue_lock */
    uint8_t store; /* enum queue_store */
    bool eager;    /* its owner frees it as early as the contract allows, and makes a new one */
};

struct scenario {
    bool diagram;     /* the reading of an IRP canceled before its insert (AMB-1) */
    uint8_t irps;     /* slots in play, 1..SCENARIO_IRPS: an operation's slot counts modulo this */
    uint8_t contexts; /* likewise, 1..SCENARIO_CONTEXTS */
    uint8_t queues;   /* likewise, 1..SCENARIO_QUEUES */
    struct queue_shape queue[SCENARIO_QUEUES];
};

/* "insert-ex" for OP_INSERT_EX and so on, as programs and reports write it. */
const char *operation_name(unsigned kind);

/* The names of a set of kinds (bit k: kind k) in alphabetical order, "cancel|insert"; "" of none.
 */
void operation_print_set(unsigned set, char *buffer, size_t size);

#endif
