"""Notices of municipalities and their texts, which stand beside the ledger: written from doc/rules.md alone."""
import hashlib
import re
import unicodedata

from google.protobuf.message import DecodeError

import pointsclient as pc
from dates import LAST_DAY, day_of
from programme import ascending, refuse_if

TEXT_MAX = 8_000
DECEPTIVE = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def text_invalid(sha256, text):
    """Whether this is no NoticeText in canonical form with this digest."""
    try:
        message = pc.transaction.NoticeText.FromString(text)
    except DecodeError:
        return True
    message.DiscardUnknownFields()
    return not (hashlib.sha256(text).digest() == sha256 and pc.canonical(message) == text and 1 <= len(text) <= TEXT_MAX
                and 1 <= len(message.versions) <= 10 and ascending([v.language.encode() for v in message.versions])
                and _link_fits(message.link) and all(map(_version_fits, message.versions)))


def _version_fits(version):
    return (_fits(version.language, 2, 20) and _fits(version.title, 1, 200) and len(version.paragraphs) <= 50
            and all(_fits(p, 1, 2_000) for p in version.paragraphs))


def _fits(string, shortest, longest):
    """Whether a string has a length in bytes, no control characters and none that shows it as another one."""
    return (shortest <= len(string.encode()) <= longest and "Cc" not in map(unicodedata.category, string)
            and not set(string) & set(DECEPTIVE))


def _link_fits(link):
    """None, or a URL in printable ASCII."""
    return _fits(link, 0, 500) and (not link or re.fullmatch("https?://[!-~]+", link) is not None)


class Notices:
    """The part of the Model about notices."""

    def _begin_notices(self):
        self.notices = {}  # id of the PostNotice: dict(sequence, message, time, withdrawn, erased)
        self.texts = {}    # id of the PostNotice: bytes

    def _post_notice(self, body, transaction_id):
        refuse_if(body.first_day > body.last_day or not day_of(self.time) <= body.last_day <= LAST_DAY, "NOTICE_INVALID")
        self.notices[transaction_id] = {"sequence": self.sequence, "message": body, "time": self.time,
                                        "withdrawn": False, "erased": False}

    def _keep_texts(self, transactions, outcomes, texts):
        """Texts of the PostNotices of a block that were applied are kept, of those alone."""
        texts = iter(texts)
        for (transaction, _), outcome in zip(transactions, outcomes):
            text = next(texts) if transaction.HasField("post_notice") else None
            notice = self.notices.get(transaction.id)
            if text is not None and outcome[0] == "APPLIED" and not notice["erased"]:
                self.texts[transaction.id] = text

    def _own_notice(self, body):
        notice = self.notices.get(body.notice)
        refuse_if(notice is None or notice["message"].municipality != body.municipality, "NOTICE_UNKNOWN")
        return notice

    def _withdraw_notice(self, body, _):
        notice = self._own_notice(body)
        refuse_if(notice["withdrawn"], "NOTICE_WITHDRAWN")
        notice["withdrawn"] = True

    def _erase_notice(self, body, _):
        notice = self._own_notice(body)
        refuse_if(not notice["withdrawn"], "NOTICE_NOT_WITHDRAWN")
        refuse_if(notice["erased"], "NOTICE_ERASED")
        notice["erased"] = True
        self.texts.pop(body.notice, None)

    # ---- queries

    def notices_for(self, account):
        """Ids of the notices in force for an account, newest first."""
        home = self.accounts[account]["home"]
        return [i for i in self.notices_shown() if self.notices[i]["message"].to_all
                or self.notices[i]["message"].municipality == home]

    def notices_shown(self, municipality=0, everything=False):
        """Ids of the notices of a municipality, or of all: those in force, or all that were posted; newest first."""
        return [i for i, notice in reversed(self.notices.items())
                if municipality in (0, notice["message"].municipality) and (everything or self._in_force(notice))]

    def _in_force(self, notice):
        today = day_of(self.next_time())
        return not notice["withdrawn"] and notice["message"].first_day <= today <= notice["message"].last_day
