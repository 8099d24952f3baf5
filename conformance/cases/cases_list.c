/* LIST_ENTRY helpers (LST). */
#include "case.h"

#include <string.h>
#include <wdm.h>

static LIST_ENTRY head, entry[4];

/* A list of the first n entries, in order. */
static void make_list(unsigned n)
{
    InitializeListHead(&head);
    for (unsigned i = 0; i < n; i++)
        InsertTailList(&head, &entry[i]);
}

static void add(char *text, size_t size, const LIST_ENTRY *at)
{
    const char digit[2] = {at == &head ? 'h' : (char)('0' + (at - entry)), '\0'};
    strncat(text, digit, size - strlen(text) - 1);
}

/* The list forwards and backwards: "h01h10h" for entries 0 and 1, both links right. */
static const char *links(void)
{
    static char text[16];
    const PLIST_ENTRY start = &head;
    PLIST_ENTRY at = start;
    text[0] = '\0';
    add(text, sizeof text, start);
    do
        add(text, sizeof text, at = at->Flink);
    while (at != start && strlen(text) < sizeof text - 1);
    do
        add(text, sizeof text, at = at->Blink);
    while (at != start && strlen(text) < sizeof text - 1);
    return text;
}
#define expect_links(wanted) expect_text(links(), wanted, "the list, there and back")

CASE(lst_1_new_head, "both links of a new head lead to it", CLAUSE_LST_1)
{
    memset(&head, 0xdd, sizeof head);
    InitializeListHead(&head);
    expect_same(head.Flink, &head, "the forward link");
    expect_same(head.Blink, &head, "the backward link");
    expect(IsListEmpty(&head), "a new list is empty");
}

CASE(lst_1_not_empty, "a list with an entry is not empty", CLAUSE_LST_1)
{
    make_list(1);
    expect(!IsListEmpty(&head), "a list with an entry is not empty");
}

CASE(lst_2_front_and_back, "the head's side and the tail's, and nothing is left of old links",
     CLAUSE_LST_2)
{
    make_list(0);
    memset(entry, 0xdd, sizeof entry);
    InsertTailList(&head, &entry[1]);
    InsertTailList(&head, &entry[2]);
    InsertHeadList(&head, &entry[0]);
    expect_links("h012h210h");
}

CASE(lst_3_first_and_last, "the first, the last, then none", CLAUSE_LST_3)
{
    make_list(3);
    expect_same(RemoveHeadList(&head), &entry[0], "what RemoveHeadList returned");
    expect_links("h12h21h");
    expect_same(RemoveTailList(&head), &entry[2], "what RemoveTailList returned");
    expect_links("h1h1h");
    expect_same(RemoveTailList(&head), &entry[1], "what it returned of a list of one");
    expect_links("hhh");
}

CASE(lst_3_empty, "of an empty list it is the head, and the list stays empty", CLAUSE_LST_3)
{
    make_list(0);
    expect_same(RemoveHeadList(&head), &head, "what RemoveHeadList returned");
    expect_same(RemoveTailList(&head), &head, "what RemoveTailList returned");
    expect_links("hhh");
}

CASE(lst_4_anywhere, "out of the middle, the front, the end; TRUE when the list is empty",
     CLAUSE_LST_4)
{
    make_list(3);
    expect(!RemoveEntryList(&entry[1]), "FALSE while two are left");
    expect_links("h02h20h");
    expect(!RemoveEntryList(&entry[0]), "FALSE while one is left");
    expect_links("h2h2h");
    expect(RemoveEntryList(&entry[2]), "TRUE when none is left");
    expect_links("hhh");
}

CASE(lst_4_linked_to_itself, "an entry linked to itself may be removed", CLAUSE_LST_4)
{
    InitializeListHead(&entry[0]);
    expect(RemoveEntryList(&entry[0]), "TRUE, as nothing is left");
    expect_same(entry[0].Flink, &entry[0], "its forward link");
}

/* Entries 2 and 3, linked to each other. */
static void make_headless(void)
{
    InitializeListHead(&entry[2]);
    InsertTailList(&entry[2], &entry[3]);
}

CASE(lst_6_append, "its entries follow those of the list", CLAUSE_LST_6)
{
    make_list(2);
    make_headless();
    AppendTailList(&head, &entry[2]);
    expect_links("h0123h3210h");
}

CASE(lst_6_append_to_empty, "also if that is empty", CLAUSE_LST_6)
{
    make_list(0);
    make_headless();
    AppendTailList(&head, &entry[2]);
    expect_links("h23h32h");
}

/* ---- Links that contradict each other ------------------------------------------------------ */

#define expect_corruption(statement)                                                               \
    expect_bugcheck(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_CORRUPT_LIST_ENTRY, statement)

/* A list of two, the link of one of them leading to an entry of no list. */
static void make_broken(PLIST_ENTRY *link)
{
    make_list(2);
    InitializeListHead(&entry[3]);
    *link = &entry[3];
}

CASE(lst_7_removed_twice, "an entry removed twice stops", CLAUSE_LST_7)
{
    make_list(3);
    RemoveEntryList(&entry[1]);
    expect_corruption(RemoveEntryList(&entry[1]));
}

CASE(lst_7_inserted_twice, "so does one inserted twice, at the next removal", CLAUSE_LST_7)
{
    make_list(2);
    InsertTailList(&head, &entry[0]);
    expect_corruption(RemoveEntryList(&entry[1]));
}

CASE(lst_7_insert_head, "inserting in front of a wrong link stops", CLAUSE_LST_7)
{
    make_broken(&entry[0].Blink);
    expect_corruption(InsertHeadList(&head, &entry[2]));
}

CASE(lst_7_insert_tail, "inserting behind a wrong link stops", CLAUSE_LST_7)
{
    make_broken(&entry[1].Flink);
    expect_corruption(InsertTailList(&head, &entry[2]));
}

CASE(lst_7_remove_head, "removing the first beside a wrong link stops", CLAUSE_LST_7)
{
    make_broken(&entry[1].Blink);
    expect_corruption(RemoveHeadList(&head));
}

CASE(lst_7_remove_tail, "removing the last beside a wrong link stops", CLAUSE_LST_7)
{
    make_broken(&entry[0].Flink);
    expect_corruption(RemoveTailList(&head));
}

CASE(lst_7_append, "appending to a wrong link stops", CLAUSE_LST_7)
{
    make_broken(&entry[1].Flink);
    InitializeListHead(&entry[2]);
    expect_corruption(AppendTailList(&head, &entry[2]));
}

CASE(lst_7_append_broken, "so does appending a list that is broken itself", CLAUSE_LST_7)
{
    make_list(1);
    make_headless();
    entry[3].Flink = &entry[3];
    expect_corruption(AppendTailList(&head, &entry[2]));
}
