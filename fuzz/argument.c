#include "argument.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

uint64_t argument_number(struct argp_state *state, const char *what, const char *value,
                         uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] >= '0' && value[0] <= '9' && !*end && !errno && number >= least && number <= most)
        return number;
    if (most == UINT64_MAX)
        argp_error(state, "%s takes a number from %" PRIu64 " on", what, least);
    else
        argp_error(state, "%s takes a number from %" PRIu64 " to %" PRIu64, what, least, most);
    return least; /* not reached: argp ends the process */
}
