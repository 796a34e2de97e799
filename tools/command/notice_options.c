// The options of post-notice that make its text.
#include "tools/command/notice_options.h"
#include "proto/canonical.h"
#include "proto/notice_text.h"
#include "tools/file.h"
#include "tools/shown.h"

#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t\r";

// One language, as a file has it.
struct page {
    Points__V1__NoticeVersion version; // points into the two below
    char language[NOTICE_LANGUAGE_BYTES_MAX + 1];
    char *paragraphs[NOTICE_PARAGRAPHS_MAX];
    char *bytes; // of the file
    const char *path;
};

static char *trim(char *line)
{
    line += strspn(line, blanks);
    for (char *end = line + strlen(line); end > line && strchr(blanks, end[-1]);)
        *--end = '\0';
    return line;
}

static void read_lines(struct page *page, char *text)
{
    for (char *line; (line = strsep(&text, "\n"));) {
        line = trim(line);
        if (!*line)
            continue;
        if (!*page->version.title)
            page->version.title = line;
        else if (page->version.n_paragraphs < NOTICE_PARAGRAPHS_MAX)
            page->paragraphs[page->version.n_paragraphs++] = line;
        else
            fail(EXIT_WRONG_USE, "%s has more than %d paragraphs: every line but the first is one", page->path,
                NOTICE_PARAGRAPHS_MAX);
    }
}

// Its own form, so that the message can name the file.
static void check_page(const struct page *page)
{
    struct canonical_fault fault;
    size_t size = points__v1__notice_version__get_packed_size(&page->version);
    uint8_t *bytes = xmalloc(size);
    points__v1__notice_version__pack(&page->version, bytes);
    bool good = canonical_check(&points__v1__notice_version__descriptor, bytes, size, &fault) == CANONICAL_OK;
    free(bytes);
    if (!good)
        fail(EXIT_WRONG_USE, "%s: %s %s; the first line is the title, every other one a paragraph", page->path,
            fault.field, fault.problem);
}

static void read_file(struct page *page)
{
    enum { FILE_BYTES_MAX = 64 * 1024 };
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    struct tool_error error;
    size_t size, mark = sizeof byte_order_mark - 1;
    page->bytes = (char *)file_read(page->path, FILE_BYTES_MAX, &size, &error);
    if (!page->bytes)
        fail(EXIT_WRONG_USE, "%s", error.message);
    if (strlen(page->bytes) != size)
        fail(EXIT_WRONG_USE, "%s is no text in UTF-8", page->path);
    read_lines(page, page->bytes + (strncmp(page->bytes, byte_order_mark, mark) == 0 ? mark : 0));
    check_page(page);
}

static void read_page(const struct context *context, const char *option, struct page *page)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t size = strspn(option, letters);
    if (option[size] != '=' || size < 2 || size > NOTICE_LANGUAGE_BYTES_MAX)
        fail_usage(&context->line, "--text: \"%s\" is not LANGUAGE=FILE, as in ja=notice.txt", shown(option));
    memcpy(page->language, option, size);
    points__v1__notice_version__init(&page->version);
    page->version.language = page->language;
    page->version.paragraphs = page->paragraphs;
    page->path = option + size + 1;
    read_file(page);
}

static int by_language(const void *left, const void *right)
{
    const Points__V1__NoticeVersion *const *a = left, *const *b = right;
    return strcmp((*a)->language, (*b)->language);
}

static ProtobufCBinaryData pack(const Points__V1__NoticeText *text)
{
    struct canonical_fault fault;
    ProtobufCBinaryData packed = {.len = points__v1__notice_text__get_packed_size(text)};
    if (packed.len > NOTICE_TEXT_BYTES_MAX)
        fail(EXIT_WRONG_USE, "the text has %zu bytes in all its languages; at most %d are allowed", packed.len,
            NOTICE_TEXT_BYTES_MAX);
    packed.data = xmalloc(packed.len);
    points__v1__notice_text__pack(text, packed.data);
    if (canonical_check(&points__v1__notice_text__descriptor, packed.data, packed.len, &fault) == CANONICAL_OK)
        return packed;
    free(packed.data);
    fail(EXIT_WRONG_USE, "the text: %s %s", fault.field, fault.problem);
}

ProtobufCBinaryData notice_options_read(struct context *context)
{
    static struct page pages[NOTICE_VERSIONS_MAX];
    Points__V1__NoticeVersion *versions[NOTICE_VERSIONS_MAX];
    Points__V1__NoticeText text = POINTS__V1__NOTICE_TEXT__INIT;
    text.versions = versions;
    if (option_get(&context->line, "link"))
        text.link = (char *)option_get(&context->line, "link");
    for (const char *option; (option = option_nth(&context->line, "text", text.n_versions)); text.n_versions++) {
        if (text.n_versions == NOTICE_VERSIONS_MAX)
            fail_usage(&context->line, "at most %d languages", NOTICE_VERSIONS_MAX);
        read_page(context, option, &pages[text.n_versions]);
        versions[text.n_versions] = &pages[text.n_versions].version;
    }
    if (!text.n_versions)
        fail_usage(&context->line, "--text is missing: give the text with --text ja=FILE");
    qsort(versions, text.n_versions, sizeof *versions, by_language);
    for (size_t i = 1; i < text.n_versions; i++)
        if (by_language(&versions[i - 1], &versions[i]) == 0)
            fail_usage(&context->line, "two texts are in the language %s", versions[i]->language);
    ProtobufCBinaryData packed = pack(&text);
    if (*text.link && !notice_link_is_sound(text.link))
        fail_usage(&context->line,
            "--link: \"%s\" is no link: write https:// or http:// and more, in ASCII without blanks", shown(text.link));
    for (size_t i = 0; i < text.n_versions; i++)
        free(pages[i].bytes);
    return packed;
}
