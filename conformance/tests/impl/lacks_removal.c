/* Both removals have other names. */
#include <ntifs.h>

#define IoCsqRemoveIrp     IoCsqRemoveIrpByContext
#define IoCsqRemoveNextIrp IoCsqPopIrp
#include "../../../src/csq/csq.c"
