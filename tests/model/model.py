"""An independent model of the rules, written from doc/rules.md alone: plain dictionaries, slow and readable."""
import datetime

JST = 9 * 3600
DAY = 86_400
END_OF_9999 = 253_402_268_399
LAST_DAY = 2_932_896
U64_MAX = 2**64 - 1

OPERATOR, APP, WAON, MUNICIPALITY, AUDITOR = 1, 2, 3, 4, 5

# (signers needed, their role)
SIGNED_BY = {
    "award": (1, APP), "donate": (1, APP), "request_conversion": (1, APP),
    "settle_conversion": (1, WAON), "refuse_conversion": (1, WAON),
    "open_account": (1, APP), "move_account": (1, APP),
    "define_quest": (1, OPERATOR), "define_purpose": (1, OPERATOR),
    "set_budget": (2, OPERATOR), "set_policy": (2, OPERATOR),
    "register_key": (2, OPERATOR), "revoke_key": (2, OPERATOR), "set_time": (1, OPERATOR),
}

# number: (name, minimum, maximum, default)
POLICIES = {
    1: ("FUTURE_MAX_S", 0, 3600, 60),
    2: ("CONVERSION_OPENS_AT", 0, END_OF_9999, END_OF_9999),
    3: ("CONVERSION_UNIT_POINTS", 1, 1_000_000, 1),
    4: ("CONVERSION_MIN_POINTS", 1, 1_000_000_000, 1),
    5: ("CONVERSION_DAY_MAX_POINTS", 0, 1_000_000_000, 0),
    6: ("CONVERSION_MONTH_MAX_POINTS", 0, 1_000_000_000, 0),
    7: ("TOTALS_SHARED", 0, 1, 0),
}

TOUCHES_ITS_ACCOUNT = {"award", "donate", "request_conversion", "open_account", "move_account"}


# ---- the calendar

def day_of(time):
    """The JST day of Unix seconds; day 0 is 1970-01-01."""
    return (time + JST) // DAY


def day_start(day):
    """Unix seconds of 00:00 JST of a day."""
    return day * DAY - JST


def date_of(day):
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)


def day_number(year, month, day):
    return (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days


def week_of(day):
    """The Monday of a day's week."""
    return day - (day + 3) % 7  # 1970-01-01 was a Thursday


def month_of(day):
    """The first day of a day's month."""
    date = date_of(day)
    return day_number(date.year, date.month, 1)


def fiscal_year_of(day):
    """The 1 April with which a day's fiscal year began."""
    date = date_of(day)
    return day_number(date.year if date.month >= 4 else date.year - 1, 4, 1)


# ---- answers

class Refused(Exception):
    """An envelope was refused whole; .code says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Refusal(Exception):
    """A transaction is refused with this outcome, and that is recorded."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def refuse_if(condition, code):
    if condition:
        raise Refusal(code)


class Model:
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
        self.accounts = {}                # account: dict(home, balance, held, last, awards, residents)
        self.quests = {}                  # number: dict(message, budget, issued)
        self.purposes = {}                # number: message
        self.decided = {}                 # id: dict(sequence, bytes, transaction, outcome, block, time)
        self.entries = {}                 # sequence: the same dict, for statements
        self.conversions = {}             # id: dict(sequence, account, home, points, time, state)
        self.statements = {}              # account: [sequence of each entry]
        self.awards = []                  # (account, quest, week, home, points)
        self.donations = []               # (day, municipality, purpose, points)
        self.converted = []               # (home, points)

    def _add_key(self, key):
        self.keys[key.key] = {"role": key.role, "holder": key.holder,
                              "municipality": key.municipality, "revoked": False}

    # ---- whole envelopes

    def next_time(self):
        """The time of the next block of a SCRIPTED ledger."""
        return max(self.time, self.last_set_time)

    def submit(self, transactions, signers, time=None):
        """Decides one envelope: [(transaction, its bytes)] and the public keys that signed it.

        Returns dict(block, first_sequence, time, outcomes, originals), or raises Refused.
        """
        self._check_signers(transactions, signers)
        if all(self._prior(t, data) for t, data in transactions):
            outcomes = [self._prior(t, data) for t, data in transactions]
            return {"block": 0, "first_sequence": 0, "time": 0, "outcomes": outcomes,
                    "originals": self._originals(transactions, outcomes)}
        self.time = self.next_time() if time is None else max(self.time, time)
        first, number = self.sequence + 1, self.blocks
        outcomes = [self._decide(t, data, number) for t, data in transactions]
        self.blocks += 1
        self.assert_books()
        return {"block": number, "first_sequence": first, "time": self.time, "outcomes": outcomes,
                "originals": self._originals(transactions, outcomes)}

    def _check_signers(self, transactions, signers):
        for signer in sorted(signers):
            if signer not in self.keys:
                raise Refused("KEY_UNKNOWN")
            if self.keys[signer]["revoked"]:
                raise Refused("KEY_REVOKED")
        for transaction, _ in transactions:
            needed, role = SIGNED_BY[transaction.WhichOneof("body")]
            holders = {self.keys[s]["holder"] for s in signers if self.keys[s]["role"] == role}
            if len(holders) < needed:
                raise Refused("NOT_PERMITTED")

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
        previous = self._touch(self._touched(kind, body, code))
        outcome = (code, points, 0, previous)
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
        return None

    def _touch(self, account):
        """Enters the transaction into the account's history; the sequence of the entry before."""
        if account is None:
            return 0
        history = self.statements.setdefault(account, [])
        previous = history[-1] if history else 0
        history.append(self.sequence)
        return previous

    # ---- residents

    def _account(self, account):
        refuse_if(account not in self.accounts, "ACCOUNT_UNKNOWN")
        return self.accounts[account]

    def _open_account(self, body, _):
        refuse_if(body.account in self.accounts, "ACCOUNT_EXISTS")
        refuse_if(body.municipality not in self.municipalities, "MUNICIPALITY_UNKNOWN")
        self.accounts[body.account] = {"home": body.municipality, "balance": 0, "held": 0, "awards": {}}

    def _move_account(self, body, _):
        account = self._account(body.account)
        refuse_if(body.municipality not in self.municipalities, "MUNICIPALITY_UNKNOWN")
        account["home"] = body.municipality

    def _award(self, body, _):
        refuse_if(body.occurred_at > self.time + self.policies["FUTURE_MAX_S"], "IN_FUTURE")
        account = self._account(body.account)
        refuse_if(body.quest not in self.quests, "QUEST_UNKNOWN")
        quest = self.quests[body.quest]
        rules, day = quest["message"], day_of(body.occurred_at)
        refuse_if(not rules.first_day <= day <= rules.last_day, "QUEST_CLOSED")
        week = week_of(day)
        refuse_if(self.time > day_start(week + 7) + rules.grace_s, "TOO_LATE")
        weeks = account["awards"].get(body.quest, set())
        refuse_if(week in weeks, "ALREADY_AWARDED")
        earned = len(weeks) * rules.points
        refuse_if(rules.cap_points and earned + rules.points > rules.cap_points, "CAP_REACHED")
        refuse_if(quest["issued"] + rules.points > quest["budget"], "BUDGET_EXHAUSTED")
        account["awards"].setdefault(body.quest, set()).add(week)
        account["balance"] += rules.points
        quest["issued"] += rules.points
        self.awards.append((body.account, body.quest, week, account["home"], rules.points))
        return rules.points

    def _donate(self, body, _):
        account = self._account(body.account)
        refuse_if(body.purpose not in self.purposes, "PURPOSE_UNKNOWN")
        purpose, today = self.purposes[body.purpose], day_of(self.time)
        refuse_if(not purpose.first_day <= today <= purpose.last_day, "PURPOSE_CLOSED")
        refuse_if(body.municipality != account["home"], "NOT_HOME_MUNICIPALITY")
        refuse_if(body.points == 0, "AMOUNT_INVALID")
        refuse_if(body.points > account["balance"], "BALANCE_INSUFFICIENT")
        account["balance"] -= body.points
        self.donations.append((today, body.municipality, body.purpose, body.points))
        return body.points

    def _requested(self, account, unit):
        """Points that an account requested in the day or month of now; refused ones do not count."""
        now = unit(day_of(self.time))
        return sum(c["points"] for c in self.conversions.values()
                   if c["account"] == account and c["state"] != "refused" and unit(day_of(c["time"])) == now)

    def _request_conversion(self, body, transaction_id):
        account = self._account(body.account)
        policy = self.policies
        refuse_if(self.time < policy["CONVERSION_OPENS_AT"], "CONVERSION_CLOSED")
        refuse_if(body.points == 0 or body.points < policy["CONVERSION_MIN_POINTS"]
                  or body.points % policy["CONVERSION_UNIT_POINTS"], "AMOUNT_INVALID")
        for limit, unit in (("CONVERSION_DAY_MAX_POINTS", lambda day: day),
                            ("CONVERSION_MONTH_MAX_POINTS", month_of)):
            refuse_if(policy[limit] and self._requested(body.account, unit) + body.points > policy[limit],
                      "LIMIT_REACHED")
        refuse_if(body.points > account["balance"], "BALANCE_INSUFFICIENT")
        account["balance"] -= body.points
        account["held"] += body.points
        self.conversions[transaction_id] = {
            "sequence": self.sequence, "account": body.account, "home": account["home"],
            "points": body.points, "time": self.time, "state": "pending"}
        return body.points

    def _answer_conversion(self, conversion_id, state):
        refuse_if(conversion_id not in self.decided, "CONVERSION_UNKNOWN")
        conversion = self.conversions.get(conversion_id)
        refuse_if(conversion is None or conversion["state"] != "pending", "CONVERSION_NOT_PENDING")
        conversion["state"] = state
        account = self.accounts[conversion["account"]]
        account["held"] -= conversion["points"]
        return conversion, account

    def _settle_conversion(self, body, _):
        conversion, account = self._answer_conversion(body.conversion, "settled")
        self.converted.append((account["home"], conversion["points"]))
        return conversion["points"]

    def _refuse_conversion(self, body, _):
        conversion, account = self._answer_conversion(body.conversion, "refused")
        account["balance"] += conversion["points"]
        return conversion["points"]

    # ---- the programme

    def _define_quest(self, body, _):
        refuse_if(body.quest in self.quests, "QUEST_EXISTS")
        refuse_if(body.quest == 0 or body.period == 0 or not 1 <= body.points <= 1_000_000
                  or (body.cap_points and body.cap_points < body.points)
                  or body.first_day > body.last_day or body.last_day > LAST_DAY
                  or body.grace_s > 36_288_000, "QUEST_INVALID")
        self.quests[body.quest] = {"message": body, "budget": 0, "issued": 0}

    def _define_purpose(self, body, _):
        refuse_if(body.purpose in self.purposes, "PURPOSE_EXISTS")
        refuse_if(body.purpose == 0 or body.first_day > body.last_day or body.last_day > LAST_DAY,
                  "PURPOSE_INVALID")
        self.purposes[body.purpose] = body

    def _set_budget(self, body, _):
        refuse_if(body.quest not in self.quests, "QUEST_UNKNOWN")
        quest = self.quests[body.quest]
        refuse_if(body.points < quest["issued"], "BUDGET_BELOW_ISSUED")
        others = sum(q["budget"] for number, q in self.quests.items() if number != body.quest)
        refuse_if(others + body.points > 2**62, "BUDGET_TOO_LARGE")
        quest["budget"] = body.points

    def _set_policy(self, body, _):
        refuse_if(body.policy not in POLICIES, "POLICY_INVALID")
        name, minimum, maximum, _ = POLICIES[body.policy]
        refuse_if(not minimum <= body.value <= maximum, "POLICY_INVALID")
        self.policies[name] = body.value

    def _register_key(self, body, _):
        refuse_if(body.key in self.keys, "KEY_EXISTS")
        refuse_if(body.role == 0 or (body.municipality and body.role != MUNICIPALITY), "KEY_INVALID")
        refuse_if(body.role == MUNICIPALITY and body.municipality not in self.municipalities,
                  "MUNICIPALITY_UNKNOWN")
        self._add_key(body)

    def _revoke_key(self, body, _):
        refuse_if(body.key not in self.keys, "KEY_NOT_REGISTERED")
        key = self.keys[body.key]
        refuse_if(key["revoked"], "KEY_ALREADY_REVOKED")
        holders = {k["holder"] for name, k in self.keys.items()
                   if k["role"] == OPERATOR and not k["revoked"] and name != body.key}
        refuse_if(key["role"] == OPERATOR and len(holders) < 2, "LAST_OPERATORS")
        key["revoked"] = True

    def _set_time(self, body, _):
        refuse_if(not self.scripted, "TIME_NOT_SCRIPTED")
        refuse_if(body.time < self.time or body.time < self.last_set_time or body.time > END_OF_9999,
                  "TIME_INVALID")
        self.last_set_time = body.time

    # ---- what queries show; rows that are all zero are left out

    def account(self, account):
        """dict(home, balance, held, last, progress {quest: (awards, points, newest week)}); None: unknown."""
        if account not in self.accounts:
            return None
        found = self.accounts[account]
        progress = {quest: (len(weeks), len(weeks) * self.quests[quest]["message"].points, max(weeks))
                    for quest, weeks in found["awards"].items()}
        return {"home": found["home"], "balance": found["balance"], "held": found["held"],
                "last": self.statements[account][-1], "progress": progress}

    def statement(self, account):
        """The entries of an account, newest first."""
        return [self.entries[sequence] for sequence in reversed(self.statements.get(account, []))]

    def quest_totals(self, quest, from_day=0, to_day=0, only=None):
        """dict(municipalities {home: [residents, awards, points]}, periods {(week, home): [awards, points]})."""
        municipalities, periods, seen = {}, {}, set()
        for account, number, week, home, points in self.awards:
            if number != quest:
                continue
            first, _ = account not in seen, seen.add(account)
            if only is not None and home != only:
                continue
            row = municipalities.setdefault(home, [0, 0, 0])
            row[0] += first
            row[1] += 1
            row[2] += points
            if (not from_day or week + 6 >= from_day) and (not to_day or week <= to_day):
                row = periods.setdefault((week, home), [0, 0])
                row[0] += 1
                row[1] += points
        return {"municipalities": municipalities, "periods": dict(sorted(periods.items()))}

    def donation_totals(self, unit="WHOLE", municipality=0, purpose=0, from_day=0, to_day=0):
        """{(first day, municipality, purpose): [donations, points]}, ascending; WHOLE rows begin at from_day."""
        begin = {"WHOLE": lambda _: from_day, "DAY": lambda day: day,
                 "MONTH": month_of, "FISCAL_YEAR": fiscal_year_of}[unit]
        rows = {}
        for day, home, number, points in self.donations:
            if ((municipality and home != municipality) or (purpose and number != purpose)
                    or day < from_day or (to_day and day > to_day)):
                continue
            row = rows.setdefault((begin(day), home, number), [0, 0])
            row[0] += 1
            row[1] += points
        return dict(sorted(rows.items()))

    def pending(self):
        """(sequence, id, account, home when requested, points, time), oldest first."""
        return sorted((c["sequence"], i, c["account"], c["home"], c["points"], c["time"])
                      for i, c in self.conversions.items() if c["state"] == "pending")

    def books(self):
        """{municipality: dict(accounts, issued, balances, held, donated, converted)}."""
        books = {code: dict.fromkeys(("accounts", "issued", "balances", "held", "donated", "converted"), 0)
                 for code in sorted(self.municipalities)}
        for account in self.accounts.values():
            books[account["home"]]["accounts"] += 1
            books[account["home"]]["balances"] += account["balance"]
            books[account["home"]]["held"] += account["held"]
        for _, _, _, home, points in self.awards:
            books[home]["issued"] += points
        for _, home, _, points in self.donations:
            books[home]["donated"] += points
        for home, points in self.converted:
            books[home]["converted"] += points
        return books

    def totals(self):
        """The whole ledger's books."""
        rows = list(self.books().values())
        return {name: sum(row[name] for row in rows) for name in rows[0]}

    def assert_books(self):
        """issued = balances + held + donated + converted, nothing negative, and budgets kept."""
        total = self.totals()
        assert total["issued"] == sum(total[n] for n in ("balances", "held", "donated", "converted"))
        assert total["issued"] == sum(q["issued"] for q in self.quests.values())
        assert all(a["balance"] >= 0 and a["held"] >= 0 for a in self.accounts.values())
        assert all(q["issued"] <= q["budget"] for q in self.quests.values())
        assert total["held"] == sum(row[4] for row in self.pending())
