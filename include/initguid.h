/* Makes DEFINE_GUID define in the WDK; GUIDs are not offered; here the same as <wdm.h>. */
#include "wdm.h"
