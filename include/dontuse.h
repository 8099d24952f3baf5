/* Deprecates unsafe functions in the WDK and declares none; here the same as <wdm.h>. */
#include "wdm.h"
