/* IoCreateDeviceSecure in the WDK, which is not offered; here the same as <wdm.h>. */
#include "wdm.h"
