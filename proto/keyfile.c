// Key files: comments from '#' on, and one line of 64 hex digits.
#include "proto/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_BYTES = 2 * KEY_BYTES + 1, FILE_BYTES_MAX = 4096 };

static const char public_comment[] = "# points: Ed25519 public key";

_Static_assert(crypto_sign_ed25519_SEEDBYTES == KEY_BYTES, "a seed is written like a public key");

__attribute__((format(printf, 2, 3))) static bool refuse(struct keyfile_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return false;
}

// NAME.key -> NAME.pub; anything else gets .pub behind it.
static bool public_path(const char *path, char beside[PATH_MAX], struct keyfile_error *error)
{
    size_t size = strlen(path);
    if (!size)
        return refuse(error, "the name of the key's file is empty");
    if (size > 4 && !strcmp(path + size - 4, ".key"))
        size -= 4;
    return snprintf(beside, PATH_MAX, "%.*s.pub", (int)size, path) < PATH_MAX ||
           refuse(error, "the path of the key is too long: %.100s...", path);
}

// The name in its folder, too, must outlive a power cut.
static bool sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool write_text(const char *path, mode_t mode, const char *comment, const char *hex, struct keyfile_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST)
        return refuse(error, "%s exists already; a key is never overwritten: choose another name", path);
    if (fd < 0)
        return refuse(error, "cannot create %s: %s", path, strerror(errno));
    bool ok = dprintf(fd, "# %s\n%s\n", comment, hex) > 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok && sync_folder_of(path);
    int why = errno;
    if (!ok)
        unlink(path);
    return ok || refuse(error, "cannot write %s: %s", path, strerror(why));
}

static bool write_pair(
    const char *path, const char *holder, const uint8_t *seed, const uint8_t *public_key, struct keyfile_error *error)
{
    char comment[300], beside[PATH_MAX];
    if (!public_path(path, beside, error))
        return false;
    if (strpbrk(holder, "\r\n"))
        return refuse(error, "the holder of a key is one line of text");
    char *hex = sodium_malloc(HEX_BYTES);
    if (!hex)
        return refuse(error, "out of locked memory for a key");
    snprintf(comment, sizeof comment, "points: Ed25519 secret key of %s. Keep it to yourself.", holder);
    sodium_bin2hex(hex, HEX_BYTES, seed, KEY_BYTES);
    bool ok = write_text(path, 0600, comment, hex, error);
    if (ok) {
        snprintf(comment, sizeof comment, "%s of %s", public_comment + 2, holder);
        sodium_bin2hex(hex, HEX_BYTES, public_key, KEY_BYTES);
        ok = write_text(beside, 0644, comment, hex, error);
        if (!ok)
            unlink(path);
    }
    sodium_free(hex);
    return ok;
}

static bool from_seed(const uint8_t *seed, struct keyfile *key, struct keyfile_error *error)
{
    key->secret = sodium_malloc(crypto_sign_ed25519_SECRETKEYBYTES);
    if (!key->secret)
        return refuse(error, "out of locked memory for a key");
    crypto_sign_ed25519_seed_keypair(key->public_key, key->secret, seed);
    return true;
}

bool keyfile_create(const char *path, const char *holder, struct keyfile *key, struct keyfile_error *error)
{
    struct keyfile made = {0};
    uint8_t *seed = sodium_malloc(KEY_BYTES);
    if (!seed)
        return refuse(error, "out of locked memory for a key");
    randombytes_buf(seed, KEY_BYTES);
    bool ok = from_seed(seed, &made, error) && write_pair(path, holder, seed, made.public_key, error);
    sodium_free(seed);
    if (ok && key)
        *key = made;
    else
        keyfile_free(&made);
    return ok;
}

// The one line that is no comment, as bytes.
static bool parse_text(char *text, uint8_t bytes[KEY_BYTES])
{
    bool found = false;
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n"))) {
        line[strcspn(line, " \t\r")] = '\0';
        if (!*line || *line == '#')
            continue;
        size_t size;
        if (found || sodium_hex2bin(bytes, KEY_BYTES, line, strlen(line), NULL, &size, NULL) != 0 || size != KEY_BYTES)
            return false;
        found = strlen(line) == 2 * KEY_BYTES;
    }
    return found;
}

// By its name or by the comment that keyfile_create writes.
static bool is_public(const char *path, const char *text)
{
    size_t size = strlen(path);
    return (size > 4 && !strcmp(path + size - 4, ".pub")) || !strncmp(text, public_comment, strlen(public_comment));
}

static bool check_secret(const char *path, const char *text, mode_t mode, struct keyfile_error *error)
{
    if (is_public(path, text))
        return refuse(error, "%s is a public key; the secret one is wanted: the file NAME.key beside it", path);
    return !(mode & 077) || refuse(error, "%s can be read by others; run: chmod 600 %s", path, path);
}

static bool read_fd(int fd, const char *path, bool secret, uint8_t bytes[KEY_BYTES], struct keyfile_error *error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return refuse(error, "cannot read %s: %s", path, strerror(errno));
    char *text = sodium_malloc(FILE_BYTES_MAX + 1);
    if (!text)
        return refuse(error, "out of locked memory for a key");
    ssize_t size = read(fd, text, FILE_BYTES_MAX);
    text[size > 0 ? size : 0] = '\0';
    bool ok = !secret || check_secret(path, text, status.st_mode, error);
    if (ok && (size <= 0 || !parse_text(text, bytes)))
        ok = refuse(error, "%s is no key file: it should hold comments and one line of 64 hex digits", path);
    sodium_free(text);
    return ok;
}

static bool read_key(const char *path, bool secret, uint8_t bytes[KEY_BYTES], struct keyfile_error *error)
{
    if (!*path)
        return refuse(error, "the name of the key's file is empty");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refuse(error, "cannot read the key %s: %s", path, strerror(errno));
    bool ok = read_fd(fd, path, secret, bytes, error);
    close(fd);
    return ok;
}

bool keyfile_load(const char *path, struct keyfile *key, struct keyfile_error *error)
{
    uint8_t *seed = sodium_malloc(KEY_BYTES);
    if (!seed)
        return refuse(error, "out of locked memory for a key");
    bool ok = read_key(path, true, seed, error) && from_seed(seed, key, error);
    sodium_free(seed);
    return ok;
}

void keyfile_free(struct keyfile *key)
{
    sodium_free(key->secret);
    key->secret = NULL;
}

bool keyfile_read_public(const char *path_or_hex, uint8_t key[KEY_BYTES], struct keyfile_error *error)
{
    size_t size, length = strlen(path_or_hex);
    if (length == 2 * KEY_BYTES && !sodium_hex2bin(key, KEY_BYTES, path_or_hex, length, NULL, &size, NULL) &&
        size == KEY_BYTES)
        return true;
    if (length > 4 && !strcmp(path_or_hex + length - 4, ".pub"))
        return read_key(path_or_hex, false, key, error);
    char beside[PATH_MAX];
    return public_path(path_or_hex, beside, error) && read_key(beside, false, key, error);
}
