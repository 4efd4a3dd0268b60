"""segctl: network microsegmentation for Linux, from a YAML graph of segments to proved nftables rules."""

__version__ = "0.1.0"
