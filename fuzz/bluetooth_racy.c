/* The original order. Between the two lines a stop may run from end to end. */
#include "bluetooth.h"

const char bluetooth_body[] = "racy";

bool bluetooth_enter(struct bluetooth_device *device)
{
    if (bluetooth_is_stopping(device))
        return false;
    InterlockedIncrement(&device->pending);
    return true;
}
