/*
 * Memory granularity: loads and stores of the code under test as schedule points.
 *
 * clang's -fsanitize-coverage=edge,trace-loads,trace-stores calls these before each access of the
 * objects compiled with it. memcpy, struct copies and atomic operations make no calls; our own
 * wrappers of the latter are points anyway. How many calls there are depends on compiler and level,
 * so traces are comparable within one build only.
 */
#include "sched.h"

static sched_memory_name *name_of;
static uint64_t accesses;
static bool hidden;

/* The program's static data: what the linker calls its ends. */
extern char __data_start[], _end[];

void sched_set_memory_names(sched_memory_name *name)
{
    name_of = name;
}

uint64_t sched_memory_accesses(void)
{
    return accesses;
}

void sched_hide_memory(bool hide)
{
    hidden = hide;
}

/* A number for what is at this address, the same in every execution; 0: nothing that threads of
 * the code under test could share (a local variable). */
static uint32_t find_name(const char *address)
{
    uint32_t name = name_of(address);
    if (name == 0 && address >= __data_start && address < _end)
        name = (uint32_t)(address - __data_start) | 0x80000000u;
    return name;
}

static inline void access_memory(const void *address, enum sched_kind kind)
{
    accesses++;
    if (!name_of || hidden || sched_running >= SCHED_PROGRAM_THREADS)
        return;
    uint32_t name = find_name(address);
    if (name == 0)
        return;
    sched_point(kind, name, 0);
    sched_touches_memory(name, kind == SCHED_STORE);
}

#define LOAD(size)                                                                                 \
    void __sanitizer_cov_load##size(const void *address);                                          \
    void __sanitizer_cov_load##size(const void *address)                                           \
    {                                                                                              \
        access_memory(address, SCHED_LOAD);                                                        \
    }
#define STORE(size)                                                                                \
    void __sanitizer_cov_store##size(const void *address);                                         \
    void __sanitizer_cov_store##size(const void *address)                                          \
    {                                                                                              \
        access_memory(address, SCHED_STORE);                                                       \
    }

LOAD(1)
LOAD(2)
LOAD(4)
LOAD(8)
LOAD(16)
STORE(1)
STORE(2)
STORE(4)
STORE(8)
STORE(16)
