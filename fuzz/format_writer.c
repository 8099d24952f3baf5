#include "format_writer.h"

#include <stdarg.h>
#include <stdio.h>

void writer_put(struct writer *writer, const char *format, ...)
{
    va_list arguments;
    size_t room = (size_t)(writer->end - writer->at);
    va_start(arguments, format);
    int length = vsnprintf(writer->at, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        writer->at += (size_t)length < room ? (size_t)length : room - 1;
}
