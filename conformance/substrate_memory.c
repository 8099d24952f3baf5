/* The model of interlocked operations: plain arithmetic. And what DbgPrint writes. */
#define _GNU_SOURCE /* fmemopen */
#include "substrate_internal.h"

#include <string.h>

#define CELLS 2

static LONG cell32[CELLS], model32[CELLS];
static LONG64 cell64[CELLS], model64[CELLS];
static PVOID cell_pointer[CELLS], model_pointer[CELLS];

void substrate_begin_memory(void)
{
    memset(cell32, 0, sizeof cell32);
    memset(model32, 0, sizeof model32);
    memset(cell64, 0, sizeof cell64);
    memset(model64, 0, sizeof model64);
    memset(cell_pointer, 0, sizeof cell_pointer);
    memset(model_pointer, 0, sizeof model_pointer);
}

enum { EXCHANGE, COMPARE, INCREMENT, DECREMENT, ADD, OR, AND, OPERATIONS };

/* What the cell holds afterwards, in as many bits as it has: unsigned, since it may wrap around. */
static uint64_t after(unsigned operation, uint64_t now, uint64_t value, uint64_t comperand)
{
    switch (operation) {
    case EXCHANGE:
        return value;
    case COMPARE:
        return now == comperand ? value : now;
    case INCREMENT:
        return now + 1;
    case DECREMENT:
        return now - 1;
    case ADD:
        return now + value;
    case OR:
        return now | value;
    default:
        return now & value;
    }
}

static LONG call32(unsigned operation, LONG *cell, LONG value, LONG comperand)
{
    switch (operation) {
    case EXCHANGE:
        return InterlockedExchange(cell, value);
    case COMPARE:
        return InterlockedCompareExchange(cell, value, comperand);
    case INCREMENT:
        return InterlockedIncrement(cell);
    case DECREMENT:
        return InterlockedDecrement(cell);
    case ADD:
        return InterlockedExchangeAdd(cell, value);
    case OR:
        return InterlockedOr(cell, value);
    default:
        return InterlockedAnd(cell, value);
    }
}

static LONG64 call64(unsigned operation, LONG64 *cell, LONG64 value, LONG64 comperand)
{
    switch (operation) {
    case EXCHANGE:
        return InterlockedExchange64(cell, value);
    case COMPARE:
        return InterlockedCompareExchange64(cell, value, comperand);
    case INCREMENT:
        return InterlockedIncrement64(cell);
    case DECREMENT:
        return InterlockedDecrement64(cell);
    case ADD:
        return InterlockedExchangeAdd64(cell, value);
    case OR:
        return InterlockedOr64(cell, value);
    default:
        return InterlockedAnd64(cell, value);
    }
}

/* Increment and decrement return what is there now, all others what was there. */
static bool returns_result(unsigned operation)
{
    return operation == INCREMENT || operation == DECREMENT;
}

static void check32(unsigned operation, unsigned cell, LONG value, LONG comperand)
{
    LONG before = model32[cell];
    model32[cell] =
        (LONG)(uint32_t)after(operation, (uint32_t)before, (uint32_t)value, (uint32_t)comperand);
    LONG result = call32(operation, &cell32[cell], value, comperand);
    DEMAND_VALUE(SUBSTRATE, "the result of 32 bits", result,
                 returns_result(operation) ? model32[cell] : before);
    DEMAND_VALUE(SUBSTRATE, "the memory, 32 bits", cell32[cell], model32[cell]);
}

static void check64(unsigned operation, unsigned cell, LONG64 value, LONG64 comperand)
{
    LONG64 before = model64[cell];
    model64[cell] =
        (LONG64)after(operation, (uint64_t)before, (uint64_t)value, (uint64_t)comperand);
    LONG64 result = call64(operation, &cell64[cell], value, comperand);
    DEMAND_VALUE(SUBSTRATE, "the result of 64 bits", result,
                 returns_result(operation) ? model64[cell] : before);
    DEMAND_VALUE(SUBSTRATE, "the memory, 64 bits", cell64[cell], model64[cell]);
}

static void check_pointer(bool compare, unsigned cell, PVOID value, PVOID comperand)
{
    PVOID before = model_pointer[cell];
    if (!compare || before == comperand)
        model_pointer[cell] = value;
    PVOID result = compare
                       ? InterlockedCompareExchangePointer(&cell_pointer[cell], value, comperand)
                       : InterlockedExchangePointer(&cell_pointer[cell], value);
    DEMAND(SUBSTRATE, result == before, "a pointer's exchange does not return the one before");
    DEMAND(SUBSTRATE, cell_pointer[cell] == model_pointer[cell], "the wrong pointer is stored");
}

/* Operand 0: what, in how many bits; 1: the cell, and whether it is equal; 2: a byte repeated. */
bool substrate_interlocked(const uint8_t *operand)
{
    unsigned operation = operand[0] % (2 * OPERATIONS + 3), cell = operand[1] % CELLS;
    uint64_t value = operand[2] * 0x0101010101010101u;
    bool equal = operand[1] >> 1 & 1;
    if (operation < OPERATIONS)
        check32(operation, cell, (LONG)(uint32_t)value,
                equal ? model32[cell] : (LONG)(uint32_t)~value);
    else if (operation < 2 * OPERATIONS)
        check64(operation - OPERATIONS, cell, (LONG64)value,
                equal ? model64[cell] : (LONG64)~value);
    else if (operation < 2 * OPERATIONS + 2)
        check_pointer(operation & 1, cell, operand[2] ? &cell32[operand[2] & 1] : NULL,
                      equal ? model_pointer[cell] : &cell64[0]);
    else
        KeMemoryBarrier();
    return true;
}

/* ---- DbgPrint -------------------------------------------------------------------------------- */

/* What the C library cannot format is printed as it stands. */
static ULONG print(unsigned which, unsigned number, char *expected, size_t size)
{
    switch (which) {
    case 0:
        snprintf(expected, size, "100 %% of %u", number);
        return DbgPrint("100 %% of %u", number);
    case 1:
        snprintf(expected, size, "%s", "%d of %wZ");
        return DbgPrint("%d of %wZ", number, NULL);
    default:
        snprintf(expected, size, "%s", "nothing");
        return DbgPrint("nothing");
    }
}

/* Operand 0: what, and whether there is somewhere to print to; 1: a number. */
bool substrate_print(const uint8_t *operand)
{
    char expected[64], text[64] = "";
    bool nowhere = operand[0] >> 2 & 1;
    FILE *stream = fmemopen(text, sizeof text, "w");
    if (!stream)
        return false;
    ke_set_debug_output(nowhere ? NULL : stream);
    ULONG status = print(operand[0] & 3, operand[1], expected, sizeof expected);
    ke_set_debug_output(NULL);
    fclose(stream);
    DEMAND_VALUE(SUBSTRATE, "DbgPrint", status, STATUS_SUCCESS);
    DEMAND(SUBSTRATE, strcmp(text, nowhere ? "" : expected) == 0,
           "DbgPrint wrote something else than \"%s\"", expected);
    return true;
}
