/* What the parser of programs has to know of conditions: how to pass over them. */
#include "litmus.h"

#include <string.h>

const char *const litmus_demands[] = {"never", "sometimes", "always"};

bool litmus_begins(const char *word, size_t length)
{
    for (unsigned i = 0; i <= LITMUS_ALWAYS; i++)
        if (strlen(litmus_demands[i]) == length && memcmp(litmus_demands[i], word, length) == 0)
            return true;
    return false;
}
