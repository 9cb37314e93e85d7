"""``$search``: rows that hold words or phrases somewhere in their text.

Here belongs the one option that looks at all text properties at once. Not here: the others (``query.py``).
OData leaves open what matches; here every word or quoted phrase has to be found, whatever its case.
"""

import re

from exepron_pipeline.sandbox.refusals import BadQuery
from exepron_pipeline.sandbox.translate import Translator
from exepron_pipeline.sandbox.views import NOTHING, View

_TERM = re.compile(r'"([^"]+)"|([^\s"()]+)')


def matching(text: str, view: View, translator: Translator) -> str:
    """SQL that is true for the rows which hold every term.

    Raises:
        BadQuery: there is no term, or an operator that is not understood here.
    """
    terms = [phrase or word for phrase, word in _TERM.findall(text)]
    if not terms or {"OR", "NOT"} & set(terms) or _TERM.sub("", text).strip():
        raise BadQuery(f"Syntax error in $search '{text[:200]}': words and quoted phrases are supported.")
    texts = [each.at("t") for each in view.columns if each.kind == "text" and each.sql != NOTHING]
    places = " || char(10) || ".join(f"ifnull({each}, '')" for each in texts) or "''"
    conditions = []
    for number, term in enumerate(each for each in terms if each != "AND"):
        translator.binds[f"s{number}"] = term.lower()
        conditions.append(f"instr(odata_lower({places}), :s{number}) > 0")
    return " AND ".join(conditions) or "TRUE"
