/* Text for machines: what a string becomes inside JSON, and inside XML or HTML. */
#ifndef CSQFUZZ_SUITE_EMIT_H
#define CSQFUZZ_SUITE_EMIT_H

#include <stdbool.h>
#include <stdio.h>

/* ---- XML and HTML -------------------------------------------------------------------------- */

/* The text with <, >, & and both quotes written as entities, for content and attributes alike;
 * control characters that XML cannot have become '?'. */
void emit_xml(FILE *out, const char *text);

/* Like fprintf, but every argument is a string and goes through emit_xml: %s only. */
void emit_xml_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- JSON ---------------------------------------------------------------------------------- */

/* An object or array that is being written: commas and indentation come by themselves. */
struct emit_json {
    FILE *out;
    unsigned depth;
    bool started; /* the innermost one has a member already */
};

/* `key` NULL: in an array. */
void emit_open(struct emit_json *json, const char *key, char bracket);       /* '{' or '[' */
void emit_close(struct emit_json *json, char bracket);                       /* '}' or ']' */
void emit_string(struct emit_json *json, const char *key, const char *text); /* NULL: null */
void emit_number(struct emit_json *json, const char *key, unsigned long long number);
void emit_boolean(struct emit_json *json, const char *key, bool value);

#endif
