"""A site from what is there: a starter from nothing, or from a list of hosts that somebody keeps already.

In: the text of a CSV, an /etc/hosts or an Ansible inventory, or nothing. Out: the text of a site's files, which
load without an error, and everything that was doubtful. Readers (`csv_hosts`, `etc_hosts`, `ansible`) say what the
source says; `tidy` and `segments` make a proposal of it; `site` writes it through templates, every text quoted.
Never in it: name resolution or any other network, secrets out of an inventory, a flow that nobody declared.
"""

from segctl.draft.hosts import FORMS, Form
from segctl.draft.make import make
from segctl.draft.put import put
from segctl.draft.start import Draft
from segctl.draft.uncollected import uncollected

__all__ = ["FORMS", "Draft", "Form", "make", "put", "uncollected"]
