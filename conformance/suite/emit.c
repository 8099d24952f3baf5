#include "emit.h"

#include <stdarg.h>
#include <string.h>

/* ---- XML and HTML -------------------------------------------------------------------------- */

static const char *entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void emit_xml(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *name = entity(*text);
        if (name)
            fputs(name, out);
        else
            fputc((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, out);
    }
}

void emit_xml_format(FILE *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    for (; *format; format++) {
        if (format[0] == '%' && format[1] == 's') {
            emit_xml(out, va_arg(arguments, const char *));
            format++;
        } else {
            fputc(*format, out);
        }
    }
    va_end(arguments);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void quote(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c < ' ' || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void begin(struct emit_json *json, const char *key)
{
    if (json->depth > 0)
        fprintf(json->out, "%s\n%*s", json->started ? "," : "", (int)(2 * json->depth), "");
    json->started = true;
    if (!key)
        return;
    quote(json->out, key);
    fputs(": ", json->out);
}

void emit_open(struct emit_json *json, const char *key, char bracket)
{
    begin(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->started = false;
}

void emit_close(struct emit_json *json, char bracket)
{
    json->depth--;
    if (json->started)
        fprintf(json->out, "\n%*s", (int)(2 * json->depth), "");
    fputc(bracket, json->out);
    json->started = true;
    if (json->depth == 0)
        fputc('\n', json->out);
}

void emit_string(struct emit_json *json, const char *key, const char *text)
{
    begin(json, key);
    if (text)
        quote(json->out, text);
    else
        fputs("null", json->out);
}

void emit_number(struct emit_json *json, const char *key, unsigned long long number)
{
    begin(json, key);
    fprintf(json->out, "%llu", number);
}

void emit_boolean(struct emit_json *json, const char *key, bool value)
{
    begin(json, key);
    fputs(value ? "true" : "false", json->out);
}
