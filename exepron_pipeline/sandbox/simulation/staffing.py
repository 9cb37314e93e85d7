"""Hiring: the name, address and row of each new user of an account.

Here belongs what a person is called. Not here: what they do (``people.py``) and when they come (``turnover.py``).
"""

import unicodedata
from random import Random
from typing import Any

from exepron_pipeline.sandbox.simulation.companies import Profile
from exepron_pipeline.sandbox.simulation.numbers import Numbers

_FIRST = (
    "Anna", "Jürgen", "Seán", "Łucja", "王", "Amélie", "Bjørn", "Chidi", "D'Arcy", "Élodie", "Fatma", "Gül",
    "Håkon", "Inês", "José", "Katarzyna", "Luke", "Mária", "Nguyễn Thị", "Oluwaseun", "Priya", "Quentin",
    "Renée", "Søren", "太郎", "Ulrike", "Vojtěch", "Wanjiru", "Xavier", "Yusuf", "Zoë",
)  # fmt: skip
_LAST = (
    "Müller", "O'Brien", "Żak", "小明", "Lefèvre", "Ødegård", "Okafor", "MacAuley-Smith", "Özyürek", "Björklund",
    "García Márquez", "Nowak", "Weiß", "Kovács", "Hạnh", "Adeyemi", "Raman", "de la Cruz", "Nygaard", "田中",
    "Schäfer", "Novák", "Kamau", "St. John", "Öztürk", "van den Berg", "Smith",
)  # fmt: skip
_STREETS = ("Hafenstraße 12", "1200 Ridge Ave, Apt. #4", "3 St Patrick's Quay", "Am Alten Werk 7 b", "")


def _mail_name(first: str, last: str, user_id: int) -> str:
    """Return an ASCII mail name; a name without Latin letters falls back to the number."""
    folded = unicodedata.normalize("NFKD", f"{first}.{last}".lower())
    plain = "".join(letter for letter in folded if letter.isascii() and (letter.isalnum() or letter in ".-"))
    return plain if len(plain) > 5 else f"user{user_id}"


class Staffing:
    """Hires the people of one company, one after the other."""

    def __init__(self, profile: Profile, role_ids: list[int], numbers: Numbers) -> None:
        self.users: dict[int, dict[str, Any]] = {}
        self._names: set[str] = set()
        self._profile, self._role_ids, self._numbers = profile, role_ids, numbers

    def hire(self, rng: Random, role: int, title: str | None, **flags: Any) -> int:
        """Add a person with a role and return the user's id."""
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        user_id = self._numbers.next("users")
        name = _mail_name(first, last, user_id)
        if name in self._names:
            name = f"{name}{user_id}"
        self._names.add(name)
        return self._add(rng, user_id, name, first, last, role, title, flags)

    def hire_named(self, rng: Random, role: int, name: str, first: str, last: str) -> int:
        """Add a technical user with a fixed name and return its id."""
        return self._add(rng, self._numbers.next("users"), name, first, last, role, None, {})

    def _add(
        self,
        rng: Random,
        user_id: int,
        name: str,
        first: str,
        last: str,
        role: int,
        title: str | None,
        flags: dict[str, Any],
    ) -> int:
        domain, (city, state, country, zip_code) = self._profile.domain, self._profile.place
        has_avatar = rng.random() < 0.5
        self.users[user_id] = {
            "userId": user_id,
            "accountId": self._profile.account_id,
            "roleId": self._role_ids[role],
            "firstName": first,
            "lastName": last,
            "userName": name,
            "email": f"{name}@{domain}",
            "avatarURL": f"https://files.{domain}/avatars/{user_id}.png" if has_avatar else None,
            "accountName": self._profile.name,
            "title_Position": title,
            "address": rng.choice(_STREETS),
            "city": city,
            "state": state,
            "country": country,
            "zip": zip_code,
            "phone": f"+00 555 {rng.randrange(10**6):06d}" if rng.random() < 0.7 else None,
            "isProjectManager": False,
            "isTaskManager": False,
            "isResourceManager": False,
            "resourceTypeId": None,
        } | flags
        return user_id
