/*
 * The page's style and script, taken from page.css and page.js when this file is assembled: people
 * edit them as what they are, the program needs no file beside itself. The Makefile names both as
 * what this object depends on.
 */
#include "page.h"

#define INCLUDE_TEXT(symbol, file)                                                                 \
    __asm__(".pushsection .rodata\n"                                                               \
            ".global " #symbol "\n"                                                                \
            ".type " #symbol ", @object\n" #symbol ":\n"                                           \
            ".incbin \"" file "\"\n"                                                               \
            ".byte 0\n"                                                                            \
            ".size " #symbol ", . - " #symbol "\n"                                                 \
            ".popsection")

INCLUDE_TEXT(page_style, "conformance/suite/page.css");
INCLUDE_TEXT(page_script, "conformance/suite/page.js");
