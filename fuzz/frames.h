/* Which function a place in the code belongs to. */
#ifndef CSQFUZZ_FRAMES_H
#define CSQFUZZ_FRAMES_H

/* The name of the function of this program that has the address, static ones included; NULL if it
 * is none, or the program has been stripped. Read from the program's own symbols, so that it takes
 * no tool and is the same wherever the program runs. Valid until the process ends. */
const char *frames_function(const void *address);

#endif
