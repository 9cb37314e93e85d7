"""The users, as the identity server sees them: the portfolio's of today.

Here belong the check of a password and what is told about a user. Not here: the passwords themselves
(``credentials.py``).
"""

from collections import Counter
from dataclasses import dataclass, field

from exepron_pipeline.sandbox.credentials import password as password_of
from exepron_pipeline.sandbox.world import World


@dataclass(frozen=True)
class Directory:
    """Everybody who may sign in; after ``lockout`` wrong passwords in a row no longer."""

    world: World
    lockout: int | None = None
    _wrong: Counter[int] = field(default_factory=Counter, repr=False)

    def sign_in(self, name: str, password: str) -> int | None:
        """The id of the user with this mail address, or name where only one user has it, and password."""
        with self.world.today() as portfolio:
            found = portfolio.connection.execute(
                'SELECT "userId", "email" FROM "users" '
                'WHERE odata_lower("email") = :name OR odata_lower("userName") = :name',
                {"name": name.lower()},
            ).fetchall()
        if len(found) != 1:
            return None
        user_id, email = int(found[0][0]), str(found[0][1])
        if self.lockout and self._wrong[user_id] >= self.lockout:
            return None
        if password != password_of(self.world.seed, email):
            self._wrong[user_id] += 1
            return None
        del self._wrong[user_id]
        return user_id

    def service_user(self) -> int:
        """The id of the user for whom a client without user acts."""
        return int(self.world.service_user()["userId"])

    def claims(self, user_id: int, scopes: list[str]) -> dict[str, str]:
        """What these scopes let a client know of a user (OpenID Connect Core 1.0, 5.4)."""
        with self.world.today() as portfolio:
            found = portfolio.connection.execute(
                'SELECT "userName", "firstName", "lastName", "email" FROM "users" WHERE "userId" = ?',
                (user_id,),
            ).fetchone()
        name, first, last, email = found or (None,) * 4
        known = {
            "profile": {"preferred_username": name, "given_name": first, "family_name": last},
            "email": {"email": email},
        }
        told = [pair for scope, claims in known.items() if scope in scopes for pair in claims.items()]
        return {claim: str(value) for claim, value in told if value is not None}
