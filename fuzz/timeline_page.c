/*
 * The styles, taken from timeline.css and timeline_picture.css when this file is assembled: people
 * edit them as what they are, the program needs no file beside itself. The Makefile names both as
 * what this object depends on.
 */
#include "timeline_page.h"

#define INCLUDE_TEXT(symbol, file)                                                                 \
    __asm__(".pushsection .rodata\n"                                                               \
            ".global " #symbol "\n"                                                                \
            ".type " #symbol ", @object\n" #symbol ":\n"                                           \
            ".incbin \"" file "\"\n"                                                               \
            ".byte 0\n"                                                                            \
            ".size " #symbol ", . - " #symbol "\n"                                                 \
            ".popsection")

INCLUDE_TEXT(timeline_page_style, "fuzz/timeline.css");
INCLUDE_TEXT(timeline_picture_style, "fuzz/timeline_picture.css");
