/* What the HTML report carries inline. */
#ifndef CSQFUZZ_SUITE_PAGE_H
#define CSQFUZZ_SUITE_PAGE_H

extern const char page_style[];  /* CSS; light or dark as the reader's system is */
extern const char page_script[]; /* filters; without it the page shows everything */

#endif
