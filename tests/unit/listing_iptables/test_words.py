"""How a rule's words are sorted: quoting, `!`, how many words an option takes, which match it belongs to."""

import pytest

from segctl.listing.iptables_words import Option, Unclosed, Word, sort, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-A  INPUT\t-j DROP\r", ["-A", "INPUT", "-j", "DROP"]),
        ('--comment "two words" -j', ["--comment", "two words", "-j"]),
        (r'--comment "a \"b\" \\ c"', ["--comment", r'a "b" \ c']),
        ("--log-prefix it's", ["--log-prefix", "it's"]),
        ('--comment ""', ["--comment", ""]),
        ('pre"fix and"rest', ["prefix and", "rest"]),
        ("a\u00a0b", ["a\u00a0b"]),  # no blank for iptables
    ],
)
def test_words_are_split_as_iptables_restore_does(text: str, expected: list[str]) -> None:
    assert [word.text for word in words(text)] == expected


def test_an_open_quote_is_said() -> None:
    with pytest.raises(Unclosed):
        words('--comment "never ends')


def test_ipset_knows_no_escapes() -> None:
    assert [word.text for word in words(r'comment "a\" b', escapes=False)] == ["comment", "a\\", "b"]


def options(text: str) -> dict[str, list[str]]:
    found = sort(words(text))
    assert not found.strays, found.strays
    return {part.name: [str(option) for option in part.options] for part in found.matches}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-m comment --comment -j -j DROP", {"comment": ["--comment -j"]}),
        ("-p tcp --dport 22", {"tcp": ["--dport 22"]}),
        ("-p 6 -m state --state NEW --dport 22", {"state": ["--state NEW"], "tcp": ["--dport 22"]}),
        ("-p tcp -m tcp --destination-port 22", {"tcp": ["--dport 22"]}),
        ("-p tcp -m tcp --dport=22", {"tcp": ["--dport 22"]}),
        ("-p tcp -m tcp --tcp-fl SYN SYN", {"tcp": ["--tcp-flags SYN SYN"]}),
        ("-p tcp -m tcp ! --syn -m mac ! --mac-source x", {"tcp": ["! --syn"], "mac": ["! --mac-source x"]}),
        ("-p tcp -m tcp --dport ! 22 --sport 1", {"tcp": ["! --dport 22", "--sport 1"]}),
        ("-p tcp -m multiport -j ACCEPT --dports 1,2", {"multiport": ["--dports 1,2"]}),
        ("-m layer7 --l7dir /etc x --l7proto ftp -j DROP", {"layer7": ["--l7dir /etc x", "--l7proto ftp"]}),
        ("-m set --match-set a src,dst ! --update-counters", {"set": ["--match-set a src,dst", "! --update-counters"]}),
        ("-m recent --set --name a --rsource -m recent --rcheck --name b", {"recent": ["--rcheck", "--name b"]}),
    ],
)
def test_options_find_their_match(text: str, expected: dict[str, list[str]]) -> None:
    assert options(text) == expected


def test_bangs_of_the_head() -> None:
    old, new = sort(words("-s ! 10.0.0.1 -p ! tcp")), sort(words("! -s 10.0.0.1 ! -p tcp"))
    assert old.head == new.head == [Option("source", ("10.0.0.1",), True), Option("protocol", ("tcp",), True)]


@pytest.mark.parametrize("text", ["--dport", "-p tcp --dport", "foo", "-p tcp --no-such 3", "-j", "-j DROP -j ACCEPT"])
def test_what_fits_nowhere_is_a_stray(text: str) -> None:
    assert sort(words(text)).strays


def test_a_quoted_word_is_no_option() -> None:
    assert not Word("-j", quoted=True).option
