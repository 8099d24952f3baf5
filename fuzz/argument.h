/* Arguments of the commands' options, for argp parsers. */
#ifndef CSQFUZZ_ARGUMENT_H
#define CSQFUZZ_ARGUMENT_H

#include <argp.h>
#include <stdint.h>

/* The decimal number that `value` is, of the option `what`. If it is none from `least` to `most`
 * (UINT64_MAX: no bound), one sentence says so and the process ends. */
uint64_t argument_number(struct argp_state *state, const char *what, const char *value,
                         uint64_t least, uint64_t most);

#endif
