"""A daemon that serves whatever blocks and checkpoints a test gives it: the forger from whom an auditor must be safe."""
import base64
import contextlib
import socket
import struct
import threading

import pointsclient as pc
from pointsclient import api


def consistency(leaves, size):
    """RFC 6962, section 2.1.2: that the tree of the first `size` leaves is the beginning of the whole."""
    def walk(size, leaves, whole):
        if size == len(leaves):
            return [] if whole else [pc.tree_root(leaves)]
        split = 1 << (len(leaves) - 1).bit_length() - 1
        if size <= split:
            return walk(size, leaves[:split], whole) + [pc.tree_root(leaves[split:])]
        return walk(size - split, leaves[split:], False) + [pc.tree_root(leaves[:split])]
    return walk(size, leaves, True)


def signed_note(origin, key, size, root):
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    blob = pc.note_key_id(origin, pc.public(key)) + key.sign(text.encode()).signature
    return f"{text}\n\u2014 {origin} {base64.b64encode(blob).decode()}\n"


class Forger:
    """Serves `blocks` (api Blocks) and `texts` (sequence: bytes) on a Unix socket; `change` may alter any answer."""

    def __init__(self, path, origin, key, blocks, texts=None):
        self.origin, self.key = origin, key
        self.blocks, self.texts = list(blocks), dict(texts or {})
        self.ledger_id = pc.leaf_hash(blocks[0].header)
        self.change = lambda response: None
        self.asked = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self.listener.close()

    def leaves(self):
        return [pc.leaf_hash(block.header) for block in self.blocks]

    def note(self, size=None):
        size = size or len(self.blocks)
        return signed_note(self.origin, self.key, size, pc.tree_root(self.leaves()[:size]))

    def add_block_like(self, like):
        """An earlier block once more, signatures and all, in the place that comes next."""
        last = pc.block.BlockHeader.FromString(self.blocks[-1].header)
        header = pc.block.BlockHeader.FromString(self.blocks[like].header)
        header.index, header.first_sequence, header.time = last.index + 1, last.first_sequence + last.count, last.time
        self.blocks.append(pc.block.Block(header=pc.canonical(header), body=self.blocks[like].body))

    # ---- answers

    def hello(self, _):
        return api.HelloReply(ledger_id=self.ledger_id, nonce=bytes(32), origin=self.origin, blocks=len(self.blocks))

    def authenticate(self, _):
        return api.AuthenticateReply()

    def get_checkpoint(self, _):
        return api.CheckpointReply(note=self.note())

    def get_consistency_proof(self, asked):
        return api.ProofReply(size=asked.to_size, hashes=consistency(self.leaves()[:asked.to_size], asked.from_size))

    def get_blocks(self, asked):
        end = min(len(self.blocks), getattr(asked, "from") + min(asked.limit, 40))
        blocks = self.blocks[getattr(asked, "from"):end]
        headers = [pc.block.BlockHeader.FromString(block.header) for block in blocks]
        wanted = {header.first_sequence + n for header in headers for n in range(header.count)}
        texts = [api.StoredText(sequence=s, text=t) for s, t in sorted(self.texts.items()) if s in wanted]
        return api.BlocksReply(blocks=blocks, size=len(self.blocks), texts=texts)

    def answer(self, request):
        kind = request.WhichOneof("body")
        self.asked.append(kind)
        name = {"get_consistency_proof": "proof"}.get(kind, kind.removeprefix("get_"))
        response = api.Response(id=request.id, **{name: getattr(self, kind)(getattr(request, kind))})
        self.change(response)
        return pc.canonical(response)

    # ---- frames

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as read:
            while len(length := read.read(4)) == 4:
                data = self.answer(api.Request.FromString(read.read(struct.unpack(">I", length)[0])))
                connection.sendall(struct.pack(">I", len(data)) + data)
