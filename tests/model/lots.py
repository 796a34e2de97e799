"""Points that expire, in the model: lots, reversals of what was done, and donations paid out."""
from dates import NEVER, day_of, last_day_of
from programme import refuse_if

class Lots:
    """The part of the Model that knows which points an account has."""

    @property
    def today(self):
        return day_of(self.time)

    def _pass_days(self):
        """Before the first transaction of a block: what is over expires."""
        for account in self.accounts.values():
            for last_day in [d for d in account["lots"] if d < self.today]:
                points = account["lots"].pop(last_day)
                account["balance"] -= points
                account["untold"] += points
                self.expired.append((last_day, account["home"], points))

    def _gain(self, account, last_day, points):
        account["balance"] += points
        if points:
            account["lots"][last_day] = account["lots"].get(last_day, 0) + points

    def _spend(self, account, points, first=None):
        """Takes points that are there, earliest last day first (but `first` before all); [(last day, points)]."""
        account["balance"] -= points
        parts = []
        for last_day in sorted(account["lots"], key=lambda d: (d != first, d)):
            part = min(points, account["lots"][last_day])
            points -= part
            account["lots"][last_day] -= part
            parts.append((last_day, part))
        account["lots"] = {d: p for d, p in account["lots"].items() if p}
        assert points == 0
        return [part for part in parts if part[1]]

    def _refund(self, account, parts):
        for last_day, points in parts:
            late = self.today + self.policies["REFUND_GRACE_DAYS"]
            self._gain(account, last_day if last_day >= self.today else late, points)

    def _now(self, account):
        """The account that this one is after all merges."""
        while self.accounts[account]["status"] == "MERGED":
            account = self.accounts[account]["merged_into"]
        return account

    # ---- reversals

    def _reverse(self, body, _):
        refuse_if(body.target not in self.decided, "REVERSAL_UNKNOWN")
        target = self.decided[body.target]
        refuse_if(body.target in self.reversed, "ALREADY_REVERSED")
        kind = target["transaction"].WhichOneof("body")
        undo = {"award": self._reverse_award, "donate": self._reverse_donation,
                "request_conversion": self._reverse_conversion}.get(kind)
        refuse_if(undo is None or target["outcome"][0] != "APPLIED", "NOT_REVERSIBLE")
        account = self._now(getattr(target["transaction"], kind).account)
        refuse_if(self.accounts[account]["status"] == "CLOSED", "NOT_REVERSIBLE")
        points = undo(target, self.accounts[account])
        self.reversed[body.target] = account
        return points

    def _reverse_award(self, target, account):
        body = target["transaction"].award
        quest = self.quests[body.quest]
        awarded = target["outcome"][1]
        points = min(awarded, account["balance"])
        self._spend(account, points, first=last_day_of(quest["message"], day_of(target["time"])))
        quest["issued"] -= points
        quest["reversed"] += points
        quest["shortfall"] += awarded - points
        account["progress"][body.quest]["points"] -= points
        if quest["message"].campaign:
            self.campaigns[quest["message"].campaign]["issued"] -= points
        self.taken_back.append((account["home"], points))
        return points

    def _reverse_donation(self, target, account):
        gift = self.gifts[target["transaction"].id]
        refuse_if(self.today > gift["until"], "NOT_REVERSIBLE")
        self._refund(account, gift["parts"])
        self.undone.append((self.today, gift["day"], gift["municipality"], gift["purpose"], gift["points"]))
        return gift["points"]

    def _reverse_conversion(self, target, account):
        conversion = self.conversions[target["transaction"].id]
        refuse_if(conversion["state"] != "pending", "NOT_REVERSIBLE")
        return self._refuse_conversion_of(conversion, account)

    # ---- paying donations out

    def open_donations(self, municipality, purpose, to_day=NEVER):
        given = sum(p for day, home, number, p in self.donations
                    if (home, number) == (municipality, purpose) and day <= to_day)
        undone = sum(p for _, day, home, number, p in self.undone
                     if (home, number) == (municipality, purpose) and day <= to_day)
        return given - undone - sum(s["points"] for s in self.settlements
                                    if (s["municipality"], s["purpose"]) == (municipality, purpose))

    def _settle_donations(self, body, _):
        refuse_if(body.municipality not in self.municipalities, "MUNICIPALITY_UNKNOWN")
        refuse_if(body.purpose not in self.purposes, "PURPOSE_UNKNOWN")
        before = [s["to_day"] for s in self.settlements
                  if (s["municipality"], s["purpose"]) == (body.municipality, body.purpose)]
        refuse_if(body.to_day >= self.today or (before and body.to_day <= before[-1]), "SETTLEMENT_INVALID")
        points = self.open_donations(body.municipality, body.purpose, body.to_day)
        refuse_if(points <= 0, "NOTHING_TO_SETTLE")
        self.settlements.append({"sequence": self.sequence, "day": self.today, "municipality": body.municipality,
                                 "purpose": body.purpose, "to_day": body.to_day, "points": points,
                                 "reference": body.reference})
        return points
