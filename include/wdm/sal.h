/*
 * Source annotation language: what driver sources tell Microsoft's analyser. Every word here is
 * empty, so that annotated sources compile as they are; nothing is checked.
 */
#ifndef CSQFUZZ_WDM_SAL_H
#define CSQFUZZ_WDM_SAL_H

/* ---- Parameters ---------------------------------------------------------------------------- */

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(...)
#define _In_reads_opt_(...)
#define _In_reads_bytes_(...)
#define _In_reads_bytes_opt_(...)
#define _In_range_(...)
#define _Out_
#define _Out_opt_
#define _Out_writes_(...)
#define _Out_writes_opt_(...)
#define _Out_writes_bytes_(...)
#define _Out_writes_bytes_opt_(...)
#define _Out_writes_bytes_to_(...)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Inout_
#define _Inout_opt_
#define _Inout_updates_(...)
#define _Inout_updates_bytes_(...)
#define _Reserved_
#define _Const_
#define _Printf_format_string_

/* ---- Functions and results ----------------------------------------------------------------- */

#define _Use_decl_annotations_
#define _Function_class_(...)
#define _Dispatch_type_(...)
#define _Check_return_
#define _Must_inspect_result_
#define _Success_(...)
#define _Return_type_success_(...)
#define _Ret_maybenull_
#define _Ret_notnull_
#define _At_(...)
#define _When_(...)
#define _Pre_
#define _Post_
#define _Pre_notnull_
#define _Post_satisfies_(...)
#define _Pre_satisfies_(...)
#define _Notnull_
#define _Maybenull_
#define _Null_
#define _Field_size_(...)
#define _Field_size_bytes_(...)
#define _Struct_size_bytes_(...)
#define _Strict_type_match_
#define _Kernel_requires_resource_held_(...)
#define _Kernel_requires_resource_not_held_(...)
#define __drv_aliasesMem
#define __drv_freesMem(...)
#define __drv_allocatesMem(...)

/* ---- Statements ---------------------------------------------------------------------------- */

#define _Analysis_assume_(...)
#define _Analysis_assume_lock_held_(...)
#define _Analysis_assume_lock_not_held_(...)
#define _Analysis_mode_(...)

/* ---- IRQL ---------------------------------------------------------------------------------- */

#define _IRQL_saves_
#define _IRQL_restores_
#define _IRQL_saves_global_(...)
#define _IRQL_restores_global_(...)
#define _IRQL_raises_(...)
#define _IRQL_requires_(...)
#define _IRQL_requires_max_(...)
#define _IRQL_requires_min_(...)
#define _IRQL_requires_same_
#define _IRQL_always_function_max_(...)
#define _IRQL_always_function_min_(...)
#define _IRQL_is_cancel_
#define _IRQL_uses_cancel_
#define _IRQL_limited_to_(...)

/* ---- Locks --------------------------------------------------------------------------------- */

#define _Acquires_lock_(...)
#define _Acquires_nonreentrant_lock_(...)
#define _Acquires_exclusive_lock_(...)
#define _Acquires_shared_lock_(...)
#define _Releases_lock_(...)
#define _Releases_nonreentrant_lock_(...)
#define _Releases_exclusive_lock_(...)
#define _Releases_shared_lock_(...)
#define _Requires_lock_held_(...)
#define _Requires_lock_not_held_(...)
#define _Requires_no_locks_held_
#define _Has_lock_kind_(...)
#define _Guarded_by_(...)
#define _Write_guarded_by_(...)
#define _Interlocked_
#define _Interlocked_operand_

/* ---- The older spelling -------------------------------------------------------------------- */

/* C only: standard C++ headers use these names for parameters and would lose them. */
#ifndef __cplusplus
#define __in
#define __in_opt
#define __out
#define __out_opt
#define __inout
#define __inout_opt
#define __checkReturn
#define __reserved
#endif

#endif
