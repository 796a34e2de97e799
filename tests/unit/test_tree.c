// The tree against RFC 6962 written down naively, and checkpoints against the published test vector.
#include "ledger/hash.h"
#include "ledger/note.h"
#include "ledger/tiles.h"
#include "ledger/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

enum { SIZE_MAX_TESTED = 70, LEVELS_TESTED = 8 };

static uint8_t leaves[SIZE_MAX_TESTED][HASH_BYTES];
static uint8_t nodes[LEVELS_TESTED][SIZE_MAX_TESTED][HASH_BYTES]; // as tree_append gave them
static uint8_t edge_roots[SIZE_MAX_TESTED + 1][HASH_BYTES];
static uint8_t naive_roots[SIZE_MAX_TESTED + 1][HASH_BYTES];

// MTH of RFC 6962, section 2.1.
static void naive_root(uint64_t begin, uint64_t end, uint8_t root[HASH_BYTES])
{
    if (begin == end) {
        hash_bytes(NULL, 0, root);
    } else if (end - begin == 1) {
        memcpy(root, leaves[begin], HASH_BYTES);
    } else {
        uint64_t middle = 1;
        while (middle * 2 < end - begin)
            middle *= 2;
        uint8_t left[HASH_BYTES], right[HASH_BYTES];
        naive_root(begin, begin + middle, left);
        naive_root(begin + middle, end, right);
        hash_node(left, right, root);
    }
}

static int grow(void **state)
{
    (void)state;
    struct tree_edge edge = {0};
    uint8_t completed[TREE_LEVELS_MAX][HASH_BYTES];
    for (uint64_t i = 0; i < SIZE_MAX_TESTED; i++) {
        uint8_t byte = (uint8_t)i;
        hash_leaf(&byte, 1, leaves[i]);
        tree_root(&edge, edge_roots[i]);
        naive_root(0, i, naive_roots[i]);
        size_t count = tree_append(&edge, leaves[i], completed);
        for (size_t level = 0; level < count; level++)
            memcpy(nodes[level][i >> level], completed[level], HASH_BYTES);
    }
    tree_root(&edge, edge_roots[SIZE_MAX_TESTED]);
    naive_root(0, SIZE_MAX_TESTED, naive_roots[SIZE_MAX_TESTED]);
    return 0;
}

// Fails the test when asked for a subtree that is not complete in a tree of `*context` leaves.
static bool read_node(void *context, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    const uint64_t *size = context;
    assert_true(level < LEVELS_TESTED && (position + 1) << level <= *size);
    memcpy(hash, nodes[level][position], HASH_BYTES);
    return true;
}

static bool read_nothing(void *context, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    (void)context, (void)level, (void)position, (void)hash;
    return false;
}

static void test_hashes(void **state)
{
    (void)state;
    uint8_t hash[HASH_BYTES], expected[HASH_BYTES], node[1 + 2 * HASH_BYTES] = {1};
    hash_bytes((const uint8_t *)"abc", 3, hash);
    crypto_hash_sha256(expected, (const uint8_t *)"abc", 3);
    assert_memory_equal(hash, expected, HASH_BYTES);
    hash_leaf((const uint8_t *)"abc", 3, hash);
    crypto_hash_sha256(expected, (const uint8_t *)"\0abc", 4);
    assert_memory_equal(hash, expected, HASH_BYTES);
    memset(node + 1 + HASH_BYTES, 7, HASH_BYTES);
    hash_node(node + 1, node + 1 + HASH_BYTES, hash);
    crypto_hash_sha256(expected, node, sizeof node);
    assert_memory_equal(hash, expected, HASH_BYTES);
}

static void test_roots(void **state)
{
    (void)state;
    uint8_t root[HASH_BYTES];
    for (uint64_t size = 0; size <= SIZE_MAX_TESTED; size++) {
        assert_memory_equal(edge_roots[size], naive_roots[size], HASH_BYTES);
        assert_true(tree_root_at(size, read_node, &size, root));
        assert_memory_equal(root, naive_roots[size], HASH_BYTES);
    }
    assert_false(tree_root_at(5, read_nothing, NULL, root));
}

static void assert_inclusion(uint64_t index, uint64_t size)
{
    uint8_t proof[TREE_PROOF_MAX][HASH_BYTES] = {0};
    size_t count;
    assert_true(tree_prove_inclusion(index, size, read_node, &size, proof, &count));
    const uint8_t *leaf = leaves[index], *root = naive_roots[size];
    const uint8_t(*given)[HASH_BYTES] = (const uint8_t(*)[HASH_BYTES])proof;
    assert_true(tree_check_inclusion(index, size, leaf, given, count, root));
    assert_false(tree_check_inclusion(index, size, leaf, given, count + 1, root));
    assert_false(count && tree_check_inclusion(index, size, leaf, given, count - 1, root));
    assert_false(tree_check_inclusion(index, size, naive_roots[0], given, count, root));
    assert_false(tree_check_inclusion(index, size, leaf, given, count, naive_roots[0]));
    for (uint64_t other = 0; other < size; other++)
        assert_true(other == index || !tree_check_inclusion(other, size, leaf, given, count, root));
    for (size_t bit = 0; bit < count * HASH_BYTES * 8; bit += 37) {
        proof[bit / 256][bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
        assert_false(tree_check_inclusion(index, size, leaf, given, count, root));
        proof[bit / 256][bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_inclusion(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= SIZE_MAX_TESTED; size++)
        for (uint64_t index = 0; index < size; index++)
            assert_inclusion(index, size);
    uint8_t proof[TREE_PROOF_MAX][HASH_BYTES];
    uint64_t size = 5;
    size_t count;
    assert_false(tree_prove_inclusion(5, 5, read_node, &size, proof, &count));
    assert_false(tree_prove_inclusion(0, 0, read_node, &size, proof, &count));
    assert_false(tree_prove_inclusion(1, 5, read_nothing, NULL, proof, &count));
    assert_false(tree_check_inclusion(5, 5, leaves[0], NULL, 0, naive_roots[5]));
}

static void assert_consistency(uint64_t from, uint64_t to)
{
    uint8_t proof[TREE_PROOF_MAX][HASH_BYTES] = {0};
    size_t count;
    assert_true(tree_prove_consistency(from, to, read_node, &to, proof, &count));
    const uint8_t *before = naive_roots[from], *after = naive_roots[to], *wrong = naive_roots[0];
    const uint8_t(*given)[HASH_BYTES] = (const uint8_t(*)[HASH_BYTES])proof;
    assert_true(tree_check_consistency(from, to, before, after, given, count));
    assert_false(tree_check_consistency(from, to, before, after, given, count + 1));
    assert_false(count && tree_check_consistency(from, to, before, after, given, count - 1));
    assert_false(tree_check_consistency(from, to, wrong, after, given, count));
    assert_false(tree_check_consistency(from, to, before, wrong, given, count));
    for (size_t bit = 0; bit < count * HASH_BYTES * 8; bit += 37) {
        proof[bit / 256][bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
        assert_false(tree_check_consistency(from, to, before, after, given, count));
        proof[bit / 256][bit / 8 % 32] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_consistency(void **state)
{
    (void)state;
    for (uint64_t to = 1; to <= SIZE_MAX_TESTED; to++)
        for (uint64_t from = 1; from <= to; from++)
            assert_consistency(from, to);
    uint8_t proof[TREE_PROOF_MAX][HASH_BYTES];
    uint64_t to = 5;
    size_t count;
    assert_false(tree_prove_consistency(0, 5, read_node, &to, proof, &count));
    assert_false(tree_prove_consistency(6, 5, read_node, &to, proof, &count));
    assert_false(tree_prove_consistency(3, 5, read_nothing, NULL, proof, &count));
    assert_false(tree_check_consistency(0, 5, naive_roots[0], naive_roots[5], NULL, 0));
    assert_false(tree_check_consistency(6, 5, naive_roots[6], naive_roots[5], NULL, 0));
}

// ---- checkpoints: Ed25519 seed 00 01 … 1f, the leaves a, b, c, d, e

static const char vector_verifier[] = "points.example.jp/ledger+54a2d3dd+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
static const char vector_note[] =
    "points.example.jp/ledger\n5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n\n"
    "— points.example.jp/ledger "
    "VKLT3RFUoeJjcVT14qhD9ObvNsz8ICB2Y+XST3I//MLYr+1YK6Fh15ixsghUv9HhI3EhVg8T2ual/P2NkLqpe5aPUAw=\n";

static struct note_signer make_signer(const char *name, uint8_t first)
{
    struct note_signer signer = {0};
    uint8_t seed[crypto_sign_SEEDBYTES];
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = (uint8_t)(first + i);
    snprintf(signer.verifier.name, sizeof signer.verifier.name, "%s", name);
    crypto_sign_seed_keypair(signer.verifier.key, signer.secret, seed);
    return signer;
}

static void vector_root(uint8_t root[HASH_BYTES])
{
    struct tree_edge edge = {0};
    uint8_t leaf[HASH_BYTES], completed[TREE_LEVELS_MAX][HASH_BYTES];
    for (const char *letter = "abcde"; *letter; letter++) {
        hash_leaf((const uint8_t *)letter, 1, leaf);
        tree_append(&edge, leaf, completed);
    }
    tree_root(&edge, root);
}

static void test_vector(void **state)
{
    (void)state;
    struct note_signer signer = make_signer("points.example.jp/ledger", 0);
    char verifier[NOTE_VERIFIER_MAX], note[NOTE_BYTES_MAX];
    uint8_t root[HASH_BYTES];
    note_verifier_text(&signer.verifier, verifier);
    assert_string_equal(verifier, vector_verifier);
    vector_root(root);
    note_sign_checkpoint((const struct note_signer *const[]){&signer}, 1, 5, root, note);
    assert_string_equal(note, vector_note);
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    assert_true(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
    assert_string_equal(checkpoint.origin, "points.example.jp/ledger");
    assert_int_equal(checkpoint.size, 5);
    assert_memory_equal(checkpoint.root, root, HASH_BYTES);
}

static void test_note_damaged(void **state)
{
    (void)state;
    struct note_signer signer = make_signer("points.example.jp/ledger", 0);
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    char note[sizeof vector_note];
    for (size_t bit = 0; bit < (sizeof vector_note - 1) * 8; bit++) {
        memcpy(note, vector_note, sizeof note);
        note[bit / 8] ^= (char)(1 << bit % 8);
        assert_false(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
    }
    for (size_t size = 0; size < sizeof vector_note - 1; size++) {
        snprintf(note, sizeof note, "%.*s", (int)size, vector_note);
        assert_false(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
    }
}

static void test_note_signers(void **state)
{
    (void)state;
    struct note_signer signer = make_signer("points.example.jp/ledger", 0);
    struct note_signer next = make_signer("points.example.jp/ledger", 1);
    struct note_signer other = make_signer("other.example.jp/ledger", 0);
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    char both[2 * NOTE_BYTES_MAX], second[NOTE_BYTES_MAX];
    uint8_t root[HASH_BYTES];
    vector_root(root);
    assert_false(note_open_checkpoint(vector_note, &next.verifier, 1, &checkpoint, &fault));
    assert_false(note_open_checkpoint(vector_note, &other.verifier, 1, &checkpoint, &fault));
    note_sign_checkpoint((const struct note_signer *const[]){&next}, 1, 5, root, second);
    snprintf(both, sizeof both, "%s%s", strstr(second, "— ") ? vector_note : "", strstr(second, "— "));
    assert_true(note_open_checkpoint(both, &signer.verifier, 1, &checkpoint, &fault)); // while a key is rotated
    assert_true(note_open_checkpoint(both, &next.verifier, 1, &checkpoint, &fault));
    snprintf(both, sizeof both, "%s— witness.example.jp/w %s\n", vector_note, "AAAAAAAAAAAAAAAA");
    assert_true(note_open_checkpoint(both, &signer.verifier, 1, &checkpoint, &fault));
    snprintf(both, sizeof both, "%sno signature\n", vector_note);
    assert_false(note_open_checkpoint(both, &signer.verifier, 1, &checkpoint, &fault));
}

// While a key is rotated: one of two keys is enough, and a wrong line of either spoils the note.
static void test_note_of_two_keys(void **state)
{
    (void)state;
    struct note_signer signer = make_signer("points.example.jp/ledger", 0);
    struct note_signer next = make_signer("points.example.jp/ledger", 1);
    struct note_verifier both[] = {signer.verifier, next.verifier};
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    char note[NOTE_BYTES_MAX], own[NOTE_BYTES_MAX], twice[2 * NOTE_BYTES_MAX];
    static const char dash[] = "— ";
    uint8_t root[HASH_BYTES];
    vector_root(root);
    assert_true(note_open_checkpoint(vector_note, both, 2, &checkpoint, &fault));
    assert_false(note_open_checkpoint(vector_note, both + 1, 1, &checkpoint, &fault));
    assert_non_null(strstr(fault.message, "not signed by points.example.jp/ledger with a key that may sign it"));
    assert_false(note_open_checkpoint(vector_note, both, 0, &checkpoint, &fault));
    note_sign_checkpoint((const struct note_signer *const[]){&signer, &next}, 2, 5, root, note);
    assert_memory_equal(note, vector_note, sizeof vector_note - 1);
    assert_int_equal(note_line_count(note), 2);
    for (int i = 0; i < 2; i++) {
        assert_true(note_open_checkpoint(note, &both[i], 1, &checkpoint, &fault));
        note_strip(note, &both[i], 1, own);
        assert_int_equal(note_line_count(own), 1);
        assert_true(note_open_checkpoint(own, &both[i], 1, &checkpoint, &fault));
    }
    snprintf(twice, sizeof twice, "%s%s", note, strstr(note, dash));
    assert_true(note_open_checkpoint(twice, both, 2, &checkpoint, &fault));
    note_strip(twice, both, 2, own);
    assert_string_equal(own, note);
    note[strlen(note) - 6] ^= 1;
    assert_true(note_open_checkpoint(note, both, 1, &checkpoint, &fault));
    assert_false(note_open_checkpoint(note, both, 2, &checkpoint, &fault));
    assert_non_null(strstr(fault.message, "a key of points.example.jp/ledger that does not verify"));
}

// Made with another library (PyNaCl): Ed25519 seed 20 21 … 3f, over vector_note's text.
static const char vector_cosignature[] =
    "— witness.example.jp/w "
    "uhZbRAAAAABlU/EAEOEAfU8BmJu9dH8bRAwp+mtxobJvbupEMqf1/mi+sRTWE7Ky9LHJNntd6ISCMCx3G2GjcuaTxKK6xac01JkADw==\n";

static void test_cosignature(void **state)
{
    (void)state;
    struct note_signer witness = make_signer("witness.example.jp/w", 0x20);
    struct note_signer signer = make_signer("points.example.jp/ledger", 0);
    struct note_cosignature cosignature, found;
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    char note[NOTE_BYTES_MAX], before[NOTE_BYTES_MAX];
    note_cosign(vector_note, &witness, 1700000000, &cosignature);
    assert_string_equal(cosignature.line, vector_cosignature);
    snprintf(note, sizeof note, "%s", vector_note);
    assert_false(note_open_cosignature(note, &witness.verifier, &found, &fault));
    assert_non_null(strstr(fault.message, "no cosignature of witness.example.jp/w"));
    assert_true(note_add_line(note, &cosignature));
    assert_true(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
    assert_true(note_open_cosignature(note, &witness.verifier, &found, &fault));
    assert_int_equal(found.time, 1700000000);
    assert_string_equal(found.line, vector_cosignature);
    assert_false(note_open_checkpoint(note, &witness.verifier, 1, &checkpoint, &fault)); // it signs no checkpoint
    snprintf(before, sizeof before, "%s", note);
    for (size_t at = strlen(vector_note); at + 1 < strlen(before); at++) {
        note[at] ^= 1;
        assert_false(note_open_cosignature(note, &witness.verifier, &found, &fault));
        note[at] ^= 1;
    }
    note[0] ^= 1; // it is of this text
    assert_false(note_open_cosignature(note, &witness.verifier, &found, &fault));
    assert_non_null(strstr(fault.message, "does not verify"));
}

static void test_lines_added(void **state)
{
    (void)state;
    struct note_cosignature cosignature, found;
    struct note_fault fault;
    char note[NOTE_BYTES_MAX];
    uint8_t root[HASH_BYTES];
    vector_root(root);
    struct note_signer signer = make_signer("points.example.jp/ledger", 0), witnesses[NOTE_COSIGNATURES_MAX];
    note_sign_checkpoint((const struct note_signer *const[]){&signer}, 1, 5, root, note);
    for (int i = 0; i < NOTE_COSIGNATURES_MAX; i++) {
        char name[NOTE_NAME_MAX + 1];
        snprintf(name, sizeof name, "%0*d", NOTE_NAME_MAX, i);
        witnesses[i] = make_signer(name, (uint8_t)i);
        note_cosign(note, &witnesses[i], 5, &cosignature);
        assert_true(note_add_line(note, &cosignature));
    }
    for (int i = 0; i < NOTE_COSIGNATURES_MAX; i++) { // again, later: each takes the place of its own
        note_cosign(note, &witnesses[i], 6 + i, &cosignature);
        assert_true(note_add_line(note, &cosignature));
        assert_int_equal(note_line_count(note), 1 + NOTE_COSIGNATURES_MAX);
        assert_true(note_open_cosignature(note, &witnesses[i].verifier, &found, &fault));
        assert_int_equal(found.time, 6 + i);
    }
    size_t more = 0;
    for (struct note_signer other = signer; more < NOTE_COSIGNATURES_MAX; more++) {
        snprintf(other.verifier.name, sizeof other.verifier.name, "other-%0*zu", NOTE_NAME_MAX - 6, more);
        note_cosign(note, &other, 5, &cosignature);
        if (!note_add_line(note, &cosignature))
            break;
    }
    assert_true(more < NOTE_COSIGNATURES_MAX && strlen(note) < sizeof note); // full, and whole
    assert_true(note_open_cosignature(note, &witnesses[0].verifier, &found, &fault));
}

// Texts that a careless reader would take, each rightly signed.
static void test_note_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "points.example.jp/ledger\n05\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n",
        "points.example.jp/ledger\n\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n",
        "points.example.jp/ledger\n+5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n",
        "points.example.jp/ledger\n18446744073709551616\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n",
        "points.example.jp/ledger\n5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs\n",
        "points.example.jp/ledger\n5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Q==\n",
        "points.example.jp/ledger\n5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\nextension\n",
        "other.example.jp/ledger\n5\n/hSlQm+9cMD6c/UjQq/tDaC9I8SDhmLM9riKMHDq2Xs=\n",
    };
    struct note_signer signer = make_signer("points.example.jp/ledger", 0);
    struct note_checkpoint checkpoint;
    struct note_fault fault;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint8_t blob[4 + SIGNATURE_BYTES] = {0x54, 0xa2, 0xd3, 0xdd};
        char base64[128], note[NOTE_BYTES_MAX];
        crypto_sign_detached(blob + 4, NULL, (const uint8_t *)texts[i], strlen(texts[i]), signer.secret);
        sodium_bin2base64(base64, sizeof base64, blob, sizeof blob, sodium_base64_VARIANT_ORIGINAL);
        snprintf(note, sizeof note, "%s\n— points.example.jp/ledger %s\n", texts[i], base64);
        assert_false(note_open_checkpoint(note, &signer.verifier, 1, &checkpoint, &fault));
    }
}

static void test_verifier_text(void **state)
{
    (void)state;
    static const char *const none[] = {"", "points.example.jp/ledger", "points.example.jp/ledger+54a2d3dd",
        "points.example.jp/ledger+54a2d3dd+", "+54a2d3dd+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "points.example.jp/ledger+54a2d3dd+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "points.example.jp/ledger+54A2d3dd+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "points.example.jp/ledger+54a2d3de+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "points.example.jp/ledgers+54a2d3dd+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "points.example.jp/ledger+54a2d3dd+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4 ",
        "points.example.jp/led ger+54a2d3dd+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"};
    struct note_signer signer = make_signer("points.example.jp/ledger", 0);
    struct note_verifier verifier;
    assert_true(note_read_verifier(vector_verifier, &verifier));
    assert_string_equal(verifier.name, signer.verifier.name);
    assert_memory_equal(verifier.key, signer.verifier.key, KEY_BYTES);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(note_read_verifier(none[i], &verifier));
}

// ---- tiles

static void test_tile_paths(void **state)
{
    (void)state;
    static const struct {
        struct tile tile;
        const char *path;
    } rows[] = {
        {{.width = 256}, "tile/0/000"},
        {{.level = 1, .index = 999, .width = 255}, "tile/1/999.p/255"},
        {{.index = 1000, .width = 1}, "tile/0/x001/000.p/1"},
        {{.level = 2, .index = 1234067, .width = 256}, "tile/2/x001/x234/067"},
        {{.entries = true, .index = 5, .width = 17}, "tile/entries/005.p/17"},
        {{.entries = true, .index = UINT64_MAX, .width = 17}, "tile/entries/x018/x446/x744/x073/x709/x551/615.p/17"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[TILE_PATH_BYTES];
        tile_path(&rows[i].tile, path);
        assert_string_equal(path, rows[i].path);
    }
}

// A tree of many leaves, its complete subtrees by level.
enum { MANY = 65537, MANY_LEVELS = 17 };

struct forest {
    uint64_t leaves;
    uint8_t (*levels[MANY_LEVELS])[HASH_BYTES];
};

static void grow_forest(struct forest *forest)
{
    struct tree_edge edge = {0};
    uint8_t completed[TREE_LEVELS_MAX][HASH_BYTES], leaf[HASH_BYTES];
    for (unsigned level = 0; level < MANY_LEVELS; level++)
        forest->levels[level] = calloc((MANY >> level) + 1, HASH_BYTES);
    for (uint64_t i = 0; i < MANY; i++) {
        hash_leaf((const uint8_t *)&i, sizeof i, leaf);
        size_t count = tree_append(&edge, leaf, completed);
        for (size_t level = 0; level < count; level++)
            memcpy(forest->levels[level][i >> level], completed[level], HASH_BYTES);
    }
}

static bool read_forest(void *context, unsigned level, uint64_t position, uint8_t hash[HASH_BYTES])
{
    const struct forest *forest = context;
    if (level >= MANY_LEVELS || (position + 1) << level > forest->leaves)
        return false;
    memcpy(hash, forest->levels[level][position], HASH_BYTES);
    return true;
}

// Of leaves that begin at a complete subtree of their level.
static void root_of_hashes(const uint8_t (*hashes)[HASH_BYTES], uint64_t count, uint8_t root[HASH_BYTES])
{
    struct tree_edge edge = {0};
    uint8_t completed[TREE_LEVELS_MAX][HASH_BYTES];
    for (uint64_t i = 0; i < count; i++)
        tree_append(&edge, hashes[i], completed);
    tree_root(&edge, root);
}

// Each hash of a level is the root of the full tile beneath it.
static void assert_full_tile(struct forest *forest, unsigned level, uint64_t index)
{
    uint8_t root[HASH_BYTES], below[TILE_WIDTH][HASH_BYTES], above[TILE_WIDTH][HASH_BYTES];
    struct tile tile = {.level = level, .index = index, .width = TILE_WIDTH};
    struct tile parent = {.level = level + 1, .index = index / TILE_WIDTH, .width = index % TILE_WIDTH + 1};
    assert_true(tile_hashes(&tile, read_forest, forest, below[0]));
    assert_true(tile_hashes(&parent, read_forest, forest, above[0]));
    root_of_hashes((const uint8_t(*)[HASH_BYTES])below, TILE_WIDTH, root);
    assert_memory_equal(root, above[index % TILE_WIDTH], HASH_BYTES);
}

// What no full tile holds is one leaf more on the level above.
static void assert_tiles(struct forest *forest)
{
    uint8_t root[HASH_BYTES] = {0}, expected[HASH_BYTES], hashes[TILE_WIDTH + 1][HASH_BYTES];
    bool rest = false;
    unsigned level = 0;
    for (uint64_t width; (width = tile_level_width(forest->leaves, level)) > 0; level++) {
        struct tile last = {.level = level, .index = width / TILE_WIDTH, .width = width % TILE_WIDTH};
        for (uint64_t i = 0; i < last.index; i++)
            assert_full_tile(forest, level, i);
        assert_true(tile_hashes(&last, read_forest, forest, hashes[0]));
        memcpy(hashes[last.width], root, HASH_BYTES);
        if (last.width + rest > 0)
            root_of_hashes((const uint8_t(*)[HASH_BYTES])hashes, last.width + rest, root);
        rest |= last.width > 0;
        last.width++;
        assert_false(tile_hashes(&last, read_forest, forest, hashes[0]));
    }
    assert_int_equal(tile_level_width(forest->leaves, level + 1), 0);
    assert_true(tree_root_at(forest->leaves, read_forest, forest, expected));
    assert_memory_equal(root, expected, HASH_BYTES);
}

static void test_tiles(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 65535, 65536, MANY};
    struct forest forest;
    grow_forest(&forest);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        forest.leaves = sizes[i];
        assert_tiles(&forest);
    }
    assert_int_equal(tile_level_width(UINT64_MAX, TILE_LEVELS_MAX - 1), 255);
    assert_int_equal(tile_level_width(UINT64_MAX, TILE_LEVELS_MAX), 0);
    for (unsigned level = 0; level < MANY_LEVELS; level++)
        free(forest.levels[level]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_inclusion),
        cmocka_unit_test(test_consistency),
        cmocka_unit_test(test_vector),
        cmocka_unit_test(test_note_damaged),
        cmocka_unit_test(test_note_signers),
        cmocka_unit_test(test_note_of_two_keys),
        cmocka_unit_test(test_cosignature),
        cmocka_unit_test(test_lines_added),
        cmocka_unit_test(test_note_text),
        cmocka_unit_test(test_verifier_text),
        cmocka_unit_test(test_tile_paths),
        cmocka_unit_test(test_tiles),
    };
    return sodium_init() < 0 || cmocka_run_group_tests_name("tree", tests, grow, NULL);
}
