/* What drivers other than file systems include; here the same as <wdm.h>. */
#include "wdm.h"
