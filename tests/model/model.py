"""An independent model of the rules, written from doc/rules.md alone: plain dictionaries, slow and readable.

Here: envelopes, what residents do, and what is done to accounts. dates.py has the calendar, programme.py what operators
decide, lots.py points that expire, reversals and settlements, notices.py notices and their texts, queries.py what can be
asked."""
import collections
import json
import os

from dates import (DAY, END_OF_9999, LAST_DAY, date_of, day_number, day_of, day_start, fiscal_year_of,  # noqa: F401
                   month_end, month_of, period_of, week_of)
from lots import Lots, last_day_of
from notices import Notices, text_invalid
from programme import (APP, AUDITOR, CHECKPOINT, MUNICIPALITY, OPERATOR, POLICIES, WAON, WITNESS,  # noqa: F401
                       YEN_MAX, Programme, Refusal, refuse_if)
from queries import BEGINS, Queries

# (signers needed, their role)
SIGNED_BY = {
    "award": (1, APP), "donate": (1, APP), "request_conversion": (1, APP),
    "settle_conversion": (1, WAON), "refuse_conversion": (1, WAON),
    "open_account": (1, APP), "move_account": (1, APP), "close_account": (1, APP),
    "define_quest": (1, OPERATOR), "define_purpose": (1, OPERATOR),
    "set_budget": (2, OPERATOR), "set_policy": (2, OPERATOR),
    "register_key": (2, OPERATOR), "revoke_key": (2, OPERATOR), "set_time": (1, OPERATOR),
    "merge_accounts": (1, OPERATOR), "freeze_account": (1, OPERATOR), "unfreeze_account": (1, OPERATOR),
    "define_campaign": (1, OPERATOR), "change_quest": (2, OPERATOR),
    "register_shop": (1, OPERATOR), "close_shop": (1, OPERATOR),
    "reverse": (2, OPERATOR), "settle_donations": (2, OPERATOR),
    "post_notice": (1, MUNICIPALITY), "withdraw_notice": (1, MUNICIPALITY), "erase_notice": (1, MUNICIPALITY),
}

TOUCHES_ITS_ACCOUNT = {"award", "donate", "request_conversion", "open_account", "move_account", "close_account",
                       "freeze_account", "unfreeze_account", "merge_accounts"}


# ---- answers

class Refused(Exception):
    """An envelope was refused whole; .code says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def new_progress():
    """Of one account in one quest: awards of each period, points, municipalities shopped in, whether it had the bonus."""
    return {"periods": collections.Counter(), "points": 0, "places": set(), "bonus": False}


class Model(Programme, Lots, Notices, Queries):
    """The whole state, and what each transaction does to it."""

    def __init__(self, genesis):
        self.scripted = genesis.time_source == 2
        self.time = genesis.time          # of the last block
        self.last_set_time = genesis.time
        self.blocks = 1
        self.sequence = 0                 # of the last transaction
        self.municipalities = {m.code for m in genesis.municipalities}
        self.policies = {name: default for name, _, _, default in POLICIES.values()}
        for policy in genesis.policies:
            self.policies[POLICIES[policy.policy][0]] = policy.value
        self.keys = {}                    # public key: dict(role, holder, municipality, revoked)
        for key in genesis.keys:
            self._add_key(key)
        self.keys[genesis.checkpoint_key] = {"role": CHECKPOINT, "holder": genesis.origin, "municipality": 0,
                                             "revoked": False}
        self.held = set()                 # the checkpoint keys that the daemon has, where there is one
        self.accounts = {}                # account: dict(home, balance, held, status, merged_into, progress, counted)
        self.quests = {}                  # number: dict(message, budget, issued, residents)
        self.campaigns = {}               # number: dict(message, budget, issued, residents, quests)
        self.shops = {}                   # number: dict(message, closed: its last day or None)
        self.purposes = {}                # number: message
        self.decided = {}                 # id: dict(sequence, bytes, transaction, outcome, block, time)
        self.entries = {}                 # sequence: the same dict, for statements
        self.conversions = {}             # id: dict(sequence, account, home, points, fee, time, state, lots)
        self.statements = {}              # account: [sequence of each entry]
        self.awards = []                  # dict(quest, day, home, points, new: a resident counted for the first time)
        self.receipts = []                # dict(quest, day, home, place, yen, points, new, new in quest), of awards
        self.digests = set()              # of receipts awarded
        self.donations = []               # (day, municipality, purpose, points)
        self.donors = collections.defaultdict(set)  # see _count_donor
        self.conversion_days = []         # dict(day, home, what: requested, settled or refused, points, fee)
        self.forfeited = []               # (home, points)
        self._begin_lots()
        self._begin_notices()

    def _add_key(self, key):
        self.keys[key.key] = {"role": key.role, "holder": key.holder,
                              "municipality": key.municipality, "revoked": False}

    # ---- whole envelopes

    def next_time(self):
        """The time of the next block of a SCRIPTED ledger."""
        return max(self.time, self.last_set_time)

    def submit(self, transactions, signers, time=None, texts=(), dry_run_sha256=b""):
        """Decides one envelope: [(transaction, its bytes)], the public keys that signed it, the texts beside it.

        Returns dict(block, first_sequence, time, outcomes, originals), or raises Refused.
        """
        self._check_texts(transactions, texts)
        self._check_signers(transactions, signers, dry_run_sha256)
        if all(self._prior(t, data) for t, data in transactions):
            outcomes = [self._prior(t, data) for t, data in transactions]
            return {"block": 0, "first_sequence": 0, "time": 0, "outcomes": outcomes,
                    "originals": self._originals(transactions, outcomes)}
        self._check_held(transactions)
        self.time = self.next_time() if time is None else max(self.time, time)
        self._expire()
        first, number = self.sequence + 1, self.blocks
        outcomes = [self._decide(t, data, number) for t, data in transactions]
        self._keep_texts(transactions, outcomes, texts)
        self.blocks += 1
        self.assert_books()
        return {"block": number, "first_sequence": first, "time": self.time, "outcomes": outcomes,
                "originals": self._originals(transactions, outcomes)}

    @staticmethod
    def _check_texts(transactions, texts):
        """The texts must be those of the PostNotices, one for each, in their order."""
        posted = [t.post_notice.text_sha256 for t, _ in transactions if t.HasField("post_notice")]
        if len(texts) != len(posted) or any(map(text_invalid, posted, texts)):
            raise Refused("MALFORMED")

    def _check_signers(self, transactions, signers, dry_run_sha256):
        if any(s not in self.keys for s in signers):
            raise Refused("KEY_UNKNOWN")
        if any(self.keys[s]["revoked"] for s in signers):
            raise Refused("KEY_REVOKED")
        for transaction, _ in transactions:
            if not self._permitted(transaction, signers, dry_run_sha256):
                raise Refused("NOT_PERMITTED")
        reversals = sum(t.HasField("reverse") for t, _ in transactions)
        if reversals > 1 and not dry_run_sha256:
            raise Refused("NOT_PERMITTED")

    def _check_held(self, transactions):
        """A daemon that has keys for checkpoints must have one afterwards (doc/protocol.md, CHECKPOINT_KEY_NEEDED)."""
        valid = set(self.checkpoint_keys())
        revoked = {t.revoke_key.key for t, _ in transactions if t.HasField("revoke_key")}
        registered = any(t.HasField("register_key") and t.register_key.role == CHECKPOINT for t, _ in transactions)
        if self.held & valid and self.held & valid <= revoked and (registered or not valid <= self.held):
            raise Refused("CHECKPOINT_KEY_NEEDED")

    def _permitted(self, transaction, signers, dry_run_sha256):
        """Whether these signers may make this transaction."""
        kind = transaction.WhichOneof("body")
        needed, role = SIGNED_BY[kind]
        keys = [self.keys[s] for s in signers]
        if role == MUNICIPALITY:
            keys = [k for k in keys if k["municipality"] == getattr(transaction, kind).municipality]
        holders = lambda wanted: len({k["holder"] for k in keys if k["role"] == wanted})
        in_bulk = kind == "award" and dry_run_sha256 and holders(OPERATOR) >= 2
        return in_bulk or holders(role) >= needed

    def _prior(self, transaction, data):
        """The outcome of an id that was decided before; None for a new one."""
        before = self.decided.get(transaction.id)
        if before is None:
            return None
        return ("DUPLICATE" if before["bytes"] == data else "ID_REUSED", 0, 0, before["sequence"])

    def _originals(self, transactions, outcomes):
        """(position, sequence, outcome) of the first decision, for each DUPLICATE."""
        found = []
        for position, ((transaction, _), outcome) in enumerate(zip(transactions, outcomes)):
            if outcome[0] == "DUPLICATE":
                first = self.decided[transaction.id]
                found.append((position, first["sequence"], first["outcome"]))
        return found

    def dry_run(self, transactions):
        """dict(time, last_sequence, outcomes) of [(transaction, its bytes)], each as if it stood alone; nothing changes."""
        return {"time": self.next_time(), "last_sequence": self.sequence,
                "outcomes": [self._outcome_alone(t, data) for t, data in transactions]}

    def _outcome_alone(self, transaction, data):
        """The outcome of a block with this transaction alone, decided in a process that ends with it."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                self.time = self.next_time()
                self._expire()
                outcome = self._decide(transaction, data, self.blocks)
                os.write(writing, json.dumps(outcome).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading, "rb") as pipe:
            code, points, _, previous = json.loads(pipe.read())
        os.waitpid(child, 0)
        return code, points, 0, previous if code in ("DUPLICATE", "ID_REUSED") else 0

    # ---- one transaction

    def _decide(self, transaction, data, block):
        self.sequence += 1
        prior = self._prior(transaction, data)
        if prior:
            return prior
        kind = transaction.WhichOneof("body")
        body = getattr(transaction, kind)
        try:
            code, points = "APPLIED", getattr(self, "_" + kind)(body, transaction.id) or 0
        except Refusal as refusal:
            code, points = refusal.code, 0
        touched = self._touched(kind, body, code)
        previous = self._touch(touched)
        outcome = (code, points, self._say_expired(touched), previous)
        self.decided[transaction.id] = self.entries[self.sequence] = {
            "sequence": self.sequence, "bytes": data, "transaction": transaction, "outcome": outcome,
            "block": block, "time": self.time}
        return outcome

    def _touched(self, kind, body, code):
        """The account that a transaction touched; None if none."""
        if kind in TOUCHES_ITS_ACCOUNT:
            return body.account if body.account in self.accounts else None
        if kind in ("settle_conversion", "refuse_conversion") and code == "APPLIED":
            return self.conversions[body.conversion]["account"]
        if kind == "reverse" and code == "APPLIED":
            return self._reversal_touches(body)
        return None

    def _touch(self, account):
        """Enters the transaction into the account's history; the sequence of the entry before."""
        if account is None:
            return 0
        history = self.statements.setdefault(account, [])
        previous = history[-1] if history else 0
        history.append(self.sequence)
        return previous

    # ---- accounts

    def _account(self, *accounts):
        """The first of these accounts, when all are open or frozen."""
        refuse_if(any(a not in self.accounts for a in accounts), "ACCOUNT_UNKNOWN")
        found = [self.accounts[a] for a in accounts]
        refuse_if(any(a["status"] in ("CLOSED", "MERGED") for a in found), "ACCOUNT_CLOSED")
        return found[0]

    def _unfrozen(self, *accounts):
        account = self._account(*accounts)
        refuse_if(any(self.accounts[a]["status"] == "FROZEN" for a in accounts), "ACCOUNT_FROZEN")
        return account

    def _open_account(self, body, _):
        refuse_if(body.account in self.accounts, "ACCOUNT_EXISTS")
        refuse_if(body.municipality not in self.municipalities, "MUNICIPALITY_UNKNOWN")
        self.accounts[body.account] = {
            "home": body.municipality, "balance": 0, "held": 0, "status": "OPEN", "merged_into": b"",
            "lots": collections.Counter(),  # of the balance: last day: points
            "unsaid": 0,       # expired since the account was touched
            "progress": {},    # quest: new_progress()
            "counted": set(),  # in what the resident was counted already: see _count
            "was": {body.account}}  # this account, and all that were merged into it

    def _move_account(self, body, _):
        account = self._account(body.account)
        refuse_if(body.municipality not in self.municipalities, "MUNICIPALITY_UNKNOWN")
        account["home"] = body.municipality

    def _close_account(self, body, _):
        account = self._unfrozen(body.account)
        refuse_if(any(c["account"] == body.account and c["state"] == "pending" for c in self.conversions.values()),
                  "CONVERSION_PENDING")
        points, account["balance"], account["status"] = account["balance"], 0, "CLOSED"
        account["lots"].clear()
        self.forfeited.append((account["home"], points))
        return points

    def _freeze_account(self, body, _):
        self._unfrozen(body.account)["status"] = "FROZEN"

    def _unfreeze_account(self, body, _):
        account = self._account(body.account)
        refuse_if(account["status"] != "FROZEN", "ACCOUNT_NOT_FROZEN")
        account["status"] = "OPEN"

    def _merge_accounts(self, body, _):
        account = self._unfrozen(body.account, body.merged)
        refuse_if(body.account == body.merged, "MERGE_INVALID")
        merged = self.accounts[body.merged]
        points = merged["balance"]
        account["balance"] += points
        account["held"] += merged["held"]
        account["lots"] += merged["lots"]
        account["unsaid"] += merged["unsaid"]
        account["counted"] |= merged["counted"]
        account["was"] |= merged["was"]
        for conversion in self.conversions.values():
            if conversion["account"] == body.merged:
                conversion["account"] = body.account
        for quest, other in merged["progress"].items():
            progress = account["progress"].setdefault(quest, new_progress())
            progress["periods"] += other["periods"]
            progress["points"] += other["points"]
            progress["places"] |= other["places"]
            progress["bonus"] |= other["bonus"]
        merged |= {"balance": 0, "held": 0, "lots": collections.Counter(), "unsaid": 0, "progress": {},
                   "status": "MERGED", "merged_into": body.account}
        return points

    # ---- awards

    def _award(self, body, transaction_id):
        refuse_if(body.occurred_at > self.time + self.policies["FUTURE_MAX_S"], "IN_FUTURE")
        account = self._account(body.account)
        refuse_if(body.quest not in self.quests, "QUEST_UNKNOWN")
        quest = self.quests[body.quest]
        rules, day = quest["message"], day_of(body.occurred_at)
        refuse_if(not rules.first_day <= day <= rules.last_day, "QUEST_CLOSED")
        period, last = period_of(rules, day)
        refuse_if(self.time > day_start(last + 1) + rules.grace_s, "TOO_LATE")
        refuse_if(rules.municipalities and account["home"] not in rules.municipalities, "NOT_ELIGIBLE")
        self._check_receipt(rules, body, day)
        progress = account["progress"].get(body.quest) or new_progress()
        refuse_if(progress["periods"][period] >= (rules.times or 1), "ALREADY_AWARDED")
        refuse_if(rules.residents_max and not progress["periods"] and quest["residents"] >= rules.residents_max,
                  "RESIDENTS_FULL")
        points, bonus = self._worth(rules, body, progress)
        campaign = self.campaigns.get(rules.campaign)
        self._check_limits(account, points, [(quest, [body.quest])] + (
            [(campaign, campaign["quests"])] if campaign else []))

        account["progress"][body.quest] = progress
        progress["periods"][period] += 1
        progress["points"] += points
        progress["bonus"] |= bonus
        today = day_of(self.time)
        self._put(account, last_day_of(rules, today), points)
        self.awarded[transaction_id] = {
            "account": body.account, "quest": body.quest, "points": points, "day": today}
        quest["issued"] += points
        new = self._count(account, "quest", body.quest)
        quest["residents"] += new
        if campaign:
            campaign["issued"] += points
            campaign["residents"] += self._count(account, "campaign", rules.campaign)
        self.awards.append({"quest": body.quest, "day": day, "home": account["home"], "points": points, "new": new})
        if body.HasField("receipt"):
            self._use_receipt(account, progress, body, day, points)
        return points

    def _check_receipt(self, rules, body, day):
        receipt = body.receipt
        refuse_if(rules.HasField("receipt") != body.HasField("receipt"), "RECEIPT_INVALID")
        if not body.HasField("receipt"):
            return
        refuse_if(not rules.receipt.steps[0].amount_yen <= receipt.amount_yen <= YEN_MAX, "RECEIPT_INVALID")
        shop = self.shops.get(receipt.shop)
        refuse_if(shop is None or shop["message"].municipality != receipt.municipality, "SHOP_UNKNOWN")
        refuse_if(shop["closed"] is not None and day > shop["closed"], "SHOP_CLOSED")
        refuse_if(receipt.digest in self.digests, "EVIDENCE_USED")

    def _worth(self, rules, body, progress):
        """The points of an award, and whether the bonus is among them."""
        if not body.HasField("receipt"):
            return rules.points, False
        terms = rules.receipt
        points = [s.points for s in terms.steps if s.amount_yen <= body.receipt.amount_yen][-1]
        places = progress["places"] | {body.receipt.municipality}
        bonus = bool(terms.bonus_municipalities and not progress["bonus"] and len(places) >= terms.bonus_municipalities)
        return points + bonus * terms.bonus_points, bonus

    def _check_limits(self, account, points, limits):
        """Caps, then budgets: of the quest, and of its campaign over all its quests."""
        for purse, quests in limits:
            cap = purse["message"].cap_points
            earned = sum(account["progress"][q]["points"] for q in quests if q in account["progress"])
            refuse_if(cap and earned + points > cap, "CAP_REACHED")
        for purse, _ in limits:
            refuse_if(purse["issued"] + points > purse["budget"], "BUDGET_EXHAUSTED")

    def _use_receipt(self, account, progress, body, day, points):
        receipt = body.receipt
        self.digests.add(receipt.digest)
        progress["places"].add(receipt.municipality)
        row = (month_of(day), account["home"], receipt.municipality)
        self.receipts.append({
            "quest": body.quest, "day": day, "home": account["home"], "place": receipt.municipality,
            "yen": receipt.amount_yen, "points": points, "new": self._count(account, "circulation", 0, *row),
            "new in quest": self._count(account, "circulation", body.quest, *row)})

    def _count(self, account, *what):
        """Whether the resident (of all accounts merged) counts in something for the first time."""
        new = what not in account["counted"]
        account["counted"].add(what)
        return new

    # ---- donations and conversions

    def _donate(self, body, transaction_id):
        account = self._unfrozen(body.account)
        refuse_if(body.purpose not in self.purposes, "PURPOSE_UNKNOWN")
        purpose, today = self.purposes[body.purpose], day_of(self.time)
        refuse_if(not purpose.first_day <= today <= purpose.last_day, "PURPOSE_CLOSED")
        refuse_if(body.municipality != account["home"], "NOT_HOME_MUNICIPALITY")
        refuse_if(body.points == 0, "AMOUNT_INVALID")
        refuse_if(body.points > account["balance"], "BALANCE_INSUFFICIENT")
        self.donations.append((today, body.municipality, body.purpose, body.points))
        self.gifts[transaction_id] = {
            "account": body.account, "day": today, "until": today + self.policies["REVERSAL_DONATION_DAYS"],
            "municipality": body.municipality, "purpose": body.purpose, "points": body.points,
            "lots": self._take(account, body.points)}
        self._count_donor(body.account, today, body.municipality, body.purpose)
        return body.points

    def _count_donor(self, account, today, municipality, purpose):
        """Enters the account as a donor of the whole, the day, the month and the fiscal year: of this purpose of the
        municipality, of all its purposes (0), and of all municipalities (0). Not where one that was merged into it stands."""
        for unit, begin in BEGINS.items():
            for row in ((municipality, purpose), (municipality, 0), (0, 0)):
                donors = self.donors[unit, begin(today), *row]
                if not donors & self.accounts[account]["was"]:
                    donors.add(account)

    def _requested(self, account, unit):
        """Points that an account requested in the day or month of now; refused ones do not count."""
        now = unit(day_of(self.time))
        return sum(c["points"] for c in self.conversions.values()
                   if c["account"] == account and c["state"] != "refused" and unit(day_of(c["time"])) == now)

    def _request_conversion(self, body, transaction_id):
        account = self._unfrozen(body.account)
        policy = self.policies
        refuse_if(self.time < policy["CONVERSION_OPENS_AT"], "CONVERSION_CLOSED")
        refuse_if(body.points == 0 or body.points < policy["CONVERSION_MIN_POINTS"]
                  or body.points % policy["CONVERSION_UNIT_POINTS"]
                  or body.points <= policy["CONVERSION_FEE_POINTS"], "AMOUNT_INVALID")
        for limit, unit in (("CONVERSION_DAY_MAX_POINTS", lambda day: day),
                            ("CONVERSION_MONTH_MAX_POINTS", month_of)):
            refuse_if(policy[limit] and self._requested(body.account, unit) + body.points > policy[limit],
                      "LIMIT_REACHED")
        refuse_if(body.points > account["balance"], "BALANCE_INSUFFICIENT")
        account["held"] += body.points
        self.conversions[transaction_id] = {
            "sequence": self.sequence, "account": body.account, "home": account["home"],
            "points": body.points, "fee": policy["CONVERSION_FEE_POINTS"], "time": self.time, "state": "pending",
            "lots": self._take(account, body.points)}
        self._note_conversion("requested", self.conversions[transaction_id], account)
        return body.points

    def _note_conversion(self, what, conversion, account):
        """For the totals: what happened to a conversion today, where its account is at home now."""
        self.conversion_days.append({"day": day_of(self.time), "home": account["home"], "what": what,
                                     "points": conversion["points"], "fee": conversion["fee"]})

    def _answer_conversion(self, conversion_id, state):
        refuse_if(conversion_id not in self.decided, "CONVERSION_UNKNOWN")
        conversion = self.conversions.get(conversion_id)
        refuse_if(conversion is None or conversion["state"] != "pending", "CONVERSION_NOT_PENDING")
        conversion["state"] = state
        account = self.accounts[conversion["account"]]
        account["held"] -= conversion["points"]
        self._note_conversion(state, conversion, account)
        return conversion, account

    def _settle_conversion(self, body, _):
        conversion, _ = self._answer_conversion(body.conversion, "settled")
        return conversion["points"]

    def _refuse_conversion(self, body, _):
        return self._refuse_held(body.conversion)

    def _refuse_held(self, conversion_id):
        conversion, account = self._answer_conversion(conversion_id, "refused")
        self._put_back(account, conversion["lots"])
        return conversion["points"]
