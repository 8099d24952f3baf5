/* The right order: once counted, a flag that is still clear stays clear until the stop has this add
 * to wait for. */
#include "bluetooth.h"

const char bluetooth_body[] = "fixed";

bool bluetooth_enter(struct bluetooth_device *device)
{
    InterlockedIncrement(&device->pending);
    if (!bluetooth_is_stopping(device))
        return true;
    bluetooth_leave(device);
    return false;
}
