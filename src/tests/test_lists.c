/* LIST_ENTRY helpers (LST). */
#include "stops.h"

static LIST_ENTRY head, other, entry[4];

/* A list of the first n entries, in order. */
static void make_list(unsigned n)
{
    InitializeListHead(&head);
    for (unsigned i = 0; i < n; i++)
        InsertTailList(&head, &entry[i]);
}

/* Does the list hold exactly these n entries, linked both ways? */
static bool holds(const LIST_ENTRY *list, unsigned n, const int *order)
{
    const LIST_ENTRY *at = list;
    for (unsigned i = 0; i < n; i++) {
        if (at->Flink != &entry[order[i]] || at->Flink->Blink != at)
            return false;
        at = at->Flink;
    }
    return at->Flink == list && list->Blink == at;
}

#define HOLDS(list, ...)                                                                           \
    holds(list, sizeof((int[]){__VA_ARGS__}) / sizeof(int), (const int[]){__VA_ARGS__})

static void inserting(void)
{
    entry[0].Flink = entry[0].Blink = NULL;
    InitializeListHead(&head);
    tap_ok(head.Flink == &head && head.Blink == &head, "LST-1: a new head points at itself");
    tap_ok(IsListEmpty(&head), "LST-1: a new list is empty");
    InsertTailList(&head, &entry[0]);
    tap_ok(!IsListEmpty(&head), "LST-1: a list with an entry is not empty");
    tap_ok(HOLDS(&head, 0), "LST-2: an entry need not be initialized");
    InsertTailList(&head, &entry[1]);
    tap_ok(HOLDS(&head, 0, 1), "LST-2: InsertTailList links at the back");
    InsertHeadList(&head, &entry[2]);
    tap_ok(HOLDS(&head, 2, 0, 1), "LST-2: InsertHeadList links at the front");
}

static void removing(void)
{
    make_list(3);
    tap_ok(RemoveHeadList(&head) == &entry[0] && HOLDS(&head, 1, 2),
           "LST-3: RemoveHeadList returns the first");
    tap_ok(RemoveTailList(&head) == &entry[2] && HOLDS(&head, 1),
           "LST-3: RemoveTailList returns the last");
    tap_ok(RemoveHeadList(&head) == &entry[1] && IsListEmpty(&head), "LST-3: down to empty");
    tap_ok(RemoveHeadList(&head) == &head, "LST-3: RemoveHeadList of an empty list is its head");
    tap_ok(RemoveTailList(&head) == &head && IsListEmpty(&head),
           "LST-3: RemoveTailList of an empty list is its head");
}

static void removing_entries(void)
{
    make_list(3);
    tap_ok(!RemoveEntryList(&entry[1]) && HOLDS(&head, 0, 2),
           "LST-4: RemoveEntryList is FALSE while others are left");
    tap_ok(!RemoveEntryList(&entry[0]) && HOLDS(&head, 2), "LST-4: FALSE with one left");
    tap_ok(RemoveEntryList(&entry[2]) && IsListEmpty(&head), "LST-4: TRUE once the list is empty");
    InitializeListHead(&entry[3]);
    tap_ok(RemoveEntryList(&entry[3]), "LST-4: an entry linked to itself may be removed");
}

static void appending(void)
{
    make_list(2);
    InitializeListHead(&other);
    InsertTailList(&other, &entry[2]);
    InsertTailList(&other, &entry[3]);
    RemoveEntryList(&other);
    AppendTailList(&head, &entry[2]);
    tap_ok(HOLDS(&head, 0, 1, 2, 3), "LST-6: AppendTailList takes the entries of a headless list");
    InitializeListHead(&head);
    InitializeListHead(&entry[0]);
    AppendTailList(&head, &entry[0]);
    tap_ok(HOLDS(&head, 0), "LST-6: to an empty list, too");
}

#define CORRUPT(name, statement) STOPS(name, KERNEL_SECURITY_CHECK_FAILURE, 3, statement)

static void corruption(void)
{
    make_list(3);
    RemoveEntryList(&entry[1]);
    CORRUPT("LST-7: an entry removed twice", RemoveEntryList(&entry[1]));
    make_list(2);
    entry[1].Blink = &entry[3];
    CORRUPT("LST-7: RemoveHeadList beside a wrong link", RemoveHeadList(&head));
    make_list(2);
    entry[1].Flink = &entry[3];
    entry[3].Blink = &entry[3];
    CORRUPT("LST-7: RemoveTailList beside a wrong link", RemoveTailList(&head));
    make_list(2);
    entry[0].Blink = &entry[3];
    CORRUPT("LST-7: InsertHeadList beside a wrong link", InsertHeadList(&head, &entry[2]));
    make_list(2);
    entry[1].Flink = &entry[3];
    CORRUPT("LST-7: InsertTailList beside a wrong link", InsertTailList(&head, &entry[2]));
    make_list(1);
    InsertTailList(&head, &entry[0]);
    CORRUPT("LST-7: an entry inserted twice, found at the next removal", RemoveEntryList(&head));
    make_list(1);
    InitializeListHead(&entry[2]);
    entry[2].Blink = &entry[3];
    entry[3].Flink = &entry[3];
    CORRUPT("LST-7: a broken list appended", AppendTailList(&head, &entry[2]));
}

int main(void)
{
    inserting();
    removing();
    removing_entries();
    appending();
    corruption();
    return tap_end();
}
