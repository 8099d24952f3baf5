#include "leeway.h"

#include <string.h>

struct leeway leeway;

static bool set_one(struct leeway *to, const char *word, size_t length)
{
    static const struct {
        const char *word;
        bool text, exact;
    } known[] = {{"text", true, false},
                 {"diagram", false, false},
                 {"nt_success", false, false},
                 {"exact", false, true}};
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].word) != length || strncmp(known[i].word, word, length) != 0)
            continue;
        to->text |= known[i].text;
        to->exact |= known[i].exact;
        return true;
    }
    return false;
}

bool leeway_set(const char *words)
{
    struct leeway read = {0};
    while (*words) {
        size_t length = strcspn(words, ",");
        if (!set_one(&read, words, length))
            return false;
        words += length + (words[length] == ',');
    }
    leeway = read;
    return true;
}
