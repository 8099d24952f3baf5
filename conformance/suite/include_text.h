/*
 * A text file as a string of the program, taken in when the source is assembled: people edit it as
 * what it is, and the program needs no file beside itself. The Makefile names the file as what the
 * object depends on.
 */
#ifndef CSQFUZZ_SUITE_INCLUDE_TEXT_H
#define CSQFUZZ_SUITE_INCLUDE_TEXT_H

/* Defines `const char symbol[]`; `file` is a string, from the project's root. */
#define INCLUDE_TEXT(symbol, file)                                                                 \
    __asm__(".pushsection .rodata\n"                                                               \
            ".global " #symbol "\n"                                                                \
            ".type " #symbol ", @object\n" #symbol ":\n"                                           \
            ".incbin \"" file "\"\n"                                                               \
            ".byte 0\n"                                                                            \
            ".size " #symbol ", . - " #symbol "\n"                                                 \
            ".popsection")

#endif
