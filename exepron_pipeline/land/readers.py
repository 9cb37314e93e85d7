"""Who read: the user, the role and the rights with which an entity set was last compared. Not here: signing in.

What one user does not see is not gone. So a comparison by another user, or by the same one in another role, marks
nothing as deleted before somebody has looked.
"""

from dataclasses import asdict, dataclass, fields

from duckdb import DuckDBPyConnection

from exepron_pipeline.land.sql import names


@dataclass(frozen=True)
class Reader:
    """Who read, as far as the service and the token tell; None: they do not.

    ``scope`` holds the token's scopes for the API, in order, without those that tell of the user.
    """

    user_id: str | None = None
    role_id: str | None = None
    subject: str | None = None
    scope: str | None = None

    def changes(self, former: "Reader") -> list[str]:
        """Say in words what is another one than it was; what is unknown now or then has not changed."""
        now, then = asdict(self), asdict(former)
        both = [part for part in now if None not in (now[part], then[part])]
        return [
            f"the {_WORDS[part]} was {then[part]} and is {now[part]}"
            for part in both
            if now[part] != then[part]
        ]


_WORDS = {"user_id": "user", "role_id": "role", "subject": "token's subject", "scope": "token's scope"}
_PARTS = tuple(item.name for item in fields(Reader))
_WHERE = "WHERE entity_set = $entity_set AND account_id = $account_id"


def read_reader(con: DuckDBPyConnection, entity_set: str, account_id: str) -> Reader | None:
    """Tell who compared an entity set of an account last, else who read it first; None when nobody knows."""
    where = {"entity_set": entity_set, "account_id": account_id}
    rows = con.execute(f"SELECT {names(_PARTS)} FROM ops.readers {_WHERE}", where).fetchall()
    return Reader(*rows[0]) if rows else None


def keep_reader(
    con: DuckDBPyConnection, reader: Reader, entity_set: str, account_id: str, *, load_id: str
) -> None:
    """Keep who read, in place of who did before."""
    where = {"entity_set": entity_set, "account_id": account_id}
    con.execute(f"DELETE FROM ops.readers {_WHERE}", where)
    row = {**where, **asdict(reader), "load_id": load_id}
    values = ", ".join(f"${column}" for column in row)
    con.execute(f"INSERT INTO ops.readers ({names(row)}) VALUES ({values})", row)
