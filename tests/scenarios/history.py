"""A seeded generator of random histories for a SCRIPTED ledger: what residents, operators and WAON might send, right and wrong."""
import dataclasses
import datetime
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
    """One envelope, who signs it, and what the model says: `expected` is a reply or a rules.Refused."""
    data: bytes
    signers: list
    transactions: list
    expected: object

    def signed(self):
        return pc.sign_envelope(self.data, self.signers)


class History:
    """Makes steps one at a time, each decided by the model before the next is made."""

    def __init__(self, seed, model, ledger_id, keys):
        """keys: every secret key that genesis registered."""
        self.random = random.Random(seed)
        self.model = model
        self.ledger_id = ledger_id
        self.secrets = {pc.public(k): k for k in keys}
        self.kept = {pc.public(k) for k in keys if model.keys[pc.public(k)]["role"] == rules.AUDITOR}
        self.municipalities = sorted(model.municipalities)
        self.accounts = []
        self.sent = []        # transactions of recorded envelopes
        self.steps_made = []

    # ---- playing

    def steps(self, transactions):
        """Steps until the ledger has that many transactions more."""
        end = self.model.sequence + transactions
        if not self.model.quests:
            yield from self.prologue()
        while self.model.sequence < end:
            yield self.next_step()

    def next_step(self):
        make = self.pick({self.residents: 50, self.waon: 12, self.one_operator: 6, self.two_operators: 9,
                          self.move_time: 12, self.mixed: 4, self.unfit_signers: 6, self.again: 4})
        return self.step(*make())

    def step(self, transactions, signers):
        data = pc.build_envelope(self.ledger_id, transactions)
        assert len(data) <= pc.MAX_ENVELOPE and len(transactions) <= 1_000
        signers = self.of_one_fault(signers)
        pairs = [(t, pc.canonical(t)) for t in transactions]
        try:
            expected = self.model.submit(pairs, [pc.public(s) for s in signers])
            self.sent += transactions
        except rules.Refused as refused:
            expected = refused
        made = Step(data, signers, transactions, expected)
        self.steps_made.append(made)
        return made

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
        return self.random.choice(self.accounts[:60] if self.chance(0.6) else self.accounts)

    def make(self, **body):
        return tx.Transaction(id=self.new_id(), **body)

    # ---- signers

    def live(self, role):
        """Secrets of the role's keys that are not revoked."""
        return [self.secrets[k] for k, v in self.model.keys.items()
                if v["role"] == role and not v["revoked"] and k in self.secrets]

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
        """Quests (one with a cap that bites, one with a budget that runs out, one without budget), purposes, policies."""
        first = rules.day_of(self.model.time)
        quest = lambda number, points, cap, days, grace: self.make(define_quest=tx.DefineQuest(
            quest=number, name=f"クエスト {number}", period=tx.WEEKLY, points=points, cap_points=cap,
            first_day=days[0], last_day=days[1], grace_s=grace))
        purpose = lambda number, begin, end: self.make(define_purpose=tx.DefinePurpose(
            purpose=number, name=f"使い道 {number}", first_day=begin, last_day=end))
        budget = lambda number, points: self.make(set_budget=tx.SetBudget(quest=number, points=points))
        policy = lambda number, value: self.make(set_policy=tx.SetPolicy(policy=number, value=value))
        yield self.step([
            quest(1, 100, 1_600, (first, first + 105), WEEK), quest(2, 50, 150, (first, first + 300), 0),
            quest(3, 250, 0, (first + 7, first + 200), DAY), quest(4, 10, 0, (first, first + 90), HOUR),
            purpose(1, first, first + 400), purpose(2, first + 14, first + 60), purpose(3, 0, first - 1)],
            self.one(rules.OPERATOR))
        yield self.step([
            budget(1, 1_000_000), budget(2, 200_000), budget(3, 20_000),
            policy(tx.CONVERSION_OPENS_AT, self.model.time + 20 * DAY), policy(tx.CONVERSION_UNIT_POINTS, 10),
            policy(tx.CONVERSION_MIN_POINTS, 20), policy(tx.CONVERSION_DAY_MAX_POINTS, 150),
            policy(tx.CONVERSION_MONTH_MAX_POINTS, 400)], self.two())
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
        made = [self.pick({self.define_quest: 1, self.define_purpose: 1})()
                for _ in range(self.random.randint(1, 4))]
        return self.disturbed(made), self.one(rules.OPERATOR)

    def two_operators(self):
        made = [self.pick({self.set_budget: 4, self.set_policy: 4, self.register_key: 3, self.revoke_key: 3})()
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

    def unfit_signers(self):
        """Fit transactions under keys that do not suffice (or, once in a while, do)."""
        transactions, signers = self.pick({self.residents: 3, self.two_operators: 3, self.waon: 1,
                                           self.one_operator: 1})()
        everybody = list(self.secrets.values())
        kind = self.pick({"one": 3, "stranger": 2, "any": 3, "more": 2, "two": 2})
        chosen = {"one": signers[:1], "stranger": signers + [pc.key_from_seed(self.random.randbytes(32))],
                  "any": [self.random.choice(everybody)],
                  "more": signers + [k for k in self.random.sample(everybody, 2) if k not in signers],
                  "two": self.random.sample(self.live(rules.OPERATOR), 2)}[kind]
        return transactions, chosen

    def of_one_fault(self, signers):
        """Without revoked keys when an unknown one signs: the documents do not say which is named."""
        if all(pc.public(k) in self.model.keys for k in signers):
            return signers
        return [k for k in signers if not self.model.keys.get(pc.public(k), {}).get("revoked")]

    def again(self):
        """A whole earlier envelope, as it was or with something new at its end."""
        earlier = self.random.choice(self.steps_made)
        transactions = list(earlier.transactions)
        if self.chance(0.3):
            transactions.append(self.altered(transactions[-1], new_id=True))
        return transactions, earlier.signers

    def disturbed(self, transactions):
        """Sometimes repeats a transaction, or takes the id of another."""
        kinds = {t.WhichOneof("body") for t in transactions}
        for _ in range(len(transactions) // 10 + self.chance(0.3)):
            alike = [t for t in self.sent[-400:] if t.WhichOneof("body") in kinds] + transactions
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
        kind = copy.WhichOneof("body")
        fresh = {"settle_conversion": self.answer, "refuse_conversion": self.answer}.get(
            kind, getattr(self, kind))()
        fresh.id = copy.id
        return fresh

    # ---- what residents do

    def resident(self):
        return self.pick({self.award: 60, self.donate: 14, self.request_conversion: 12, self.open_account: 8,
                          self.move_account: 4})()

    def open_account(self):
        account = self.account() if self.chance(0.1) else self.random.randbytes(16)
        municipality = self.municipality()
        if account not in self.accounts and municipality in self.model.municipalities:
            self.accounts.append(account)
        return self.make(open_account=tx.OpenAccount(account=account, municipality=municipality))

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
        quest = self.pick({1: 30, 2: 30, 3: 12, 4: 3, self.any_quest(): 8, 0: 0.5, 77_777: 1})
        return self.make(award=tx.Award(account=self.account(), quest=quest, occurred_at=occurred_at))

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
        return self.make(request_conversion=tx.RequestConversion(account=account, points=self.amount(account)))

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
        fields = dict(quest=self.random.randint(5, 60), name="寄り道", period=tx.WEEKLY,
                      points=self.random.randint(1, 500), cap_points=0,
                      first_day=today - self.random.randint(0, 20), last_day=today + self.random.randint(0, 60),
                      grace_s=self.random.choice([0, 1, HOUR, WEEK]))
        wrong = [{"quest": 0}, {"period": tx.PERIOD_NONE}, {"points": 0}, {"points": 1_000_001},
                 {"cap_points": fields["points"] - 1}, {"first_day": fields["last_day"] + 1},
                 {"last_day": 2_932_897}, {"grace_s": 36_288_001}, {"quest": self.any_quest()}]
        largest = {"points": 1_000_000, "cap_points": U64_MAX, "last_day": 2_932_896, "grace_s": 36_288_000}
        fields |= self.random.choice([{}, {}, {}, {}, largest, self.random.choice(wrong), self.random.choice(wrong)])
        return self.make(define_quest=tx.DefineQuest(**fields))

    def define_purpose(self):
        today = rules.day_of(self.model.time)
        fields = dict(purpose=self.random.randint(4, 40), name="まちづくり", first_day=today,
                      last_day=today + self.random.randint(0, 90))
        fields |= self.random.choice([{}, {}, {}, {"purpose": 0}, {"first_day": fields["last_day"] + 1},
                                      {"last_day": 2_932_897}, {"purpose": self.random.randint(1, 3)}])
        return self.make(define_purpose=tx.DefinePurpose(**fields))

    def set_budget(self):
        quest = self.pick({self.any_quest(): 80, 3: 10, 0: 1, 66_666: 2})
        known = self.model.quests.get(quest, {"budget": 0, "issued": 0})
        points = self.pick({known["budget"]: 2, known["budget"] + 5_000: 4, known["issued"]: 2,
                            max(known["issued"] - 1, 0): 2, 2**62: 1, 2**62 + 1: 1, U64_MAX: 1})
        return self.make(set_budget=tx.SetBudget(quest=quest, points=points))

    def set_policy(self):
        number = self.random.randint(0, 7)
        name, low, high, _ = rules.POLICIES.get(number, ("", 0, 0, 0))
        usual = {"FUTURE_MAX_S": [0, 60, 120], "CONVERSION_OPENS_AT": [self.model.time - 1, self.model.time + DAY],
                 "CONVERSION_UNIT_POINTS": [1, 10, 50], "CONVERSION_MIN_POINTS": [1, 20, 100],
                 "CONVERSION_DAY_MAX_POINTS": [0, 150, 300], "CONVERSION_MONTH_MAX_POINTS": [0, 400, 600],
                 "TOTALS_SHARED": [0, 1]}.get(name, [0, 1])
        value = self.pick({self.random.choice(usual): 80, low: 2, max(low - 1, 0): 3, high + 1: 4, U64_MAX: 2})
        return self.make(set_policy=tx.SetPolicy(policy=number, value=value))

    def register_key(self):
        secret = pc.key_from_seed(self.random.randbytes(32))
        role = self.pick({tx.OPERATOR: 5, tx.APP: 3, tx.WAON: 2, tx.MUNICIPALITY: 4, tx.AUDITOR: 1, tx.ROLE_NONE: 1})
        holder = self.random.choice([v["holder"] for v in self.model.keys.values()] + ["誰か", f"holder {self.random.random()}"])
        municipality = self.municipality() if role == tx.MUNICIPALITY or self.chance(0.1) else 0
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
        key = self.pick({self.random.choice(usable): 5, self.random.choice(operators): 5, self.random.randbytes(32): 1})
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
