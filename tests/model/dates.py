"""The model's calendar: JST days as numbers, and the weeks, months, years and quest periods that they fall into."""
import calendar
import datetime

JST = 9 * 3600
DAY = 86_400
END_OF_9999 = 253_402_268_399
LAST_DAY = 2_932_896

WEEKLY, DAILY, MONTHLY, ONCE = 1, 2, 3, 4
GRACE_DAYS = {WEEKLY: 7, DAILY: 1, MONTHLY: 28, ONCE: 7}  # what counts as one period in the limit of a grace


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
    return day - date_of(day).day + 1


def month_end(day):
    """The last day of a day's month."""
    date = date_of(day)
    return month_of(day) + calendar.monthrange(date.year, date.month)[1] - 1


def fiscal_year_of(day):
    """The 1 April with which a day's fiscal year began."""
    date = date_of(day)
    return day_number(date.year if date.month >= 4 else date.year - 1, 4, 1)


def period_of(quest, day):
    """The first and the last day of the period of a quest (its definition) in which a day falls."""
    if quest.period == DAILY:
        return day, day
    if quest.period == WEEKLY:
        return week_of(day), week_of(day) + 6
    if quest.period == MONTHLY:
        return month_of(day), month_end(day)
    return quest.first_day, quest.last_day
