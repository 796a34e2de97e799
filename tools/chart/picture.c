// The SVG file that a report's --svg names: drawn in memory, then written whole.
#include "tools/chart/picture.h"
#include "tools/file.h"
#include "tools/jst.h"

#include <stdlib.h>

static char *made_from(struct context *context)
{
    char now[JST_TIME_BYTES];
    const Points__V1__HelloReply *hello = client_hello(context_client(context));
    jst_print_time(hello->time, now);
    return xprintf("台帳 %s、%.16s(日本時間)現在%s", hello->origin, now,
        hello->time_source == TIME_SOURCE(SCRIPTED) ? "。試験・実演用の台帳" : "");
}

bool picture_begin(struct context *context, struct picture *picture)
{
    const char *path = option_get(&context->line, "svg");
    if (!path)
        return false;
    *picture = (struct picture){.path = path};
    picture->file = open_memstream(&picture->bytes, &picture->size);
    if (!picture->file)
        fail(EXIT_FAILED, "out of memory");
    picture->note = made_from(context);
    return true;
}

void picture_save(struct picture *picture)
{
    struct tool_error error;
    if (fclose(picture->file) != 0)
        fail(EXIT_FAILED, "out of memory");
    if (!file_write_whole(picture->path, 0644, (const uint8_t *)picture->bytes, picture->size, &error))
        fail_with(&error);
    free(picture->bytes);
    free(picture->note);
}
