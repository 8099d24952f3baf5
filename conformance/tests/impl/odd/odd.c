/* Sound, but odd: its own header, an include style of long ago, warnings. */
#include <ntdef.h>

#include <csq.h>
#include <wdm.h>

#include "own.h"

#warning "this is what its author is used to"

static int never_used = OWN_ANSWER;

int helper_without_prototype(a)
int a;
{
    unsigned b;
    if (a == sizeof b)
        return 1;
}

#include "../../../../src/csq/csq.c"
