"""Somebody else's rules, with no site: what they let through, and what is odd about them.

In: saved rules of one machine (listing). Out: an `Audit` (draft/result.py): who may open connections to whom, by the
blocks that the rules tell apart, and findings. The prover's walk does the work, for all packets and not for samples.
Never in it: a site, a guess of what somebody meant, a second evaluator.
"""

from segctl.draft.audit.run import audit

__all__ = ["audit"]
