"""What operators decide, in the model: quests, campaigns, shops, purposes, budgets, policies, keys and time."""
from dates import DAY, END_OF_9999, GRACE_DAYS, LAST_DAY

NUMBER_MAX = YEN_MAX = 1_000_000_000
POINTS_MAX = 1_000_000  # of one award

OPERATOR, APP, WAON, MUNICIPALITY, AUDITOR, CHECKPOINT, WITNESS = 1, 2, 3, 4, 5, 6, 7

# number: (name, minimum, maximum, default)
POLICIES = {
    1: ("FUTURE_MAX_S", 0, 3600, 60),
    2: ("CONVERSION_OPENS_AT", 0, END_OF_9999, END_OF_9999),
    3: ("CONVERSION_UNIT_POINTS", 1, 1_000_000, 1),
    4: ("CONVERSION_MIN_POINTS", 1, 1_000_000_000, 1),
    5: ("CONVERSION_DAY_MAX_POINTS", 0, 1_000_000_000, 0),
    6: ("CONVERSION_MONTH_MAX_POINTS", 0, 1_000_000_000, 0),
    7: ("TOTALS_SHARED", 0, 1, 0),
    8: ("REFUND_GRACE_DAYS", 0, 3660, 30),
    9: ("REVERSAL_DONATION_DAYS", 0, 366, 14),
    10: ("CONVERSION_FEE_POINTS", 0, 1_000_000, 0),
}


class Refusal(Exception):
    """A transaction is refused with this outcome, and that is recorded."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def refuse_if(condition, code):
    if condition:
        raise Refusal(code)


def ascending(numbers):
    return all(one < next_one for one, next_one in zip(numbers, numbers[1:]))


class Programme:
    """The part of the Model that operators change."""

    def _define_quest(self, body, _):
        refuse_if(body.quest in self.quests, "QUEST_EXISTS")
        refuse_if(body.campaign and body.campaign not in self.campaigns, "CAMPAIGN_UNKNOWN")
        self._check_quest(body)
        self.quests[body.quest] = {"message": body, "budget": 0, "issued": 0, "residents": 0}
        if body.campaign:
            self.campaigns[body.campaign]["quests"].append(body.quest)

    def _change_quest(self, body, _):
        changed = body.definition
        refuse_if(changed.quest not in self.quests, "QUEST_UNKNOWN")
        self._check_quest(changed)
        before = self.quests[changed.quest]["message"]
        refuse_if(any(getattr(changed, n) != getattr(before, n) for n in ("period", "times", "campaign", "first_day"))
                  or changed.HasField("receipt") != before.HasField("receipt"), "QUEST_INVALID")
        self.quests[changed.quest]["message"] = changed

    def _check_quest(self, body):
        refuse_if(set(body.municipalities) - self.municipalities, "MUNICIPALITY_UNKNOWN")
        refuse_if(not 1 <= body.quest <= NUMBER_MAX or body.period not in GRACE_DAYS
                  or body.times == 1 or body.times > 255
                  or body.first_day > body.last_day or body.last_day > LAST_DAY
                  or not ascending(body.municipalities) or self.expiry_invalid(body), "QUEST_INVALID")
        periods = 4 if body.times else 60
        refuse_if(body.grace_s > periods * GRACE_DAYS[body.period] * DAY, "QUEST_INVALID")
        if body.HasField("receipt"):
            refuse_if(body.points or self._terms_invalid(body.receipt), "QUEST_INVALID")
            least = body.receipt.steps[0].points
        else:
            refuse_if(not 1 <= body.points <= POINTS_MAX, "QUEST_INVALID")
            least = body.points
        refuse_if(body.cap_points and body.cap_points < least, "QUEST_INVALID")

    def _terms_invalid(self, terms):
        """Whether the terms of a receipt quest are wrong in themselves."""
        return (not 1 <= len(terms.steps) <= 20
                or any(not 1 <= s.amount_yen <= YEN_MAX or not 1 <= s.points <= POINTS_MAX for s in terms.steps)
                or not ascending([s.amount_yen for s in terms.steps])
                or bool(terms.bonus_municipalities) != bool(terms.bonus_points) or terms.bonus_points > POINTS_MAX
                or terms.bonus_municipalities > len(self.municipalities))

    def _define_campaign(self, body, _):
        refuse_if(body.campaign in self.campaigns, "CAMPAIGN_EXISTS")
        refuse_if(not 1 <= body.campaign <= NUMBER_MAX, "CAMPAIGN_INVALID")
        self.campaigns[body.campaign] = {"message": body, "budget": 0, "issued": 0, "residents": 0, "quests": []}

    def _register_shop(self, body, _):
        refuse_if(body.shop in self.shops, "SHOP_EXISTS")
        refuse_if(body.municipality not in self.municipalities, "MUNICIPALITY_UNKNOWN")
        refuse_if(body.shop == 0, "SHOP_INVALID")
        self.shops[body.shop] = {"message": body, "closed": None}

    def _close_shop(self, body, _):
        refuse_if(body.shop not in self.shops, "SHOP_UNKNOWN")
        shop = self.shops[body.shop]
        refuse_if(shop["closed"] is not None, "SHOP_CLOSED")
        refuse_if(body.last_day > LAST_DAY, "SHOP_INVALID")
        shop["closed"] = body.last_day

    def _define_purpose(self, body, _):
        refuse_if(body.purpose in self.purposes, "PURPOSE_EXISTS")
        refuse_if(body.purpose == 0 or body.first_day > body.last_day or body.last_day > LAST_DAY,
                  "PURPOSE_INVALID")
        self.purposes[body.purpose] = body

    def _set_budget(self, body, _):
        if body.campaign:
            refuse_if(body.campaign not in self.campaigns, "CAMPAIGN_UNKNOWN")
            purses, purse = self.campaigns, self.campaigns[body.campaign]
        else:
            refuse_if(body.quest not in self.quests, "QUEST_UNKNOWN")
            purses, purse = self.quests, self.quests[body.quest]
        refuse_if(body.points < purse["issued"], "BUDGET_BELOW_ISSUED")
        others = sum(p["budget"] for p in purses.values()) - purse["budget"]
        refuse_if(others + body.points > 2**62, "BUDGET_TOO_LARGE")
        purse["budget"] = body.points

    def _set_policy(self, body, _):
        refuse_if(body.policy not in POLICIES, "POLICY_INVALID")
        name, minimum, maximum, _ = POLICIES[body.policy]
        refuse_if(not minimum <= body.value <= maximum, "POLICY_INVALID")
        self.policies[name] = body.value

    def _register_key(self, body, _):
        refuse_if(body.key in self.keys, "KEY_EXISTS")
        refuse_if(body.role == 0 or (body.municipality and body.role != MUNICIPALITY)
                  or (body.role == WITNESS and (" " in body.holder or "+" in body.holder)), "KEY_INVALID")
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
        refuse_if(key["role"] == CHECKPOINT and self.checkpoint_keys() == [body.key], "LAST_CHECKPOINT_KEY")
        key["revoked"] = True

    def checkpoint_keys(self):
        """The keys that may sign a checkpoint now."""
        return [name for name, k in self.keys.items() if k["role"] == CHECKPOINT and not k["revoked"]]

    def _set_time(self, body, _):
        refuse_if(not self.scripted, "TIME_NOT_SCRIPTED")
        refuse_if(body.time < self.time or body.time < self.last_set_time or body.time > END_OF_9999,
                  "TIME_INVALID")
        self.last_set_time = body.time
