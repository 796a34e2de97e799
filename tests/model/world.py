"""A small world for tests of the model alone: keys, a genesis, and short ways to make and submit transactions."""
import hashlib

import model as rules
import pointsclient as pc
from history import jst
from pointsclient import transaction as tx

SAPPORO, OTARU, EBETSU = 11_002, 12_033, 12_173
ROLES = {"operator-1": tx.OPERATOR, "operator-2": tx.OPERATOR, "operator-3": tx.OPERATOR,
         "app": tx.APP, "waon": tx.WAON, "auditor": tx.AUDITOR}
KEYS = {name: pc.key_from_seed(hashlib.sha256(name.encode()).digest()) for name in ROLES}
START = jst(2021, 11, 1, 9, 0)


def make_genesis(policies=(), time=START, time_source=pc.genesis.SCRIPTED):
    data, _ = pc.build_genesis(
        origin="points.test/ledger", time=time, checkpoint_key=pc.public(KEYS["auditor"]), nonce=bytes(16),
        time_source=time_source, municipalities=[(SAPPORO, "札幌市", "Sapporo"), (OTARU, "小樽市", "Otaru"),
                                                 (EBETSU, "江別市", "Ebetsu")],
        keys=[(pc.public(KEYS[n]), role, n, 0) for n, role in ROLES.items()], policies=policies,
        signers=[KEYS["operator-1"], KEYS["operator-2"]])
    return pc.genesis.Genesis.FromString(data)


def make_model(**given):
    return rules.Model(make_genesis(**given))


def body(name, /, **fields):
    """A Transaction with a fresh id: body("donate", account=..., ...)."""
    made = tx.Transaction(id=pc.new_uuid7())
    message = getattr(made, name)
    message.SetInParent()
    for field, value in fields.items():
        setattr(message, field, value)
    return made


def submit(model, *transactions, by=tuple(KEYS)):
    """The outcomes of one envelope, signed by those named (everybody, unless told otherwise)."""
    pairs = [(t, pc.canonical(t)) for t in transactions]
    return model.submit(pairs, [pc.public(KEYS[n]) for n in by])["outcomes"]


def outcomes(model, *transactions, by=tuple(KEYS)):
    """Only the codes."""
    return [o[0] for o in submit(model, *transactions, by=by)]
