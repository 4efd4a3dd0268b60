"""What the kernel does with random packets under random rules: the truth that segctl's evaluator is measured by.

`world` is a router between four sides that nobody lives on, `rulesets` what is loaded into it, `shots` what is sent
through it, `verdicts` how its answer is read, `rounds` the comparison, `shrink` the smallest rules that still differ.
"""
