/*
 * The Windows Driver Kit's <wdm.h>, as far as a cancel-safe IRP queue and a driver around it need
 * it: types, constants and prototypes. The bodies live in src/; the parts below in reading order.
 *
 * A driver source, or another implementation of the IoCsq routines, includes this and compiles
 * unmodified as C11, C17 or C++17. See README.md in this folder for how to find one's way.
 */
#ifndef CSQFUZZ_WDM_H
#define CSQFUZZ_WDM_H

#include "wdm/atomic.h"      /* fields that threads share without a lock */
#include "wdm/bugcheck.h"    /* KeBugCheckEx, ASSERT, DbgPrint */
#include "wdm/csq.h"         /* IO_CSQ and the six IoCsq routines */
#include "wdm/device.h"      /* DEVICE_OBJECT, DRIVER_OBJECT, FILE_OBJECT, driver roles */
#include "wdm/interlocked.h" /* Interlocked*, ReadAcquire, KeMemoryBarrier */
#include "wdm/io.h"          /* IoCancelIrp, IoCompleteRequest, IoAllocateIrp */
#include "wdm/irp.h"         /* IRP, IO_STACK_LOCATION and what only touches their fields */
#include "wdm/irql.h"        /* KeRaiseIrql, KeLowerIrql, PAGED_CODE */
#include "wdm/list.h"        /* LIST_ENTRY helpers, checked */
#include "wdm/rtl.h"         /* RtlZeroMemory and its kin */
#include "wdm/sal.h"         /* _In_, _IRQL_requires_max_(): annotations, all empty */
#include "wdm/spinlock.h"    /* KSPIN_LOCK, in-stack queued spin locks */
#include "wdm/status.h"      /* STATUS_*, NT_SUCCESS */
#include "wdm/types.h"       /* ULONG, NTSTATUS, LARGE_INTEGER, LIST_ENTRY */
#include "wdm/util.h"        /* CONTAINING_RECORD, C_ASSERT, min, max */
#include "wdm/wait.h"        /* KEVENT, FAST_MUTEX, KeWaitForSingleObject */
#include "wdm/words.h"       /* NTAPI, FORCEINLINE, IN, OUT: what a source may redefine */

#endif
