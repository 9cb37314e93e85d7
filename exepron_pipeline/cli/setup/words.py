"""What ``exepron init`` explains. Each sentence is sourced, or says that it is inferred; docs/connecting.md tells more."""

from exepron_pipeline.cli.setup.answers import Way

BEFORE = """\
exepron-pipeline reads an Exepron account through its REST API. It needs three things from you:

  1. A user whose data is read: best one made for this, with a role that may see what you want and change nothing.
     New users of Exepron start with all permissions. Projects that the role may not see never arrive, and revenues
     and costs stay empty without the financial permission.
  2. An API client of that user, made in its profile settings: the page /Identity/Account/Manage/ApiClients of the
     identity server. The template "Personal Access Token" is the one for scripts: it asks for user and password.
     The secret is shown once there. (From the vendor's documentation; the two other templates are not known to us.)
  3. The two addresses, where yours differ from those of the vendor's samples, which are offered.

Each answer is tested at once, by reading only. Enter takes what stands in brackets; Ctrl-C writes nothing.
"""

WAYS: dict[Way, str] = {
    "password": "a dedicated user with a password, for schedules (the template Personal Access Token)",
    "browser": "a person signs in once by a browser (exepron login): for single sign-on or a second factor",
    "token": "a token that you were given",
    "client": "the client alone, without a user (no public source says that Exepron offers it)",
}

LOCK_OUT = "  Accounts may be locked after some wrong passwords: nothing is tried twice by itself."

NEXT: dict[Way, tuple[str, str]] = {
    "browser": ("exepron login", "exepron doctor"),
    "password": ("exepron doctor", "exepron sync && exepron publish"),
    "token": ("exepron doctor", "exepron sync && exepron publish"),
    "client": ("exepron doctor", "exepron sync && exepron publish"),
}

NEXT_UNKNOWN = ("exepron discover --out catalogue.yaml", "EXEPRON_CATALOGUE=catalogue.yaml exepron doctor")
"""Where the API is none that the built-in catalogue knows."""
