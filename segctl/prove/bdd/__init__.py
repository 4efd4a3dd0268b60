"""The second engine of the proof: sets of packets as binary decision diagrams (OxiDD), every rule read anew.

In: the same `Listing` and `Policy` as for the class engine. Out: the same differences. It shares with it the listing's
types, the order of chains (`path.py`), what conntrack can say (`conntrack.py`) and the law (`clauses.py`,
`effects.py`); what an expression, a statement or a chain does with packets is written here a second time, so that a
fault in either shows as a disagreement. Never in it: rows, cubes, the compiler.

| file | duty |
|---|---|
| diagrams.py | OxiDD: variables, unions, the bound on memory |
| spans.py | sets of numbers as functions of bits |
| names.py | what rules name: interfaces, connection numbers |
| packet.py | the variables of a packet |
| values.py | what a rule computes: numbers and bits, each under its guard |
| branch.py | packets on their way that share registers, and how ways join |
| expressions.py, lookup.py | an expression's value; elements that a key hits |
| statements.py | one statement: who matches, who may, who doesn't |
| walk.py | chains, verdicts, stages |
| domain.py | the packets that can be |
| intent.py | the pairs of addresses that the site tells apart, and the law's clauses as sets |
| compare.py | where rules and intent clash |
| witness.py | one packet of a clash, told |
| proof.py | all ways and families together |
"""
