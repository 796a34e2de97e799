"""A seeded generator of random histories for a SCRIPTED ledger: what residents, operators, municipalities and the WAON side
might send, right and wrong."""
import dataclasses
import datetime
import hashlib
import random

import model as rules
import pointsclient as pc
from pointsclient import transaction as tx

HOUR, DAY, WEEK = 3_600, 86_400, 7 * 86_400
U64_MAX = 2**64 - 1
JST = datetime.timezone(datetime.timedelta(hours=9))


def jst(*when):
    """Unix seconds of a JST date and time."""
    return int(datetime.datetime(*when, tzinfo=JST).timestamp())


@dataclasses.dataclass
class Step:
    """One envelope, who signs it, and what the model says: `expected` is a reply or a rules.Refused; `dry_run` what a dry
    run says before it is sent, or None when nobody asks."""
    data: bytes
    signers: list
    transactions: list
    texts: list
    dry_run_sha256: bytes
    dry_run: dict
    expected: object

    def signed(self):
        return pc.sign_envelope(self.data, self.signers, self.texts)


class History:
    """Makes steps one at a time, each decided by the model before the next is made."""

    def __init__(self, seed, model, ledger_id, keys):
        """keys: every secret key that genesis registered."""
        self.random = random.Random(seed)
        self.model = model
        self.ledger_id = ledger_id
        self.secrets = {pc.public(k): k for k in keys}
        self.municipalities = sorted(model.municipalities)
        self.kept = {pc.public(k) for k in keys if model.keys[pc.public(k)]["role"] == rules.AUDITOR
                     or model.keys[pc.public(k)]["municipality"] in self.municipalities[:2]}  # never revoked
        self.accounts = []
        self.digests = [self.random.randbytes(32)]
        self.texts = {}       # digest: the bytes of a NoticeText, or of what is none
        self.sent = []        # transactions of recorded envelopes
        self.steps_made = []

    # ---- playing

    def steps(self, transactions):
        """Steps until the ledger has that many transactions more; afterwards it is a day of which no block has come."""
        end = self.model.sequence + transactions
        if not self.model.quests:
            yield from self.prologue()
        while self.model.sequence < end:
            if self.chance(0.02):
                yield self.step(*self.next_day())
                yield self.step(*self.undone_after_expiry())
            yield self.next_step()
        yield self.step(*self.next_day())

    def next_step(self):
        make = self.pick({self.residents: 50, self.waon: 12, self.one_operator: 12, self.two_operators: 18,
                          self.move_time: 9, self.mixed: 4, self.undone: 3, self.notices: 10, self.in_bulk: 6,
                          self.gifts: 5, self.unfit_signers: 6, self.again: 4})
        return self.step(*make())

    def step(self, transactions, signers, dry_run_sha256=None):
        """The next step; without a digest told, it carries one mostly where it needs one, and at times where not."""
        pairs = [(t, pc.canonical(t)) for t in transactions]
        in_bulk, keys = self.needs_dry_run(transactions, signers), [pc.public(s) for s in signers]
        alone = {t.WhichOneof("body") for t in transactions} <= {"award", "reverse"}
        asked = self.model.dry_run(pairs) if alone and self.chance(0.9 if in_bulk else 0.2) else None
        if dry_run_sha256 is None:
            report = self.random.randbytes(32)
            if asked and self.chance(0.9):
                report = hashlib.sha256(pc.dry_run_report(self.ledger_id, transactions, asked["outcomes"])).digest()
            dry_run_sha256 = report if self.chance(0.9 if in_bulk else 0.05) else b""
        texts = self.texts_of(transactions)
        made = Step(pc.build_envelope(self.ledger_id, transactions, dry_run_sha256), signers, transactions, texts,
                    dry_run_sha256, asked, None)
        assert len(made.data) <= pc.MAX_ENVELOPE and len(transactions) <= 1_000
        assert len(made.data) + sum(map(len, texts)) < pc.MAX_REQUEST - 1_000
        try:
            made.expected = self.model.submit(pairs, keys, texts=texts, dry_run_sha256=dry_run_sha256)
            self.sent += transactions
        except rules.Refused as refused:
            made.expected = refused
        self.steps_made.append(made)
        return made

    def needs_dry_run(self, transactions, signers):
        """Whether two operators award, or undo more than one transaction."""
        by_app = any(self.model.keys.get(pc.public(s), {}).get("role") == rules.APP for s in signers)
        kinds = [t.WhichOneof("body") for t in transactions]
        return kinds.count("reverse") > 1 or ("award" in kinds and len(signers) > 1 and not by_app)

    def texts_of(self, transactions):
        """The texts of the PostNotices, mostly; at times one is missing, surplus, out of its place or not what was signed."""
        texts = [self.texts[t.post_notice.text_sha256] for t in transactions if t.HasField("post_notice")]
        if not self.model.accounts or not self.chance(0.06 if texts else 0.005):  # the prologue is as it should be
            return texts
        one, other = self.random.choice(texts or [b""]), self.random.choice(list(self.texts.values()) or [b""])
        return self.random.choice([[], texts[1:], texts + [one], texts[::-1], [other] + texts[1:], texts + [b""],
                                   texts[:-1] + [one + b"\x12\x00"], texts[:-1] + [one[:-1]]])

    # ---- chance

    def pick(self, weights):
        return self.random.choices(list(weights), list(weights.values()))[0]

    def chance(self, probability):
        return self.random.random() < probability

    def new_id(self):
        if self.chance(0.3):
            return self.random.randbytes(16)
        return pc.new_uuid7(self.model.time * 1000, self.random.randbytes)

    def size(self):
        return self.pick({1: 25, self.random.randint(2, 8): 55, self.random.randint(9, 40): 18,
                          self.random.randint(100, 300): 1})

    def municipality(self):
        return self.pick({self.random.choice(self.municipalities): 92, 0: 2, 999_999: 3, 2**32 - 1: 3})

    def account(self):
        if not self.accounts or self.chance(0.03):
            return self.random.randbytes(16)
        frozen = [a for a, v in self.model.accounts.items() if v["status"] == "FROZEN"]
        if frozen and self.chance(0.04):
            return self.random.choice(frozen)
        found = self.random.choice(self.accounts[:60] if self.chance(0.6) else self.accounts)
        ended = self.model.accounts.get(found, {"status": "OPEN"})["status"] in ("CLOSED", "MERGED")
        return self.account() if ended and self.chance(0.8) else found

    def account_with(self, status):
        """Mostly one with this status."""
        found = [a for a, v in self.model.accounts.items() if v["status"] == status]
        return self.random.choice(found) if found and self.chance(0.8) else self.account()

    def make(self, **body):
        return tx.Transaction(id=self.new_id(), **body)

    # ---- signers

    def live(self, role, municipality=0):
        """Secrets of the role's keys that are not revoked."""
        return [self.secrets[k] for k, v in self.model.keys.items() if v["role"] == role and not v["revoked"]
                and k in self.secrets and v["municipality"] == municipality]

    def offices(self):
        """The municipalities that have a key."""
        return sorted({v["municipality"] for k, v in self.model.keys.items()
                       if v["role"] == rules.MUNICIPALITY and not v["revoked"] and k in self.secrets})

    def office(self, municipality):
        return [self.random.choice(self.live(rules.MUNICIPALITY, municipality))]

    def one(self, role):
        return [self.random.choice(self.live(role))]

    def two(self):
        """Two operators, of two holders."""
        first = self.random.choice(self.live(rules.OPERATOR))
        holder = self.model.keys[pc.public(first)]["holder"]
        others = [k for k in self.live(rules.OPERATOR) if self.model.keys[pc.public(k)]["holder"] != holder]
        return [first, self.random.choice(others)]

    # ---- the first envelopes

    def prologue(self):
        """Quests (one with a cap that bites, one with a budget that runs out, one without budget; from 101 on of every
        other kind, from 107 on with points that expire), campaigns, shops, purposes, policies."""
        first = rules.day_of(self.model.time)
        quest = lambda number, points, cap, days, grace, **more: self.make(define_quest=tx.DefineQuest(**dict(
            quest=number, name=f"クエスト {number}", period=tx.WEEKLY, points=points, cap_points=cap,
            first_day=days[0], last_day=days[1], grace_s=grace) | more))
        campaign = lambda number, cap: self.make(define_campaign=tx.DefineCampaign(
            campaign=number, name=f"キャンペーン {number}", cap_points=cap))
        shop = lambda number, municipality: self.make(register_shop=tx.RegisterShop(
            shop=number, name=f"道の駅 {number}", municipality=municipality))
        purpose = lambda number, begin, end: self.make(define_purpose=tx.DefinePurpose(
            purpose=number, name=f"使い道 {number}", first_day=begin, last_day=end))
        budget = lambda number, points, campaign=0: self.make(set_budget=tx.SetBudget(
            quest=number, points=points, campaign=campaign))
        policy = lambda number, value: self.make(set_policy=tx.SetPolicy(policy=number, value=value))
        yield self.step([
            quest(1, 100, 1_600, (first, first + 105), WEEK), quest(2, 50, 150, (first, first + 300), 0),
            quest(3, 250, 0, (first + 7, first + 200), DAY), quest(4, 10, 0, (first, first + 90), HOUR),
            purpose(1, first, first + 400), purpose(2, first + 14, first + 60), purpose(3, 0, first - 1)],
            self.one(rules.OPERATOR))
        long, some = (first, first + 400), self.municipalities[:100:2]
        yield self.step([
            campaign(1, 700), campaign(2, 0), campaign(3, 0),
            quest(101, 0, 0, long, WEEK, times=20, campaign=1, receipt=self.terms(2)),
            quest(102, 0, 900, long, DAY, period=tx.DAILY, campaign=1, receipt=self.terms(0)),
            quest(103, 40, 0, long, DAY, period=tx.DAILY, times=3, campaign=2),
            quest(104, 70, 0, long, 3 * DAY, period=tx.MONTHLY, campaign=2, municipalities=some),
            quest(105, 90, 0, long, 0, period=tx.ONCE, times=2, residents_max=20),
            quest(106, 0, 0, long, 0, period=tx.MONTHLY, times=5, receipt=self.terms(3))]
            + [shop(n, self.municipalities[n % 3]) for n in range(1, 7)], self.one(rules.OPERATOR))
        expiring = lambda number, kind, value, days=long, points=60, **more: quest(
            number, points, 0, days, WEEK, **dict(times=3, expiry=tx.Expiry(kind=kind, value=value)) | more)
        yield self.step([
            expiring(107, tx.AFTER_DAYS, 2, campaign=2), expiring(108, tx.AFTER_DAYS, 9, period=tx.MONTHLY),
            expiring(109, tx.AFTER_MONTHS, 1), expiring(110, tx.ON_DAY, first + 25, (first, first + 25)),
            expiring(111, tx.END_OF_FISCAL_YEAR, 0), expiring(112, tx.END_OF_FISCAL_YEAR, 1, points=0, campaign=1,
                                                              receipt=self.terms(2))], self.one(rules.OPERATOR))
        yield self.step([budget(n, 500_000) for n in range(101, 113)] + [budget(0, 500_000, 1), budget(0, 8_000, 2)],
                        self.two())
        yield self.step([
            budget(1, 1_000_000), budget(2, 200_000), budget(3, 20_000),
            policy(tx.CONVERSION_OPENS_AT, self.model.time + 20 * DAY), policy(tx.CONVERSION_UNIT_POINTS, 10),
            policy(tx.CONVERSION_MIN_POINTS, 20), policy(tx.CONVERSION_DAY_MAX_POINTS, 150),
            policy(tx.CONVERSION_MONTH_MAX_POINTS, 400), policy(tx.CONVERSION_FEE_POINTS, 5)], self.two())
        yield self.step([self.open_account() for _ in range(40)], self.one(rules.APP))

    # ---- envelopes

    def residents(self):
        return self.disturbed([self.resident() for _ in range(self.size())]), self.one(rules.APP)

    def waon(self):
        made = [self.answer() for _ in range(self.random.randint(1, 8))]
        if self.chance(0.1):  # of a later transaction of the same envelope, and of itself
            made[0].settle_conversion.conversion = made[-1].id
        return self.disturbed(made), self.one(rules.WAON)

    def one_operator(self):
        made = [self.pick({self.define_quest: 4, self.define_purpose: 3, self.define_campaign: 2, self.register_shop: 4,
                           self.close_shop: 2, self.freeze_account: 3, self.unfreeze_account: 3, self.merge_accounts: 5})()
                for _ in range(self.random.randint(1, 6))]
        return self.disturbed(made), self.one(rules.OPERATOR)

    def two_operators(self):
        made = [self.pick({self.set_budget: 4, self.set_policy: 4, self.register_key: 3, self.revoke_key: 3,
                           self.change_quest: 4, self.reverse: 16, self.settle_donations: 5})()
                for _ in range(self.random.randint(1, 4))]
        if self.chance(0.2):  # one key twice in one envelope
            made.append(self.altered(made[-1], new_id=True))
        return self.disturbed(made), self.two()

    def move_time(self):
        return [self.set_time() for _ in range(self.pick({1: 5, 2: 1}))], self.one(rules.OPERATOR)

    def mixed(self):
        """A request and its answer, and an operator's doing, in one envelope of several roles."""
        request = self.request_conversion()
        made = [self.resident(), request, self.answer_to(request.id), self.define_quest(), self.answer(),
                self.set_time(), self.resident()]
        return made, self.one(rules.APP) + self.one(rules.WAON) + self.one(rules.OPERATOR)

    def undone(self):
        """What residents do and what is undone of it, in one envelope; and a reversal of itself, and of a reversal."""
        made = [self.resident() for _ in range(self.random.randint(1, 6))]
        made += [self.reverse(self.random.choice(made).id) for _ in range(self.random.randint(1, 4))]
        itself = self.reverse()
        itself.reverse.target = itself.id
        made += [itself, self.reverse(made[-1].id)]
        return made, self.one(rules.APP) + self.two()

    def notices(self):
        """What one municipality does, or two in one envelope."""
        offices = self.random.sample(self.offices(), self.pick({1: 9, 2: 1}) if len(self.offices()) > 1 else 1)
        made = [self.pick({self.post_notice: 10, self.withdraw_notice: 6, self.erase_notice: 5})(self.random.choice(offices))
                for _ in range(self.random.randint(1, 4))]
        if self.chance(0.1):  # a whole life in one envelope
            notice = self.post_notice(offices[0])
            made += [notice, self.withdraw_notice(offices[0], notice.id), self.erase_notice(offices[0], notice.id)]
        return self.disturbed(made), [key for m in offices for key in self.office(m)]

    def in_bulk(self):
        """Awards that nobody asked for, or many reversals, by two operators."""
        make = self.pick({self.award: 5, self.reverse: 4})
        made = [make() for _ in range(self.random.randint(2, 15))]
        if self.chance(0.1):
            made.append(self.pick({self.award: 1, self.reverse: 1})())
        return self.disturbed(made), self.two()

    def next_day(self):
        """Time stands on the day after the next one on which points can be spent, or a notice is in force, for the last time."""
        today = rules.day_of(self.model.next_time())
        days = [day for a in self.model.accounts.values() for day in a["lots"]]
        days += [n["message"].last_day for n in self.model.notices.values() if not n["withdrawn"]]
        last = min((day for day in days if today <= day <= today + 20), default=today)
        return [self.make(set_time=tx.SetTime(time=rules.day_start(last + 1)))], self.one(rules.OPERATOR)

    def undone_after_expiry(self):
        """Reversals of awards whose account has points that have expired, though no block has said so yet."""
        model, today = self.model, rules.day_of(self.model.next_time())
        late = [i for i, award in model.awarded.items() if i not in model.reversed
                and any(day < today for day in model.accounts[model.account_now(award["account"])]["lots"])]
        targets = self.random.sample(late, min(len(late), 8))
        return [self.reverse(target) for target in targets] + [self.reverse()], self.two()

    def gifts(self):
        """A few accounts give small amounts, move, are merged, and give again, in one envelope."""
        able = [a for a, v in self.model.accounts.items() if v["status"] == "OPEN" and v["balance"] > 20]
        chosen = self.random.sample(able, min(len(able), self.random.randint(2, 5)))
        homes = {a: self.model.accounts[a]["home"] for a in chosen}
        made = []
        for _ in range(self.random.randint(4, 12) if chosen else 0):
            account, other = self.random.choice(chosen), self.random.choice(chosen)
            if self.chance(0.2):
                homes[account] = self.random.choice(self.municipalities[:3])
                made.append(self.make(move_account=tx.MoveAccount(account=account, municipality=homes[account])))
            if self.chance(0.12) and account != other:
                made.append(self.make(merge_accounts=tx.MergeAccounts(account=account, merged=other)))
                chosen.remove(other)
            made.append(self.make(donate=tx.Donate(
                account=account, municipality=homes[account], purpose=self.pick({1: 3, 2: 2}), points=self.random.randint(1, 3))))
        return made or [self.donate()], self.one(rules.APP) + self.one(rules.OPERATOR)

    def unfit_signers(self):
        """Fit transactions under keys that do not suffice (or, once in a while, do)."""
        transactions, signers = self.pick({self.residents: 3, self.two_operators: 3, self.waon: 1, self.one_operator: 1,
                                           self.notices: 2, self.in_bulk: 1})()
        everybody = list(self.secrets.values())
        revoked = [self.secrets[k] for k, v in self.model.keys.items() if v["revoked"] and k in self.secrets]
        stranger = pc.key_from_seed(self.random.randbytes(32))
        kind = self.pick({"one": 3, "stranger": 2, "stranger and revoked": 2, "any": 3, "more": 2, "two": 2})
        chosen = {"one": signers[:1], "stranger": signers + [stranger],
                  "stranger and revoked": [stranger] + self.random.sample(revoked, min(len(revoked), 2)),
                  "any": [self.random.choice(everybody)],
                  "more": signers + [k for k in self.random.sample(everybody, 2) if k not in signers],
                  "two": self.random.sample(self.live(rules.OPERATOR), 2)}[kind]
        return transactions, chosen

    def again(self):
        """A whole earlier envelope, as it was or with something new at its end."""
        earlier = self.random.choice(self.steps_made)
        transactions = list(earlier.transactions)
        if self.chance(0.3):
            transactions.append(self.altered(transactions[-1], new_id=True))
        return transactions, earlier.signers, earlier.dry_run_sha256

    def disturbed(self, transactions):
        """Sometimes repeats a transaction, or takes the id of another."""
        kinds = set(map(self.kind, transactions))
        for _ in range(len(transactions) // 10 + self.chance(0.3)):
            alike = [t for t in self.sent[-400:] if self.kind(t) in kinds] + transactions
            victim = self.random.choice(alike)
            extra = self.altered(victim) if self.chance(0.45) else victim
            transactions.insert(self.random.randint(0, len(transactions)), extra)
        return transactions

    def altered(self, transaction, new_id=False):
        """The same with a new id, or with its id and another body of the same kind."""
        copy = tx.Transaction.FromString(pc.canonical(transaction))
        if new_id:
            copy.id = self.new_id()
            return copy
        kind, *office = self.kind(copy)
        fresh = {"settle_conversion": self.answer, "refuse_conversion": self.answer}.get(
            kind, getattr(self, kind))(*office)
        fresh.id = copy.id
        return fresh

    @staticmethod
    def kind(transaction):
        """What the same signers may sign: the kind, and of notices the municipality."""
        kind = transaction.WhichOneof("body")
        return (kind, getattr(transaction, kind).municipality) if kind.endswith("_notice") else (kind,)

    # ---- what residents do

    def resident(self):
        return self.pick({self.award: 60, self.donate: 14, self.request_conversion: 15, self.open_account: 8,
                          self.move_account: 4, self.close_account: 1.5})()

    def open_account(self):
        account = self.account() if self.chance(0.1) else self.random.randbytes(16)
        municipality = self.municipality()
        if account not in self.accounts and municipality in self.model.municipalities:
            self.accounts.append(account)
        return self.make(open_account=tx.OpenAccount(account=account, municipality=municipality))

    def close_account(self):
        pending = [c["account"] for c in self.model.conversions.values() if c["state"] == "pending"]
        account = self.random.choice(pending) if pending and self.chance(0.2) else self.account()
        return self.make(close_account=tx.CloseAccount(account=account))

    def move_account(self):
        return self.make(move_account=tx.MoveAccount(account=self.account(), municipality=self.municipality()))

    def award(self):
        now, wild = self.model.next_time(), self.random
        occurred_at = self.pick({
            now - wild.randint(0, 2 * DAY): 70, now - wild.randint(0, 5 * WEEK): 20,
            now + self.model.policies["FUTURE_MAX_S"]: 3, now + self.model.policies["FUTURE_MAX_S"] + 1: 2,
            rules.day_start(rules.week_of(rules.day_of(now))): 3,
            rules.day_start(rules.week_of(rules.day_of(now))) - 1: 3,
            now - 100 * 365 * DAY: 1, -2**63: 0.3, 2**63 - 1: 0.3, 0: 0.3})
        quest = self.pick({1: 22, 2: 22, 3: 9, 4: 3, 101: 18, 102: 9, 103: 9, 104: 6, 105: 5, 106: 4, 107: 12, 108: 8, 109: 6, 110: 8,
                           111: 4, 112: 5, self.any_quest(): 8,
                           0: 0.5, 77_777: 1})
        with_receipt = self.definition(quest).HasField("receipt") == self.chance(0.98)
        return self.make(award=tx.Award(account=self.account(), quest=quest, occurred_at=occurred_at,
                                        receipt=self.receipt() if with_receipt else None))

    def receipt(self):
        if self.chance(0.9):
            self.digests.append(self.random.randbytes(32))
        digest = self.digests[-1] if self.chance(0.9) else self.random.choice(self.digests)
        shop = self.pick({self.any_shop(): 96, 0: 1, 55_555: 2})
        at = self.model.shops[shop]["message"].municipality if shop in self.model.shops else self.municipality()
        amount = self.pick({self.random.randint(1_000, 20_000): 80, 1_000: 4, 999: 3, 5_000: 3, 4_999: 3, 0: 1,
                            1_000_000_000: 2, 1_000_000_001: 2, U64_MAX: 1})
        return tx.Receipt(digest=digest, shop=shop, amount_yen=amount,
                          municipality=self.pick({at: 97, self.municipality(): 3}))

    def definition(self, quest):
        return self.model.quests[quest]["message"] if quest in self.model.quests else tx.DefineQuest()

    def any_shop(self):
        shops = sorted(self.model.shops)
        return self.random.choice([n for n in shops if self.model.shops[n]["closed"] is None or self.chance(0.3)] or shops)

    def any_quest(self):
        return self.random.choice(sorted(self.model.quests))

    def amount(self, account):
        balance = self.model.accounts.get(account, {"balance": 0})["balance"]
        return self.pick({self.random.randint(1, 30) * 10: 60, balance: 15, balance + 1: 6, 0: 4, balance + 10: 5,
                          U64_MAX: 1, 2**63: 1, self.random.randint(1, 300): 10})

    def donate(self):
        account = self.account()
        home = self.model.accounts.get(account, {"home": self.municipalities[0]})["home"]
        municipality = self.pick({home: 90, self.municipality(): 10})
        purpose = self.pick({1: 60, 2: 25, 3: 5, self.random.choice(sorted(self.model.purposes)): 6, 0: 1, 88_888: 2})
        return self.make(donate=tx.Donate(account=account, municipality=municipality, purpose=purpose,
                                          points=self.amount(account)))

    def request_conversion(self):
        account = self.account()
        names = ("CONVERSION_UNIT_POINTS", "CONVERSION_MIN_POINTS", "CONVERSION_FEE_POINTS")
        unit, least, fee = (self.model.policies[name] for name in names)
        fitting = (max(least, fee) // unit + self.random.randint(1, 3)) * unit
        points = self.pick({fitting: 6, self.amount(account): 5, fee: 0.6, fee + 1: 0.3})
        return self.make(request_conversion=tx.RequestConversion(account=account, points=points))

    # ---- what the WAON side does

    def answer(self):
        conversions = self.model.conversions
        pending = [i for i, c in conversions.items() if c["state"] == "pending"]
        ended = [i for i, c in conversions.items() if c["state"] != "pending"]
        others = [t.id for t in self.sent[-200:]]
        among = self.pick({"pending": 70, "ended": 12, "others": 10, "none": 8})
        ids = {"pending": pending, "ended": ended, "others": others}.get(among)
        return self.answer_to(self.random.choice(ids) if ids else self.random.randbytes(16))

    def answer_to(self, conversion):
        if self.chance(0.6):
            return self.make(settle_conversion=tx.SettleConversion(conversion=conversion))
        reason = self.pick({"": 1, "残高上限": 1})
        return self.make(refuse_conversion=tx.RefuseConversion(conversion=conversion, reason=reason))

    settle_conversion = refuse_conversion = answer

    # ---- what operators do

    def define_quest(self):
        today = rules.day_of(self.model.time)
        period, times = self.pick({tx.WEEKLY: 4, tx.DAILY: 2, tx.MONTHLY: 2, tx.ONCE: 2}), self.pick({0: 3, 2: 1, 9: 1})
        fields = self.terms_of(period, times, receipt=self.chance(0.25))
        fields |= dict(quest=self.random.randint(5, 60), first_day=today - self.random.randint(0, 20),
                       last_day=today + self.random.randint(0, 60), campaign=self.pick({0: 60, self.any_campaign(): 33, 999: 7}))
        wrong = [{"quest": 0}, {"quest": 1_000_000_001}, {"period": tx.PERIOD_NONE}, {"quest": self.any_quest()},
                 {"municipalities": [999_999]}]
        largest = {"points": 1_000_000, "cap_points": U64_MAX, "last_day": 2_932_896, "grace_s": 36_288_000, "times": 0,
                   "period": tx.WEEKLY, "receipt": None, "residents_max": U64_MAX}
        fields |= self.random.choice([{}, {}, {}, {}, largest, self.random.choice(wrong), self.wrong_terms(fields)])
        return self.make(define_quest=tx.DefineQuest(**fields))

    def change_quest(self):
        number = self.pick({self.any_quest(): 85, 0: 4, 66_666: 6})
        before = self.definition(number)
        fields = self.terms_of(before.period or tx.WEEKLY, before.times, before.HasField("receipt"))
        fields |= {"quest": number, "first_day": before.first_day, "campaign": before.campaign,
                   "last_day": max(before.first_day, before.last_day + self.random.randint(-3, 20))}
        other_kind = self.terms_of(before.period, before.times, not before.HasField("receipt"))
        wrong = [{"period": before.period % 4 + 1, "grace_s": 0}, {"times": before.times + 2},
                 {"campaign": before.campaign + 1}, {"first_day": before.first_day + 1}, other_kind,
                 {"municipalities": [999_999]}, {"municipalities": [self.municipalities[0], 999_999]}]
        fields |= self.random.choice([{}, {}, self.random.choice(wrong), self.wrong_terms(fields)])
        return self.make(change_quest=tx.ChangeQuest(definition=tx.DefineQuest(**fields)))

    def terms_of(self, period, times, receipt):
        """What may be defined and changed alike, and right: the fields of a DefineQuest."""
        points = 0 if receipt else self.random.randint(1, 500)
        most = {tx.DAILY: 1, tx.MONTHLY: 28}.get(period, 7) * DAY * (4 if times else 60)
        some = sorted(self.random.sample(self.municipalities, self.random.randint(1, min(len(self.municipalities), 100))))
        return dict(name="寄り道", period=period, times=times, points=points, grace_s=self.random.choice([0, 1, HOUR, DAY, most]),
                    cap_points=self.pick({0: 3, points or 2_000: 1, points + 1_000: 3}),
                    municipalities=some if self.chance(0.2) else [], residents_max=self.pick({0: 8, 3: 1, 30: 1}),
                    receipt=self.terms(self.pick({0: 2, 2: 2, 3: 1})) if receipt else None,
                    expiry=self.expiry() if self.chance(0.6) else None)

    def expiry(self):
        """Some expiry, mostly soon."""
        kind, value = self.pick({(tx.AFTER_DAYS, self.random.randint(1, 12)): 5, (tx.AFTER_DAYS, 3_660): 1,
                                 (tx.AFTER_MONTHS, self.random.randint(1, 3)): 3, (tx.AFTER_MONTHS, 120): 1,
                                 (tx.ON_DAY, rules.day_of(self.model.time) + 90): 2, (tx.ON_DAY, 2_932_896): 1,
                                 (tx.END_OF_FISCAL_YEAR, self.random.randint(0, 1)): 2})
        return tx.Expiry(kind=kind, value=value)

    def terms(self, bonus_municipalities):
        """A receipt quest's: steps from 1,000 yen on; with a bonus, or none for 0 municipalities."""
        amounts = [1_000] + sorted(self.random.sample(range(1_001, 20_000), self.random.randint(0, 4)))
        return tx.ReceiptTerms(steps=[tx.ReceiptStep(amount_yen=a, points=self.random.randint(5, 80)) for a in amounts],
                               bonus_municipalities=bonus_municipalities,
                               bonus_points=self.random.randint(1, 300) if bonus_municipalities else 0)

    def wrong_terms(self, fields):
        """Fields that make right ones wrong (or, once in a while, do not)."""
        wrong = [{"points": 0}, {"points": 1_000_001}, {"cap_points": max(fields["points"] - 1, 1)}, {"times": 1}, {"times": 256},
                 {"first_day": fields["last_day"] + 1}, {"last_day": 2_932_897}, {"grace_s": 60 * 28 * DAY + 1},
                 {"grace_s": fields["grace_s"] + 60 * DAY},
                 {"municipalities": self.municipalities[1::-1]}, {"municipalities": self.municipalities[:1] * 2},
                 {"municipalities": [self.municipalities[0], 999_999]}]
        step = lambda amount, points=1: tx.ReceiptStep(amount_yen=amount, points=points)
        right = [step(1_000)]
        wrong += [{"receipt": tx.ReceiptTerms(**terms)} for terms in (
            {"steps": [step(0)]}, {"steps": [step(1, 0)]}, {"steps": [step(1_000_000_001)]}, {"steps": [step(1, 1_000_001)]},
            {"steps": right * 2}, {"steps": right, "bonus_points": 1}, {"steps": right, "bonus_municipalities": 1},
            {"steps": right, "bonus_points": 1_000_001, "bonus_municipalities": 1},
            {"steps": right, "bonus_points": 1, "bonus_municipalities": len(self.municipalities) + 1})]
        wrong += [{"expiry": tx.Expiry(kind=kind, value=value)} for kind, value in (
            (tx.EXPIRY_NONE, 0), (tx.EXPIRY_NONE, 5), (tx.ON_DAY, max(fields["last_day"], 1) - 1), (tx.ON_DAY, 2_932_897),
            (tx.ON_DAY, fields["last_day"]), (tx.AFTER_DAYS, 0), (tx.AFTER_DAYS, 3_661), (tx.AFTER_MONTHS, 0),
            (tx.AFTER_MONTHS, 121), (tx.END_OF_FISCAL_YEAR, 2))]
        return self.random.choice(wrong)

    def define_campaign(self):
        number = self.pick({self.random.randint(4, 25): 80, self.any_campaign(): 15, 0: 8, 1_000_000_001: 8})
        return self.make(define_campaign=tx.DefineCampaign(
            campaign=number, name="めぐり", cap_points=self.pick({0: 3, self.random.randint(50, 2_000): 2, U64_MAX: 1})))

    def any_campaign(self):
        return self.random.choice(sorted(self.model.campaigns))

    def register_shop(self):
        number = self.pick({self.random.randint(7, 80): 80, self.any_shop(): 8, 0: 8, 2**32 - 1: 1})
        return self.make(register_shop=tx.RegisterShop(
            shop=number, name="直売所", municipality=self.pick({self.municipality(): 9, 999_999: 1})))

    def close_shop(self):
        today = rules.day_of(self.model.time)
        closed = [n for n, v in self.model.shops.items() if v["closed"] is not None]
        shop = self.pick({self.any_shop(): 70, self.random.choice(closed or [0]): 15, 44_444: 8})
        return self.make(close_shop=tx.CloseShop(shop=shop, last_day=self.pick({
            today: 4, today - 3: 3, today + 10: 3, 0: 1, 2_932_896: 1, 2_932_897: 4})))

    # ---- what operators do to accounts

    def freeze_account(self):
        reason = self.pick({"": 1, "調査中": 1})
        return self.make(freeze_account=tx.FreezeAccount(account=self.account(), reason=reason))

    def unfreeze_account(self):
        return self.make(unfreeze_account=tx.UnfreezeAccount(
            account=self.pick({self.account_with("FROZEN"): 85, self.account_with("CLOSED"): 8, self.random.randbytes(16): 5})))

    def merge_accounts(self):
        account, merged = self.account(), self.pick({self.account(): 85, self.account_with("MERGED"): 5})
        return self.make(merge_accounts=tx.MergeAccounts(account=account, merged=account if self.chance(0.08) else merged))

    def define_purpose(self):
        today = rules.day_of(self.model.time)
        fields = dict(purpose=self.random.randint(4, 40), name="まちづくり", first_day=today,
                      last_day=today + self.random.randint(0, 90))
        fields |= self.random.choice([{}, {}, {}, {"purpose": 0}, {"first_day": fields["last_day"] + 1},
                                      {"last_day": 2_932_897}, {"purpose": self.random.randint(1, 3)}])
        return self.make(define_purpose=tx.DefinePurpose(**fields))

    def set_budget(self):
        quest, campaign, purses = self.pick({self.any_quest(): 70, 3: 10, 0: 3, 66_666: 6}), 0, self.model.quests
        if self.chance(0.35):
            campaign, purses = self.pick({self.any_campaign(): 80, 66_666: 20}), self.model.campaigns
            quest = self.pick({0: 4, quest: 1})
        known = purses.get(campaign or quest, {"budget": 0, "issued": 0})
        points = self.pick({known["budget"]: 2, known["budget"] + 5_000: 4, known["issued"]: 2,
                            max(known["issued"] - 1, 0): 3, 2**62: 1, 2**62 + 1: 1, U64_MAX: 1})
        return self.make(set_budget=tx.SetBudget(quest=quest, points=points, campaign=campaign))

    def set_policy(self):
        number = self.random.choice([*range(11), tx.CONVERSION_FEE_POINTS])
        name, low, high, _ = rules.POLICIES.get(number, ("", 0, 0, 0))
        usual = {"FUTURE_MAX_S": [0, 60, 120], "CONVERSION_OPENS_AT": [self.model.time - 1, self.model.time + DAY],
                 "CONVERSION_UNIT_POINTS": [1, 10, 50], "CONVERSION_MIN_POINTS": [1, 20, 100],
                 "CONVERSION_DAY_MAX_POINTS": [0, 150, 300], "CONVERSION_MONTH_MAX_POINTS": [0, 400, 600],
                 "TOTALS_SHARED": [0, 1], "CONVERSION_FEE_POINTS": [0, 3, 20, 30],
                 "REFUND_GRACE_DAYS": [0, 1, 5, 30], "REVERSAL_DONATION_DAYS": [0, 3, 14, 60]}.get(name, [0, 1])
        value = self.pick({self.random.choice(usual): 80, low: 2, max(low - 1, 0): 3, high + 1: 4, U64_MAX: 2})
        return self.make(set_policy=tx.SetPolicy(policy=number, value=value))

    # ---- what operators undo and pay out

    def reverse(self, target=None):
        model = self.model
        donations, awards, today = list(model.gifts), list(model.awarded), rules.day_of(model.time)
        inside = [i for i in donations if today <= model.gifts[i]["until"] and i not in model.reversed]
        pending = [i for i, c in model.conversions.items() if c["state"] == "pending"]
        ids = self.pick({"awards": 30, "newest awards": 25, "inside": 40, "donations": 12, "pending": 15, "conversions": 8,
                         "reversed": 8, "others": 6, "none": 3})
        among = {"awards": awards, "newest awards": awards[-60:], "donations": donations, "inside": inside, "pending": pending,
                 "conversions": list(model.conversions), "reversed": sorted(model.reversed),
                 "others": [t.id for t in self.sent[-200:]], "none": []}[ids]
        target = target or (self.random.choice(among) if among else self.random.randbytes(16))
        return self.make(reverse=tx.Reverse(target=target, reason=self.pick({"誤入力": 1, "x" * 200: 1})))

    def settle_donations(self):
        model, today = self.model, rules.day_of(self.model.time)
        pairs = sorted({row[1:3] for row in model.donations}) or [(0, 0)]
        municipality, purpose = self.random.choice(pairs)
        municipality, purpose = self.pick({municipality: 85, self.municipality(): 8, 999_999: 6}), self.pick(
            {purpose: 90, 88_888: 8})
        before = [s["to_day"] for s in model.settlements if (s["municipality"], s["purpose"]) == (municipality, purpose)]
        to_day = self.pick({today - 1: 12, today - self.random.randint(1, 10): 6, today: 2, (before or [0])[-1]: 2,
                            (before or [0])[-1] + 1: 2, 2**32 - 1: 1})
        return self.make(settle_donations=tx.SettleDonations(
            municipality=municipality, purpose=purpose, to_day=to_day, reference="振込 1"))

    # ---- what municipalities tell

    def post_notice(self, municipality):
        first = rules.day_of(self.model.next_time()) + self.pick({0: 8, self.random.randint(-9, 9): 4})
        last = self.pick({first + self.random.randint(0, 20): 20, first + self.random.randint(20, 60): 6, first - 1: 1,
                          rules.LAST_DAY: 1, rules.LAST_DAY + 1: 1, 2**32 - 1: 1})
        text = self.wrong_text() if self.chance(0.02) else self.notice_text()
        digest = hashlib.sha256(text).digest()
        self.texts[digest] = text
        return self.make(post_notice=tx.PostNotice(municipality=municipality, text_sha256=digest, first_day=first,
                                                   last_day=last, to_all=self.chance(0.3)))

    def withdraw_notice(self, municipality, notice=None):
        notice = notice or self.some_notice(municipality, {"in force": 60, "withdrawn": 12, "erased": 5})
        reason = self.pick({"": 1, "日付の誤り": 1})
        return self.make(withdraw_notice=tx.WithdrawNotice(municipality=municipality, notice=notice, reason=reason))

    def erase_notice(self, municipality, notice=None):
        notice = notice or self.some_notice(municipality, {"withdrawn": 60, "erased": 12, "in force": 12})
        return self.make(erase_notice=tx.EraseNotice(municipality=municipality, notice=notice))

    def some_notice(self, municipality, weights):
        """Mostly the id of one of its own."""
        among = self.pick(weights | {"of others": 6, "others": 6, "none": 3})
        state = lambda n: "erased" if n["erased"] else "withdrawn" if n["withdrawn"] else "in force"
        notices = self.model.notices.items()
        ids = {"others": [t.id for t in self.sent[-200:]], "none": [],
               "of others": [i for i, n in notices if n["message"].municipality != municipality]}.get(
                   among, [i for i, n in notices if n["message"].municipality == municipality and state(n) == among])
        return self.random.choice(ids) if ids else self.random.randbytes(16)

    def notice_text(self):
        if self.chance(0.03):  # of the largest size
            paragraphs = ["雪" * 666] * 3 + ["x" * 1_982]
            data = pc.canonical(tx.NoticeText(versions=[tx.NoticeVersion(language="ja", title="雪", paragraphs=paragraphs)]))
            assert len(data) == 8_000
            return data
        languages = sorted({"ja", *self.random.sample(["en", "ko", "zh-Hant", "ja-Hira"], self.pick({0: 6, 1: 3, 4: 1}))})
        link = self.pick({"": 2, "https://www.city.example.jp/notice?a=1": 2, "https://" + "x" * 492: 1})
        return pc.canonical(tx.NoticeText(versions=map(self.notice_version, languages), link=link))

    def notice_version(self, language):
        lines = ["本日から大雪のため、", "ごみの収集を休みます。", "寄附のお礼と使い道について。", "有効期限にご注意ください。", "A & B <C>"]
        paragraph = lambda: "".join(self.random.choices(lines, k=self.random.randint(1, 6)))
        return tx.NoticeVersion(
            language=language, title="お知らせ" + self.random.choice("一二三四五六七八九十") * self.random.randint(0, 60),
            paragraphs=[paragraph() for _ in range(self.random.randint(0, 4))])

    def wrong_text(self):
        """Bytes that are no NoticeText, or not in canonical form."""
        version = lambda language="ja", title="雪", paragraphs=(): tx.NoticeVersion(
            language=language, title=title, paragraphs=paragraphs)
        texts = [tx.NoticeText(versions=versions) for versions in (
            [], [version(), version("en")], [version(), version()], [version(f"l{n:02}") for n in range(11)], [version("j")],
            [version("j" * 21)], [version(title="")], [version(title="雪" * 67)], [version(title="\u0085")],
            [version(paragraphs=["p"] * 51)], [version(paragraphs=[""])], [version(paragraphs=["雪" * 667])],
            [version(paragraphs=["x" * 2_000] * 4)], [version(paragraphs=["a\tb"])])]
        texts += [tx.NoticeText(versions=[version(title=title)], link=link) for title, link in (
            ("雪", "https://" + "x" * 493), ("雪", "ftp://x"), ("雪", "https://雪"), ("雪\u202e", ""), ("雪\u2028", ""))]
        right = self.notice_text()
        return self.random.choice([*map(pc.canonical, texts), b"", right[:-1], right + b"\x18\x01", b"\x12\x01x" + right])

    # ---- keys and time

    def register_key(self):
        secret = pc.key_from_seed(self.random.randbytes(32))
        role = self.pick({tx.OPERATOR: 5, tx.APP: 3, tx.WAON: 2, tx.MUNICIPALITY: 4, tx.AUDITOR: 1, tx.ROLE_NONE: 1,
                          tx.CHECKPOINT: 1, tx.WITNESS: 2})
        holder = self.random.choice([v["holder"] for v in self.model.keys.values()] + [
            "誰か", f"holder {self.random.random()}", "witness.test/w", "witness.test/w+1"])
        municipality = self.pick({self.municipality(): 7, 999_999: 2}) if role == tx.MUNICIPALITY or self.chance(0.1) else 0
        key = pc.public(secret)
        if self.chance(0.15):
            key = self.random.choice(list(self.model.keys))
        else:
            self.secrets[key] = secret
        return self.make(register_key=tx.RegisterKey(key=key, role=role, holder=holder, municipality=municipality))

    def revoke_key(self):
        usable = [k for k, v in self.model.keys.items() if k not in self.kept and (
            v["role"] not in (rules.APP, rules.WAON) or v["revoked"] or len(self.live(v["role"])) > 5)]
        operators = [k for k in usable if self.model.keys[k]["role"] == rules.OPERATOR]
        checkpoint_keys = self.model.checkpoint_keys()  # the daemon's first
        key = self.pick({self.random.choice(usable): 5, self.random.choice(operators): 5, self.random.randbytes(32): 1,
                         checkpoint_keys[-1]: 2})
        return self.make(revoke_key=tx.RevokeKey(key=key))

    def set_time(self):
        now = self.model.next_time()
        week_end = rules.day_start(rules.week_of(rules.day_of(now)) + 7)
        month_end = rules.day_start(rules.month_of(rules.month_of(rules.day_of(now)) + 31))
        fiscal_end = rules.day_start(rules.fiscal_year_of(rules.fiscal_year_of(rules.day_of(now)) + 366))
        later = self.pick({now + self.random.randint(0, HOUR): 10, now + 6 * HOUR: 15, now + DAY: 20, now + 3 * DAY: 12,
                           week_end: 8, week_end - 1: 8, week_end + 1: 6, week_end + DAY: 3, week_end + DAY + 1: 3,
                           month_end - 1: 3, month_end: 4, fiscal_end if fiscal_end - now < 30 * DAY else week_end: 3,
                           now - 1: 4, now: 2, -1: 1, 253_402_268_400: 2})
        return self.make(set_time=tx.SetTime(time=later))
