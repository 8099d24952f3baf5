/*
 * NTSTATUS values. The two top bits are the severity: 0 success, 1 information, 2 warning,
 * 3 error. TYP-15 for those that semantics depend on; the rest are the documented values.
 */
#ifndef CSQFUZZ_WDM_STATUS_H
#define CSQFUZZ_WDM_STATUS_H

#include "types.h"

/* TRUE for success and information; a warning is not a success. */
#define NT_SUCCESS(status)     (((NTSTATUS)(status)) >= 0)
#define NT_INFORMATION(status) ((((ULONG)(status)) >> 30) == 1)
#define NT_WARNING(status)     ((((ULONG)(status)) >> 30) == 2)
#define NT_ERROR(status)       ((((ULONG)(status)) >> 30) == 3)

/* ---- Success ------------------------------------------------------------------------------- */

#define STATUS_SUCCESS ((NTSTATUS)0x00000000)
#define STATUS_WAIT_0  ((NTSTATUS)0x00000000)
#define STATUS_ALERTED ((NTSTATUS)0x00000101)
#define STATUS_TIMEOUT ((NTSTATUS)0x00000102)
#define STATUS_PENDING ((NTSTATUS)0x00000103)

/* From a completion routine: go on with the next one. Any value but MORE_PROCESSING_REQUIRED. */
#define STATUS_CONTINUE_COMPLETION STATUS_SUCCESS

/* ---- Information and warning --------------------------------------------------------------- */

#define STATUS_OBJECT_NAME_EXISTS ((NTSTATUS)0x40000000)
#define STATUS_BUFFER_OVERFLOW    ((NTSTATUS)0x80000005)
#define STATUS_NO_MORE_FILES      ((NTSTATUS)0x80000006)
#define STATUS_DEVICE_BUSY        ((NTSTATUS)0x80000011)

/* ---- Error --------------------------------------------------------------------------------- */

#define STATUS_UNSUCCESSFUL             ((NTSTATUS)0xC0000001)
#define STATUS_NOT_IMPLEMENTED          ((NTSTATUS)0xC0000002)
#define STATUS_INVALID_PARAMETER        ((NTSTATUS)0xC000000D)
#define STATUS_INVALID_DEVICE_REQUEST   ((NTSTATUS)0xC0000010)
#define STATUS_END_OF_FILE              ((NTSTATUS)0xC0000011)
#define STATUS_MORE_PROCESSING_REQUIRED ((NTSTATUS)0xC0000016)
#define STATUS_NO_MEMORY                ((NTSTATUS)0xC0000017)
#define STATUS_ACCESS_DENIED            ((NTSTATUS)0xC0000022)
#define STATUS_BUFFER_TOO_SMALL         ((NTSTATUS)0xC0000023)
#define STATUS_OBJECT_NAME_COLLISION    ((NTSTATUS)0xC0000035)
#define STATUS_QUOTA_EXCEEDED           ((NTSTATUS)0xC0000044)
#define STATUS_THREAD_IS_TERMINATING    ((NTSTATUS)0xC000004B)
#define STATUS_DELETE_PENDING           ((NTSTATUS)0xC0000056)
#define STATUS_INSUFFICIENT_RESOURCES   ((NTSTATUS)0xC000009A)
#define STATUS_DEVICE_NOT_READY         ((NTSTATUS)0xC00000A3)
#define STATUS_NOT_SUPPORTED            ((NTSTATUS)0xC00000BB)
#define STATUS_CANCELLED                ((NTSTATUS)0xC0000120)
#define STATUS_INVALID_DEVICE_STATE     ((NTSTATUS)0xC0000184)
#define STATUS_NOT_FOUND                ((NTSTATUS)0xC0000225)
#define STATUS_DEVICE_REMOVED           ((NTSTATUS)0xC00002B6)

#endif
