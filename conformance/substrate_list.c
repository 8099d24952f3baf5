/* The model of lists: each is an array of entries in order. */
#include "substrate_internal.h"

#include <string.h>

#define LISTS   2
#define ENTRIES 5
#define NOWHERE LISTS

static LIST_ENTRY heads[LISTS], entries[ENTRIES];
static SINGLE_LIST_ENTRY stack, singles[ENTRIES];

static struct {
    unsigned count;
    uint8_t entry[ENTRIES];
} model[LISTS];

static uint8_t where[ENTRIES]; /* the list, or NOWHERE */
static uint8_t pushed[ENTRIES];
static unsigned pushed_count;

void substrate_begin_lists(void)
{
    for (unsigned l = 0; l < LISTS; l++) {
        InitializeListHead(&heads[l]);
        model[l].count = 0;
    }
    memset(entries, 0xa5, sizeof entries); /* need not be initialized */
    memset(where, NOWHERE, sizeof where);
    stack.Next = NULL;
    pushed_count = 0;
}

/* Along both links: the entries in order and the head at the end. */
static void check_list(unsigned l, enum clause clause)
{
    PLIST_ENTRY forward = heads[l].Flink, backward = heads[l].Blink;
    for (unsigned i = 0; i < model[l].count; i++) {
        if (forward != &entries[model[l].entry[i]])
            substrate_fail(clause, "list %u from the front: not entry %u at %u", l,
                           model[l].entry[i], i);
        if (backward != &entries[model[l].entry[model[l].count - 1 - i]])
            substrate_fail(clause, "list %u from the back: the wrong entry at %u", l, i);
        forward = forward->Flink;
        backward = backward->Blink;
    }
    if (forward != &heads[l] || backward != &heads[l])
        substrate_fail(clause, "list %u does not end at its head", l);
    DEMAND_VALUE(LST_1, "IsListEmpty", IsListEmpty(&heads[l]), model[l].count == 0);
}

static void model_insert(unsigned l, uint8_t entry, unsigned at)
{
    memmove(&model[l].entry[at + 1], &model[l].entry[at], model[l].count - at);
    model[l].entry[at] = entry;
    model[l].count++;
    where[entry] = (uint8_t)l;
}

static void model_remove(unsigned l, unsigned at)
{
    where[model[l].entry[at]] = NOWHERE;
    model[l].count--;
    memmove(&model[l].entry[at], &model[l].entry[at + 1], model[l].count - at);
}

static bool insert(const uint8_t *operand, bool front)
{
    unsigned l = operand[0] % LISTS;
    uint8_t entry = operand[1] % ENTRIES;
    if (where[entry] != NOWHERE)
        return false;
    if (front)
        InsertHeadList(&heads[l], &entries[entry]);
    else
        InsertTailList(&heads[l], &entries[entry]);
    model_insert(l, entry, front ? 0 : model[l].count);
    check_list(l, CLAUSE_LST_2);
    return true;
}

bool substrate_insert_head(const uint8_t *operand)
{
    return insert(operand, true);
}

bool substrate_insert_tail(const uint8_t *operand)
{
    return insert(operand, false);
}

/* The entry, or the head of an empty list. */
static bool remove_end(const uint8_t *operand, bool front)
{
    unsigned l = operand[0] % LISTS;
    PLIST_ENTRY expected = &heads[l];
    unsigned at = front ? 0 : model[l].count - 1;
    if (model[l].count > 0)
        expected = &entries[model[l].entry[at]];
    PLIST_ENTRY removed = front ? RemoveHeadList(&heads[l]) : RemoveTailList(&heads[l]);
    DEMAND(LST_3, removed == expected, "what was removed from list %u is not its %s", l,
           front ? "first" : "last");
    if (model[l].count > 0)
        model_remove(l, at);
    check_list(l, CLAUSE_LST_3);
    return true;
}

bool substrate_remove_head(const uint8_t *operand)
{
    return remove_end(operand, true);
}

bool substrate_remove_tail(const uint8_t *operand)
{
    return remove_end(operand, false);
}

bool substrate_remove_entry(const uint8_t *operand)
{
    uint8_t entry = operand[0] % ENTRIES;
    unsigned l = where[entry], at = 0;
    if (l == NOWHERE) { /* one that is linked to itself is removed safely */
        InitializeListHead(&entries[entry]);
        DEMAND_VALUE(LST_4, "RemoveEntryList", RemoveEntryList(&entries[entry]), TRUE);
        return true;
    }
    while (model[l].entry[at] != entry)
        at++;
    BOOLEAN empty = RemoveEntryList(&entries[entry]);
    model_remove(l, at);
    DEMAND_VALUE(LST_4, "RemoveEntryList", empty, model[l].count == 0);
    check_list(l, CLAUSE_LST_4);
    return true;
}

/* The other list's entries without its head. */
bool substrate_append(const uint8_t *operand)
{
    unsigned to = operand[0] % LISTS, from = 1 - to;
    if (model[from].count == 0)
        return false;
    PLIST_ENTRY first = heads[from].Flink;
    RemoveEntryList(&heads[from]);
    InitializeListHead(&heads[from]);
    AppendTailList(&heads[to], first);
    while (model[from].count > 0) {
        uint8_t entry = model[from].entry[0];
        model_remove(from, 0);
        model_insert(to, entry, model[to].count);
    }
    check_list(to, CLAUSE_LST_6);
    check_list(from, CLAUSE_LST_6);
    return true;
}

/* ---- Singly linked --------------------------------------------------------------------------- */

bool substrate_push(const uint8_t *operand)
{
    uint8_t entry = operand[0] % ENTRIES;
    if (memchr(pushed, entry, pushed_count))
        return false;
    PushEntryList(&stack, &singles[entry]);
    pushed[pushed_count++] = entry;
    DEMAND(SUBSTRATE, stack.Next == &singles[entry], "what was pushed does not come first");
    return true;
}

bool substrate_pop(const uint8_t *operand)
{
    (void)operand;
    PSINGLE_LIST_ENTRY expected = pushed_count ? &singles[pushed[pushed_count - 1]] : NULL;
    DEMAND(SUBSTRATE, PopEntryList(&stack) == expected, "not the entry that was pushed last");
    if (pushed_count > 0)
        pushed_count--;
    return true;
}
