/* What file systems and filters include; here the same as <wdm.h>. */
#include "wdm.h"
