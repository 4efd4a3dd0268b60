"""Bad sites of several files, one mistake each: id, files, where it is found, code, place of the note ("" none).

The main file begins with HEAD, so its own text begins on line 3.
"""

HOSTS = "endpoints: {from: hosts.csv}\n"
LIST = "segments: {a: {members: {file: a.txt}}}\n"
COLUMN = "segments: {a: {members: {file: a.csv, column: address}}}\n"
PART = "include: part.yaml\n"

SEVERAL: list[tuple[str, dict[str, str | bytes], str, str, str]] = [
    # id, files, place, code, place of the note
    ("part-broken", {"": PART, "part.yaml": "segments: {"}, "part.yaml:1:12", "yaml", "part.yaml:1:12"),
    ("part-of-another-site", {"": PART, "part.yaml": "site: t\n"}, "part.yaml:1:7", "other-site", "segctl.yaml:2:7"),
    ("part-of-another-version", {"": PART, "part.yaml": "version: 2\n"}, "part.yaml:1:10", "version", ""),
    ("part-is-list", {"": PART, "part.yaml": "- web\n"}, "part.yaml:1:1", "wrong-type", ""),
    ("part-unknown-key", {"": PART, "part.yaml": "flow: []\n"}, "part.yaml:1:1", "unknown-key", ""),
    ("part-not-utf-8", {"": PART, "part.yaml": b"flows: []\n# \xff\n"}, "part.yaml:2:3", "encoding", ""),
    ("part-with-nul", {"": PART, "part.yaml": "flows: [\0]\n"}, "part.yaml:1:9", "character", ""),
    ("part-includes-out", {"": PART, "part.yaml": "include: ../x.yaml\n"}, "part.yaml:1:10", "outside", ""),
    (
        "part-includes-beside-itself",
        {"": "include: in/part.yaml\n", "in/part.yaml": "include: in/x.yaml\n", "in/x.yaml": ""},
        "in/part.yaml:1:10", "unreadable", "",
    ),
    (
        "defaults-twice",
        {"": PART + "defaults: {mode: observe}\n", "part.yaml": "defaults: {strictness: open}\n"},
        "part.yaml:1:1", "one-file-only", "segctl.yaml:4:1",
    ),
    (
        "world-twice",
        {"": PART + "segments: {world: {mode: observe}}\n", "part.yaml": "segments: {world: {owner: x}}\n"},
        "part.yaml:1:12", "one-file-only", "segctl.yaml:4:12",
    ),
    (
        "segment-in-two-files",
        {"": PART + "segments: {a: {members: 10.0.0.1}}\n", "part.yaml": "segments: {a: {members: 10.0.0.2}}\n"},
        "part.yaml:1:12", "duplicate-name", "segctl.yaml:4:12",
    ),
    (
        "point-like-a-segment",
        {
            "": PART + "segments: {a: {members: 10.0.0.1}}\n",
            "part.yaml": "points: {a: {kind: gateway, interfaces: {e0: {segments: a}}}}\n",
        },
        "part.yaml:1:10", "duplicate-name", "segctl.yaml:4:12",
    ),
    (
        "service-in-two-files",
        {"": PART + "services: {x: tcp/1}\n", "part.yaml": "services: {x: tcp/2}\n"},
        "part.yaml:1:12", "duplicate-name", "segctl.yaml:4:12",
    ),
    (
        "profile-in-two-files",
        {"": PART + "strictness: {x: {like: open}}\n", "part.yaml": "strictness: {x: {like: strict}}\n"},
        "part.yaml:1:14", "duplicate-name", "segctl.yaml:4:14",
    ),
    (
        "flow-in-two-files",
        {
            "": PART + "segments: {a: {members: 10.0.0.1}}\nflows: [{name: x, from: a, to: world, services: ssh}]\n",
            "part.yaml": "flows: [{name: x, from: world, to: a, services: ssh}]\n",
        },
        "part.yaml:1:9", "duplicate-name", "segctl.yaml:5:9",
    ),
    (
        "ring-over-two-files",
        {"": PART + "services: {a: b}\n", "part.yaml": "services: {b: a}\n"},
        "part.yaml:1:15", "cycle", "segctl.yaml:4:12",
    ),
    ("list-host-bits", {"": LIST, "a.txt": "10.0.0.0/24\n10.0.1.7/24\n"}, "a.txt:2:1", "host-bits", ""),
    ("list-word", {"": LIST, "a.txt": "  web1 # a machine\n"}, "a.txt:1:3", "address", ""),
    ("list-two-a-line", {"": LIST, "a.txt": "10.0.0.1 10.0.0.2\n"}, "a.txt:1:1", "address", ""),
    ("list-every", {"": LIST, "a.txt": "10.0.0.1\n::/0\n"}, "a.txt:2:1", "prefix-zero", ""),
    ("list-nul", {"": LIST, "a.txt": "10.0.0.1\0\n"}, "a.txt:1:9", "character", ""),
    ("list-not-utf-8", {"": LIST, "a.txt": b"10.0.0.1\n\xe9\n"}, "a.txt:2:1", "encoding", ""),
    ("csv-no-column", {"": COLUMN, "a.csv": "name,adress\nx,10.0.0.1\n"}, "segctl.yaml:3:47", "csv", ""),
    ("csv-empty-cell", {"": COLUMN, "a.csv": "name,address\nx,\n"}, "a.csv:2:1", "csv", ""),
    ("csv-ragged", {"": COLUMN, "a.csv": "name,address\nx\n"}, "a.csv:2:1", "csv", ""),
    ("csv-column-twice", {"": COLUMN, "a.csv": "address,address\n10.0.0.1,10.0.0.2\n"}, "a.csv:1:1", "csv", ""),
    ("csv-empty", {"": COLUMN, "a.csv": ""}, "a.csv:1:1", "csv", ""),
    ("csv-bad-address", {"": COLUMN, "a.csv": "address\n10.0.0.300\n"}, "a.csv:2:1", "address", ""),
    ("hosts-no-addresses", {"": HOSTS, "hosts.csv": "name,ip\na,10.0.0.1\n"}, "hosts.csv:1:1", "csv", ""),
    ("hosts-name", {"": HOSTS, "hosts.csv": "name,addresses\n1a,10.0.0.1\n"}, "hosts.csv:2:1", "name", ""),
    ("hosts-reserved", {"": HOSTS, "hosts.csv": "name,addresses\nany,10.0.0.1\n"}, "hosts.csv:2:1", "reserved", ""),
    ("hosts-address", {"": HOSTS, "hosts.csv": "name,addresses\na,10.0.0\n"}, "hosts.csv:2:1", "address", ""),
    ("hosts-nothing", {"": HOSTS, "hosts.csv": "name,addresses\na,\n"}, "hosts.csv:2:1", "no-value", ""),
    ("hosts-label", {"": HOSTS, "hosts.csv": "name,addresses,the tier\na,10.0.0.1,x\n"}, "hosts.csv:1:1", "name", ""),
    (
        "hosts-name-twice",
        {"": HOSTS, "hosts.csv": "name,addresses\na,10.0.0.1\na,10.0.0.2\n"},
        "hosts.csv:3:1", "duplicate-name", "hosts.csv:2:1",
    ),
    (
        "hosts-address-twice",
        {"": HOSTS, "hosts.csv": "name,addresses\na,10.0.0.1\nb,10.0.0.1\n"},
        "hosts.csv:3:1", "duplicate-address", "hosts.csv:2:1",
    ),
    (
        "hosts-of-two-files",
        {
            "": "endpoints: {from: [a.csv, b.csv]}\n",
            "a.csv": "name,addresses\na,10.0.0.1\n",
            "b.csv": "name,addresses\nb,10.0.0.1\n",
        },
        "b.csv:2:1", "duplicate-address", "a.csv:2:1",
    ),
    (
        "hosts-like-a-segment",
        {"": HOSTS + "segments: {a: {members: 10.0.0.1}}\n", "hosts.csv": "name,addresses\na,10.0.0.2\n"},
        "segctl.yaml:4:12", "duplicate-name", "hosts.csv:2:1",
    ),
]  # fmt: skip
