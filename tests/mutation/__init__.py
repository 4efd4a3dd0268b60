"""The mutation score: rules made wrong on purpose, judged by packets, then by the prover.

`places` sets a gateway between far ends that send and hear frames; `tables` reads and writes its table as text;
`mutants` makes one change each; `oracle` sends packets under both and tells whether what passes is the same; `score`
asks the prover and compares; `report` writes docs/mutation.md.
"""
