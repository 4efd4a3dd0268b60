"""A site from somebody else's rules, and the proof that its own rules decide as those do.

In: saved rules of one machine (listing), what the user knows beside them (`Wanted`), and a compiler as a function.
Out: an `Imported` (draft/result.py): the site's text, every difference between its rules and the original, every rule
that a site can't say. Never in it: a guess of what somebody meant, a difference that isn't told, the compiler itself.
"""

from segctl.draft.result import Imported
from segctl.draft.rules.run import import_rules
from segctl.draft.rules.survey import Wanted

__all__ = ["Imported", "Wanted", "import_rules"]
