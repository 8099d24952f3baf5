/* Whether sanitizers look up the names of functions. */
#ifndef CSQFUZZ_SYMBOLS_H
#define CSQFUZZ_SYMBOLS_H

/*
 * Where a sanitizer is linked that would look up names for its reports, start this program again
 * with one that does not; main()'s argv, before anything else is done. Looking up takes most of a
 * second: for commands that bring a report about over and over, and show none. Returns if there is
 * nothing to change, or it cannot be.
 */
void symbols_leave_out(char **argv);

#endif
