"""One day of one account, from the morning's decisions to the evening's review.

Here belongs the order of things. Not here: the things (each has its own module).
"""

from datetime import date
from random import Random

from exepron_pipeline.sandbox.simulation import (
    bookings,
    desk,
    execution,
    founding,
    pipeline,
    review,
    setbacks,
    turnover,
)
from exepron_pipeline.sandbox.simulation.account import Account


def live(account: Account, today: date) -> None:
    """Live through one calendar day; nothing is done on a day off.

    All chance of a day comes from the seed, the account and the date, so that a day does not depend on
    how the days before it were asked for.
    """
    if (today.month, today.day) == (1, 1):
        founding.publish_calendar(account, today.year + 1)
    if not account.calendar.is_working(today):
        return
    day = account.calendar.open(today, Random(f"{account.seed}/{account.id}/{today}"))
    account.send_unsent()
    pipeline.move_projects(account, day)
    shift = execution.work(account, day)
    bookings.book(account, day, shift)
    setbacks.follow_up(account, day, shift)
    review.review(account, day)
    pipeline.complete(account, day)
    desk.edit(account, day)
    turnover.move_people(account, day)
