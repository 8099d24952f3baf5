/*
 * Lists: doubly linked and circular through a head; singly linked from a head.
 *
 * All of these are functions, not macros: sources store them in variables. Any IRQL; the caller
 * locks. Each insertion and removal first checks the links it is about to change; links that
 * contradict each other (an entry removed or inserted twice, freed while linked, changed without
 * the lock) raise KERNEL_SECURITY_CHECK_FAILURE with 3 and the entry (LST-7, BUG-11).
 */
#ifndef CSQFUZZ_WDM_LIST_H
#define CSQFUZZ_WDM_LIST_H

#include "bugcheck.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* First parameter of KERNEL_SECURITY_CHECK_FAILURE: a list's links contradict each other. */
#define FAST_FAIL_CORRUPT_LIST_ENTRY 3

/* Not of the WDK: what the helpers below do when they find contradicting links. */
static inline VOID WdmRequireLinks(BOOLEAN Consistent, const LIST_ENTRY *Entry)
{
    if (!Consistent) {
        KeBugCheckEx(KERNEL_SECURITY_CHECK_FAILURE, FAST_FAIL_CORRUPT_LIST_ENTRY, (ULONG_PTR)Entry,
                     0, 0);
    }
}

/* Make the head an empty list: it points at itself. (LST-1) */
static inline VOID InitializeListHead(PLIST_ENTRY ListHead)
{
    ListHead->Flink = ListHead;
    ListHead->Blink = ListHead;
}

/* TRUE if nothing is linked to the head. (LST-1) */
static inline BOOLEAN IsListEmpty(const LIST_ENTRY *ListHead)
{
    return ListHead->Flink == ListHead;
}

/* Link the entry right after the head. Its own links need not be initialized. (LST-2, LST-7) */
static inline VOID InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
    PLIST_ENTRY First = ListHead->Flink;

    WdmRequireLinks(First->Blink == ListHead, Entry);
    Entry->Flink = First;
    Entry->Blink = ListHead;
    First->Blink = Entry;
    ListHead->Flink = Entry;
}

/* Link the entry right before the head. Its own links need not be initialized. (LST-2, LST-7) */
static inline VOID InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry)
{
    PLIST_ENTRY Last = ListHead->Blink;

    WdmRequireLinks(Last->Flink == ListHead, Entry);
    Entry->Flink = ListHead;
    Entry->Blink = Last;
    Last->Flink = Entry;
    ListHead->Blink = Entry;
}

/*
 * Unlink the entry from whichever list it is on; TRUE if that list is empty afterwards. The
 * entry's own links stay as they were (LST-5). Removing an entry that is linked to itself does
 * nothing. (LST-4, LST-7)
 */
static inline BOOLEAN RemoveEntryList(PLIST_ENTRY Entry)
{
    PLIST_ENTRY Next = Entry->Flink;
    PLIST_ENTRY Previous = Entry->Blink;

    WdmRequireLinks(Next->Blink == Entry && Previous->Flink == Entry, Entry);
    Previous->Flink = Next;
    Next->Blink = Previous;
    return Next == Previous;
}

/* Unlink and return the first entry; the head if the list is empty. (LST-3, LST-7) */
static inline PLIST_ENTRY RemoveHeadList(PLIST_ENTRY ListHead)
{
    PLIST_ENTRY First = ListHead->Flink;

    WdmRequireLinks(First->Blink == ListHead, First);
    RemoveEntryList(First);
    return First;
}

/* Unlink and return the last entry; the head if the list is empty. (LST-3, LST-7) */
static inline PLIST_ENTRY RemoveTailList(PLIST_ENTRY ListHead)
{
    PLIST_ENTRY Last = ListHead->Blink;

    WdmRequireLinks(Last->Flink == ListHead, Last);
    RemoveEntryList(Last);
    return Last;
}

/*
 * Append a list without a head, given by its first entry, to the end of another. Whoever has a
 * head on the appended list unlinks that first. (LST-6, LST-7)
 */
static inline VOID AppendTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListToAppend)
{
    PLIST_ENTRY Last = ListHead->Blink;
    PLIST_ENTRY AppendedLast = ListToAppend->Blink;

    WdmRequireLinks(Last->Flink == ListHead, ListHead);
    WdmRequireLinks(AppendedLast->Flink == ListToAppend, ListToAppend);
    Last->Flink = ListToAppend;
    ListToAppend->Blink = Last;
    AppendedLast->Flink = ListHead;
    ListHead->Blink = AppendedLast;
}

/* Link the entry first in a singly linked list. (wdm.h, PushEntryList) */
static inline VOID PushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY Entry)
{
    Entry->Next = ListHead->Next;
    ListHead->Next = Entry;
}

/* Unlink and return the first entry; NULL if there is none. (wdm.h, PopEntryList) */
static inline PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY ListHead)
{
    PSINGLE_LIST_ENTRY First = ListHead->Next;

    if (First != NULL) {
        ListHead->Next = First->Next;
    }
    return First;
}

#ifdef __cplusplus
}
#endif

#endif
