"""nft's listings: a large collection of rules, as written, as nft lists them in both notations, and what they mean."""
