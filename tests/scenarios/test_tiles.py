"""The tree as static files: read back by an independent reader that has nothing else, grown, left as they are, and guarded against
another ledger's."""
import random
import shutil

import pytest

import forger
import pointsclient as pc
from conftest import ORIGIN
from pointsclient import transaction as tx
from test_proofs import asked, audit, newest_day

WIDTH = 256
SIZES = (1, 2, 255, 256, 257, 600)
SAPPORO = 11_002
SEED = 20211112


class Tiles:
    """A reader by the letter of C2SP's tlog-tiles: a folder, and no ledger."""

    def __init__(self, folder, key):
        self.folder = folder
        self.note = (folder / "checkpoint").read_text()
        self.size, self.root = pc.check_note(self.note, ORIGIN, key)

    @staticmethod
    def number(index):
        digits = f"{index:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at:at + 3] for at in range(0, len(digits), 3)]
        return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])

    def path(self, level, index):
        width = self.size >> 8 * (0 if level == "entries" else level)
        partial = width % WIDTH if index == width // WIDTH else 0
        return f"tile/{level}/{self.number(index)}" + (f".p/{partial}" if partial else "")

    def hashes(self, level, index):
        data = (self.folder / self.path(level, index)).read_bytes()
        assert len(data) % 32 == 0
        return [data[at:at + 32] for at in range(0, len(data), 32)]

    def width(self, level):
        return self.size >> 8 * level

    def level(self, level):
        """All hashes of a level."""
        return [value for index in range(-(-self.width(level) // WIDTH)) for value in self.hashes(level, index)]

    def node(self, level, index):
        """The hash of a complete subtree, from the one tile that has what is needed."""
        tile_level, rest = divmod(level, 8)
        begin = index << rest
        return pc.tree_root(self.hashes(tile_level, begin // WIDTH)[begin % WIDTH:(begin % WIDTH) + (1 << rest)])

    def range_root(self, begin, end):
        size = end - begin
        if size & (size - 1) == 0:
            return self.node(size.bit_length() - 1, begin // size)
        split = 1 << (size - 1).bit_length() - 1
        return pc.node_hash(self.range_root(begin, begin + split), self.range_root(begin + split, end))

    def path_of(self, leaf):
        """The audit path of RFC 6962, section 2.1.1."""
        begin, end, path = 0, self.size, []
        while end - begin > 1:
            middle = begin + (1 << (end - begin - 1).bit_length() - 1)
            path.insert(0, self.range_root(middle, end) if leaf < middle else self.range_root(begin, middle))
            begin, end = (begin, middle) if leaf < middle else (middle, end)
        return path

    def entries(self):
        """All headers."""
        found = []
        for index in range(-(-self.size // WIDTH)):
            data = (self.folder / self.path("entries", index)).read_bytes()
            while data:
                size = int.from_bytes(data[:2], "big")
                assert len(data) >= 2 + size
                found.append(data[2:2 + size])
                data = data[2 + size:]
        return found

    def expected_files(self):
        levels = [level for level in range(8) if self.width(level)]
        paths = [self.path(level, index) for level in levels for index in range(-(-self.width(level) // WIDTH))]
        return {"checkpoint", *paths, *(self.path("entries", index) for index in range(-(-self.size // WIDTH)))}


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def grow(ledger, size):
    """To so many blocks, each of one account."""
    ledger.start()
    client = ledger.client()
    accounts = (tx.Transaction(id=pc.new_uuid7(), open_account=tx.OpenAccount(account=pc.new_uuid7(), municipality=SAPPORO))
                for _ in range(size - client.hello().blocks))
    envelopes = [dict(submit=pc.sign_envelope(pc.build_envelope(client.ledger_id, [t]), [ledger.keys["app"]])) for t in accounts]
    for response in client.pipeline(envelopes, window=32):
        assert response.WhichOneof("body") == "submit"
    headers = [block.header for block in ledger.client("auditor").blocks()]
    assert len(headers) == size
    ledger.stop()
    return headers


def test_the_tree_from_its_tiles_alone(ledger, tmp_path):
    """Grown step by step in one folder, and at each size in a fresh one: the same files, but for those that were partial then."""
    out, dice = tmp_path / "out", random.Random(SEED)
    for size in SIZES:
        headers = grow(ledger, size)
        before = {name: (out / name).stat() for name in files(out)} if out.exists() else {}
        told = asked("tiles", ledger.dir / "ledger", out)
        tiles = Tiles(out, ledger.checkpoint_key)
        assert (told["blocks"], tiles.size) == (size, size)

        leaves = [pc.leaf_hash(header) for header in headers]
        assert tiles.entries() == headers and tiles.level(0) == leaves
        assert pc.tree_root(leaves) == tiles.range_root(0, size) == tiles.root
        for leaf in {0, size - 1, *dice.sample(range(size), min(size, 20))}:
            assert pc.check_inclusion(leaves[leaf], leaf, size, tiles.path_of(leaf), tiles.root)
        for level in range(1, 3):
            assert tiles.level(level) == [pc.tree_root(leaves[at << 8 * level:at + 1 << 8 * level]) for at in range(size >> 8 * level)]

        fresh = tmp_path / f"fresh-{size}"
        audit("tiles", ledger.dir / "ledger", fresh)
        assert files(fresh) == tiles.expected_files()
        assert all((fresh / name).read_bytes() == (out / name).read_bytes() for name in files(fresh))
        for name, was in before.items():  # nothing but the checkpoint is written twice, and what was there stays
            now = (out / name).stat()
            assert name == "checkpoint" or (now.st_ino, now.st_mtime_ns) == (was.st_ino, was.st_mtime_ns), name
        assert told["tiles_written"] == len(files(out) - set(before) - {"checkpoint"})
        assert told["tiles_kept"] == len(tiles.expected_files()) - 1 - told["tiles_written"]
    again = asked("tiles", ledger.dir / "ledger", out)
    assert (again["tiles_written"], again["tiles_kept"]) == (0, len(tiles.expected_files()) - 1)


@pytest.fixture
def published(ledger, tmp_path):
    """A ledger of 300 blocks and its tiles."""
    grow(ledger, 300)
    out = tmp_path / "out"
    audit("tiles", ledger.dir / "ledger", out)
    return ledger, out


def test_what_is_missing_is_written_again_and_what_differs_is_a_fault(published):
    ledger, out = published
    whole = {name: (out / name).read_bytes() for name in files(out)}
    for name in sorted(set(whole) - {"checkpoint"}):
        (out / name).unlink()
        assert asked("tiles", ledger.dir / "ledger", out)["tiles_written"] == 1
        changed = bytearray(whole[name])
        changed[-1] ^= 1
        for data in (changed, whole[name][:-1], b""):
            (out / name).write_bytes(data)
            assert asked("tiles", ledger.dir / "ledger", out, code=1)["fault"] == f"this folder holds tiles of another tree: {out / name} differs"
            assert (out / name).read_bytes() == data
        (out / name).write_bytes(whole[name])
    assert {name: (out / name).read_bytes() for name in files(out)} == whole


def test_another_ledgers_folder(published, new_ledger, tmp_path):
    ledger, out = published
    whole = {name: (out / name).read_bytes() for name in files(out)}
    other = new_ledger()
    grow(other, 301)
    assert asked("tiles", other.dir / "ledger", out, code=1)["fault"] == "this folder holds tiles of another tree: nothing was written"
    shutil.copytree(ledger.dir / "ledger", tmp_path / "short")
    grow(ledger, 301)
    audit("tiles", ledger.dir / "ledger", out)
    assert (out / "checkpoint").read_bytes() != whole["checkpoint"]
    assert "tiles of more blocks than the ledger has" in asked("tiles", tmp_path / "short", out, code=1)["fault"]
    (out / "checkpoint").write_text("nothing\n")
    assert "in the folder's checkpoint: " in asked("tiles", ledger.dir / "ledger", out, code=1)["fault"]


def test_the_checkpoint_is_written_last(published):
    """Where a tile cannot be written, the checkpoint still speaks of those that are there."""
    ledger, out = published
    before = (out / "checkpoint").read_bytes()
    shutil.rmtree(out / "tile" / "entries")
    (out / "tile" / "entries").touch()
    grow(ledger, 301)
    assert "cannot make the folder" in (said := audit("tiles", ledger.dir / "ledger", out, code=3).stderr) or "cannot write" in said
    assert (out / "checkpoint").read_bytes() == before and Tiles(out, ledger.checkpoint_key).level(1)
    assert not [name for name in files(out) if "." in name.replace(".p/", "/")]


def test_the_checkpoint_is_a_new_file(published, tmp_path):
    """A link or file that could be taken for its temporary one is left alone."""
    ledger, out = published
    grow(ledger, 301)
    (tmp_path / "other").write_text("as it was")
    (out / "checkpoint.tmp").symlink_to(tmp_path / "other")
    audit("tiles", ledger.dir / "ledger", out)
    assert (tmp_path / "other").read_text() == "as it was" and not (out / "checkpoint").is_symlink()
    assert Tiles(out, ledger.checkpoint_key).size == 301


def test_a_damaged_ledger_is_not_published(published, tmp_path):
    ledger, out = published
    headers = Tiles(out, ledger.checkpoint_key).entries()
    before = {name: (out / name).read_bytes() for name in files(out)}
    for table, key, offset in [("headers", f"{9:016x}", 30), ("tree", f"{9:016x}", 3), ("tree", f"{255:016x}", 8 * 32),
                               ("checkpoints", f"{newest_day(headers[-1]):016x}", len(ORIGIN) + 8)]:
        shutil.copy(ledger.dir / "ledger" / "data.mdb", tmp_path)
        forger.flip(tmp_path, table, key, offset, 1)
        assert audit("tiles", tmp_path, out, code=1).stdout.startswith("FAULT ")
        assert {name: (out / name).read_bytes() for name in files(out)} == before
    audit("tiles", tmp_path / "none", out, code=3)
    assert "prints no single table" in audit("tiles", ledger.dir / "ledger", out, "--csv", code=2).stderr
    assert "OUT is missing" in audit("tiles", ledger.dir / "ledger", code=2).stderr
