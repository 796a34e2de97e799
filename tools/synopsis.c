// A command's synopsis, taken apart.
#include "tools/synopsis.h"

#include <stdio.h>
#include <string.h>

bool synopsis_option(const char *synopsis, const char *name, struct synopsis_option *option)
{
    size_t size = strlen(name);
    for (const char *at = synopsis; (at = strstr(at, "--")); at += 2) {
        const char *end = at + 2 + strcspn(at + 2, " ]");
        if ((size_t)(end - at - 2) != size || strncmp(at + 2, name, size))
            continue;
        option->takes_value = *end == ' ';
        const char *value_end = option->takes_value ? end + 1 + strcspn(end + 1, " ]") : end;
        option->repeats = !strncmp(value_end, "]...", 4);
        return true;
    }
    return false;
}

struct word {
    const char *name;
    size_t size; // 0: there are no more
    bool optional;
};

// The next word that is no option and no option's value; moves on.
static struct word next_word(const char **at)
{
    bool value = false;
    while (**at) {
        const char *word = *at;
        size_t size = strcspn(word, " ");
        bool bracket = *word == '[', closed = memchr(word, ']', size);
        *at += size + strspn(word + size, " ");
        if (!strncmp(word + bracket, "--", 2))
            value = !closed && word[size] == ' ';
        else if (value)
            value = false;
        else
            return (struct word){word + bracket, size - bracket - closed, bracket};
    }
    return (struct word){0};
}

void synopsis_words(const char *synopsis, size_t *min, size_t *max)
{
    *min = *max = 0;
    for (struct word word = next_word(&synopsis); word.size; word = next_word(&synopsis)) {
        *max += 1;
        *min += !word.optional;
    }
}

size_t synopsis_word(const char *synopsis, size_t index, const char **name)
{
    struct word word = next_word(&synopsis);
    while (index-- && word.size)
        word = next_word(&synopsis);
    *name = word.name;
    return word.size;
}

void synopsis_options(const char *synopsis, char *text, size_t size)
{
    *text = '\0';
    for (const char *at = synopsis; (at = strstr(at, "--")); at += 2) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s%.*s", used ? ", " : "", (int)strcspn(at, " ]"), at);
    }
}
