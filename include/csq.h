/* The queue for systems older than Windows XP in the WDK; here the same as <wdm.h>. */
#include "wdm.h"
