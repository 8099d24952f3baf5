/* Basic types alone in the WDK; here the same as <wdm.h>. */
#include "wdm.h"
