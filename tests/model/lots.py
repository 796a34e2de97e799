"""Points that expire, what is undone, and donations paid out: written from doc/rules.md alone.

An account's `lots` say which of its points expire when, {last day: points}; the rest of its balance never does."""
import calendar
import collections

from dates import LAST_DAY, date_of, day_number, day_of, fiscal_year_of
from programme import refuse_if

NONE, ON_DAY, AFTER_DAYS, AFTER_MONTHS, END_OF_FISCAL_YEAR = range(5)
NEVER = None  # stands for the last day of points that do not expire
CYCLE_YEARS, CYCLE_DAYS = 400, 146_097  # after which the calendar is the same again


def _months_later(day, months):
    """The same day of the month, so many months later, or the last of that month."""
    date = date_of(day)
    year, month = date.year + (date.month - 1 + months) // 12, (date.month - 1 + months) % 12 + 1
    last = calendar.monthrange(year - CYCLE_YEARS if year > 9_999 else year, month)[1]
    return _number(year, month, min(date.day, last))


def _number(year, month, day):
    """day_number, beyond the year 9999 too."""
    if year > 9_999:
        return day_number(year - CYCLE_YEARS, month, day) + CYCLE_DAYS
    return day_number(year, month, day)


def last_day_of(quest, day):
    """The last day of the points of an award on this day (of its block time), as a definition has it; or NEVER."""
    if not quest.HasField("expiry"):
        return NEVER
    kind, value = quest.expiry.kind, quest.expiry.value
    if kind == ON_DAY:
        return max(value, day)
    if kind == AFTER_DAYS:
        return day + value
    if kind == AFTER_MONTHS:
        return _months_later(day, value)
    return _number(date_of(fiscal_year_of(day)).year + 1 + value, 3, 31)


class Lots:
    """The part of the Model about points that expire, reversals and settlements."""

    def _begin_lots(self):
        self.expired = []            # (last day, home, points)
        self.gifts = {}              # id of a donation: dict(account, day, until, municipality, purpose, points, lots)
        self.awarded = {}            # id of an award: dict(account, quest, points, day: of block time)
        self.reversed = set()        # ids
        self.taken_back = []         # dict(quest, home, points, shortfall), of awards
        self.donations_undone = []   # dict(given: day, day, municipality, purpose, points)
        self.settlements = []        # dict(sequence, day, municipality, purpose, to_day, points, reference)

    # ---- lots

    @staticmethod
    def expiry_invalid(quest):
        """Whether the expiry of a quest's definition, if it has one, is wrong."""
        if not quest.HasField("expiry"):
            return False
        kind, value = quest.expiry.kind, quest.expiry.value
        ranges = {ON_DAY: (quest.last_day, LAST_DAY), AFTER_DAYS: (1, 3_660), AFTER_MONTHS: (1, 120),
                  END_OF_FISCAL_YEAR: (0, 1)}
        if kind not in ranges:
            return True
        low, high = ranges[kind]
        return not low <= value <= high

    def _expire(self):
        """What happens before the first transaction of a block."""
        today = day_of(self.time)
        for account in self.accounts.values():
            for last_day in sorted(d for d in account["lots"] if d < today):
                points = account["lots"].pop(last_day)
                account["balance"] -= points
                account["unsaid"] += points
                self.expired.append((last_day, account["home"], points))

    def _say_expired(self, account):
        """What expired since the account was touched before; from now on it is said."""
        if account is None:
            return 0
        found = self.accounts[account]
        points, found["unsaid"] = found["unsaid"], 0
        return points

    @staticmethod
    def _put(account, last_day, points):
        account["balance"] += points
        if last_day is not NEVER and points:
            account["lots"][last_day] += points

    @staticmethod
    def _take(account, points, first=()):
        """Spends points: [(last day or NEVER, points)]; from the days in `first` before all others."""
        never = account["balance"] - sum(account["lots"].values())
        order = [*first, *(d for d in sorted(account["lots"]) if d not in first)]
        taken = []
        for day in order + [NEVER] * (NEVER not in first):
            there = never if day is NEVER else account["lots"].get(day, 0)
            part = min(there, points)
            if not part:
                continue
            taken.append((day, part))
            points -= part
            account["balance"] -= part
            if day is not NEVER:
                account["lots"][day] -= part
                if not account["lots"][day]:
                    del account["lots"][day]
        assert not points
        return taken

    def _put_back(self, account, taken):
        """Points return to lots of their days, or of later ones when those have passed."""
        today = day_of(self.time)
        for last_day, points in taken:
            late = last_day is not NEVER and last_day < today
            self._put(account, today + self.policies["REFUND_GRACE_DAYS"] if late else last_day, points)

    # ---- reversals

    def account_now(self, account):
        """The account that it is after merges."""
        while self.accounts[account]["status"] == "MERGED":
            account = self.accounts[account]["merged_into"]
        return account

    def _reverse(self, body, _):
        target = body.target
        refuse_if(target not in self.decided, "REVERSAL_UNKNOWN")
        refuse_if(target in self.reversed, "ALREADY_REVERSED")
        conversion, gift, award = self.conversions.get(target), self.gifts.get(target), self.awarded.get(target)
        undone = conversion or gift or award
        refuse_if(undone is None, "NOT_REVERSIBLE")
        refuse_if(gift and day_of(self.time) > gift["until"], "NOT_REVERSIBLE")
        refuse_if(conversion and conversion["state"] != "pending", "NOT_REVERSIBLE")
        account = self.accounts[self.account_now(undone["account"])]
        refuse_if(account["status"] == "CLOSED", "NOT_REVERSIBLE")
        self.reversed.add(target)
        if conversion:
            return self._refuse_held(target)
        return self._reverse_donation(gift, account) if gift else self._reverse_award(award, account)

    def _reversal_touches(self, body):
        """The account of an applied reversal."""
        target = self.decided[body.target]["transaction"]
        return self.account_now(getattr(target, target.WhichOneof("body")).account)

    def _reverse_award(self, award, account):
        quest = self.quests[award["quest"]]
        points = min(award["points"], account["balance"])
        self._take(account, points, first=[last_day_of(quest["message"], award["day"])])
        account["progress"][award["quest"]]["points"] -= points
        quest["issued"] -= points
        campaign = self.campaigns.get(quest["message"].campaign)
        if campaign:
            campaign["issued"] -= points
        self.taken_back.append({"quest": award["quest"], "home": account["home"], "points": points,
                                "shortfall": award["points"] - points})
        return points

    def _reverse_donation(self, gift, account):
        self._put_back(account, gift["lots"])
        self.donations_undone.append({"given": gift["day"], "day": day_of(self.time), "points": gift["points"],
                                      "municipality": gift["municipality"], "purpose": gift["purpose"]})
        return gift["points"]

    # ---- settlements

    def _settlements_of(self, municipality, purpose):
        return [s for s in self.settlements if (s["municipality"], s["purpose"]) == (municipality, purpose)]

    def open_donations(self, municipality, purpose, to_day=None):
        """Given (up to a day) and neither reversed nor paid out."""
        mine = lambda m, p, day: (m, p) == (municipality, purpose) and (to_day is None or day <= to_day)
        given = sum(points for day, m, p, points in self.donations if mine(m, p, day))
        undone = sum(u["points"] for u in self.donations_undone if mine(u["municipality"], u["purpose"], u["given"]))
        return given - undone - sum(s["points"] for s in self._settlements_of(municipality, purpose))

    def _settle_donations(self, body, _):
        refuse_if(body.municipality not in self.municipalities, "MUNICIPALITY_UNKNOWN")
        refuse_if(body.purpose not in self.purposes, "PURPOSE_UNKNOWN")
        before = self._settlements_of(body.municipality, body.purpose)
        refuse_if(body.to_day >= day_of(self.time) or (before and body.to_day <= before[-1]["to_day"]),
                  "SETTLEMENT_INVALID")
        points = self.open_donations(body.municipality, body.purpose, body.to_day)
        refuse_if(points <= 0, "NOTHING_TO_SETTLE")
        self.settlements.append({
            "sequence": self.sequence, "day": day_of(self.time), "municipality": body.municipality,
            "purpose": body.purpose, "to_day": body.to_day, "points": points, "reference": body.reference})
        return points

    # ---- queries

    def lots(self, account):
        """[(last day, points)], ascending."""
        return sorted(self.accounts[account]["lots"].items())

    def quest_reversals(self, quest):
        """(points taken back, shortfall)."""
        rows = [r for r in self.taken_back if r["quest"] == quest]
        return sum(r["points"] for r in rows), sum(r["shortfall"] for r in rows)

    def expiry(self, municipality=0, from_day=0, to_day=0):
        """[(last day, municipality, points, expired)], ascending."""
        rows = collections.Counter()
        for last_day, home, points in self.expired:
            rows[last_day, home, True] += points
        for account in self.accounts.values():
            for last_day, points in account["lots"].items():
                rows[last_day, account["home"], False] += points
        return [(day, home, points, expired) for (day, home, expired), points in sorted(rows.items())
                if points and municipality in (0, home) and from_day <= day and (not to_day or day <= to_day)]

    def settlements_shown(self, municipality=0, purpose=0):
        """The settlements, and {(municipality, purpose): open points} of those that are not 0, ascending."""
        wanted = lambda m, p: municipality in (0, m) and purpose in (0, p)
        pairs = sorted({(m, p) for _, m, p, _ in self.donations if wanted(m, p)})
        still_open = {pair: self.open_donations(*pair) for pair in pairs}
        return ([s for s in self.settlements if wanted(s["municipality"], s["purpose"])],
                {pair: points for pair, points in still_open.items() if points})

    def assert_lots(self):
        """Lots are part of the balance, live, and what is held or was given is what the lots taken say."""
        today = day_of(self.time)
        for account in self.accounts.values():
            assert all(points > 0 and day >= today for day, points in account["lots"].items())
            assert sum(account["lots"].values()) <= account["balance"]
        for taken in [*self.gifts.values(), *self.conversions.values()]:
            assert sum(points for _, points in taken["lots"]) == taken["points"]
