"""What the model shows: the answers to queries, and the books. Rows that are all zero are left out."""
from dates import fiscal_year_of, month_end, month_of, period_of

BOOKS = ("accounts", "issued", "balances", "held", "donated", "converted", "expired", "forfeited", "reversed", "fees")

# of a TotalsUnit: the day on which the row of a day begins, and the last day of the row that begins on a day
BEGINS = {"WHOLE": lambda _: 0, "DAY": lambda day: day, "MONTH": month_of, "FISCAL_YEAR": fiscal_year_of}
ENDS = {"DAY": lambda first: first, "MONTH": month_end, "FISCAL_YEAR": lambda first: fiscal_year_of(first + 366) - 1}


def _asked(day, from_day, to_day):
    return from_day <= day and (not to_day or day <= to_day)


def _first_day(unit, day, from_day):
    """Of the row that a day falls into."""
    return from_day if unit == "WHOLE" else BEGINS[unit](day)


def _whole(unit, first, from_day, to_day):
    """Whether the asked days leave the row that begins on a day uncut."""
    if unit == "WHOLE":
        return not from_day and not to_day
    return from_day <= first and (not to_day or ENDS[unit](first) <= to_day)


class Queries:
    """The half of the Model that only looks."""

    def account(self, account):
        """dict(home, balance, held, status, merged_into, last, progress {quest: (awards, points, newest period)})."""
        if account not in self.accounts:
            return None
        found = self.accounts[account]
        progress = {quest: (sum(p["periods"].values()), p["points"], max(p["periods"]))
                    for quest, p in found["progress"].items()}
        return {n: found[n] for n in ("home", "balance", "held", "status", "merged_into")} | {
            "last": self.statements[account][-1], "progress": progress}

    def statement(self, account):
        """The entries of an account, newest first."""
        return [self.entries[sequence] for sequence in reversed(self.statements.get(account, []))]

    def quest_totals(self, quest, from_day=0, to_day=0, only=None):
        """dict(municipalities {home: [residents, awards, points]}, periods {(first day, home): [awards, points]})."""
        municipalities, periods = {}, {}
        definition = self.quests[quest]["message"]
        for award in self.awards:
            home = award["home"]
            if award["quest"] != quest or (only is not None and home != only):
                continue
            row = municipalities.setdefault(home, [0, 0, 0])
            row[0] += award["new"]
            row[1] += 1
            row[2] += award["points"]
            first, last = period_of(definition, award["day"])
            if (not from_day or last >= from_day) and (not to_day or first <= to_day):
                row = periods.setdefault((first, home), [0, 0])
                row[0] += 1
                row[1] += award["points"]
        return {"municipalities": municipalities, "periods": dict(sorted(periods.items()))}

    def campaign(self, campaign):
        """dict(message, budget, issued, residents, quests); None: unknown."""
        if campaign not in self.campaigns:
            return None
        found = self.campaigns[campaign]
        return found | {"quests": sorted(found["quests"])}

    def circulation(self, quest=0, from_day=0, to_day=0):
        """{(month's first day, home, place): [receipts, yen, residents, points]}, ascending; quest 0: all."""
        rows = {}
        for receipt in self.receipts:
            day = receipt["day"]
            if ((quest and receipt["quest"] != quest) or (from_day and month_end(day) < from_day)
                    or (to_day and month_of(day) > to_day)):
                continue
            row = rows.setdefault((month_of(day), receipt["home"], receipt["place"]), [0, 0, 0, 0])
            row[0] += 1
            row[1] += receipt["yen"]
            row[2] += receipt["new in quest"] if quest else receipt["new"]
            row[3] += receipt["points"]
        return dict(sorted(rows.items()))

    def donation_totals(self, unit="WHOLE", municipality=0, purpose=0, from_day=0, to_day=0, by_original=False,
                        group="MUNICIPALITY_AND_PURPOSE", only=None):
        """{(first day, municipality, purpose): [donations, points, reversed donations, reversed points, donors]},
        ascending; WHOLE rows begin at from_day. `only`: what a municipality sees that sees its own."""
        rows = {}
        booked = [(*row, 0) for row in self.donations] + [
            (u["given"] if by_original else u["day"], u["municipality"], u["purpose"], u["points"], 2)
            for u in self.donations_undone]
        for day, home, number, points, column in booked:
            if (municipality not in (0, home) or only not in (None, home) or purpose not in (0, number)
                    or not _asked(day, from_day, to_day)):
                continue
            place = {"MUNICIPALITY_AND_PURPOSE": (home, number), "BY_MUNICIPALITY": (home, 0), "TOGETHER": (0, 0)}[group]
            row = rows.setdefault((_first_day(unit, day, from_day), *place), [0, 0, 0, 0, 0])
            row[column] += 1
            row[column + 1] += points
        for (first, home, number), row in rows.items():
            if _whole(unit, first, from_day, to_day):
                row[4] = len(self.donors.get((unit, BEGINS[unit](first), home or only or 0, number), ()))
        return dict(sorted(rows.items()))

    def conversion_totals(self, unit="WHOLE", municipality=0, from_day=0, to_day=0, only=None):
        """{(first day, municipality): [requested, their points, settled, their points, fees, refused, their points]},
        ascending."""
        rows = {}
        for one in self.conversion_days:
            home, column = one["home"], {"requested": 0, "settled": 2, "refused": 5}[one["what"]]
            if (municipality not in (0, home) or only not in (None, home)
                    or not _asked(one["day"], from_day, to_day)):
                continue
            row = rows.setdefault((_first_day(unit, one["day"], from_day), home), [0] * 7)
            row[column] += 1
            row[column + 1] += one["points"]
            row[4] += one["fee"] * (one["what"] == "settled")
        return dict(sorted(rows.items()))

    def pending(self):
        """(sequence, id, account, home when requested, points, time, fee), oldest first."""
        return sorted((c["sequence"], i, c["account"], c["home"], c["points"], c["time"], c["fee"])
                      for i, c in self.conversions.items() if c["state"] == "pending")

    # ---- books

    def books(self):
        """{municipality: dict of BOOKS}; accounts that ended are not counted."""
        books = {code: dict.fromkeys(BOOKS, 0) for code in sorted(self.municipalities)}
        for account in self.accounts.values():
            row = books[account["home"]]
            row["accounts"] += account["status"] in ("OPEN", "FROZEN")
            row["balances"] += account["balance"]
            row["held"] += account["held"]
        for award in self.awards:
            books[award["home"]]["issued"] += award["points"]
        for _, home, _, points in self.donations:
            books[home]["donated"] += points
        for one in self.conversion_days:
            if one["what"] == "settled":
                books[one["home"]]["converted"] += one["points"] - one["fee"]
                books[one["home"]]["fees"] += one["fee"]
        for home, points in self.forfeited:
            books[home]["forfeited"] += points
        for _, home, points in self.expired:
            books[home]["expired"] += points
        for undone in self.donations_undone:
            books[undone["municipality"]]["donated"] -= undone["points"]
        for award in self.taken_back:
            books[award["home"]]["reversed"] += award["points"]
        return books

    def totals(self):
        """The whole ledger's books."""
        rows = list(self.books().values())
        return {name: sum(row[name] for row in rows) for name in rows[0]}

    def assert_books(self):
        """Issued is what is somewhere, nothing is negative, budgets are kept, accounts that ended are empty."""
        total = self.totals()
        assert total["issued"] == sum(total[n] for n in BOOKS[2:])
        assert total["issued"] == total["reversed"] + sum(q["issued"] for q in self.quests.values())
        assert total["issued"] == sum(total[n] for n in BOOKS[4:]) + sum(
            a["balance"] + a["held"] for a in self.accounts.values() if a["status"] in ("OPEN", "FROZEN"))
        assert all(a["balance"] >= 0 and a["held"] >= 0 for a in self.accounts.values())
        for campaign in self.campaigns.values():
            assert campaign["issued"] == sum(self.quests[q]["issued"] for q in campaign["quests"])
        assert all(p["issued"] <= p["budget"] for p in [*self.quests.values(), *self.campaigns.values()])
        assert total["held"] == sum(row[4] for row in self.pending())
        self.assert_lots()
