#!/bin/sh
# Makes this machine ready for `make demo` or `make test`: programs by apt, Python packages in an environment of our own.
#
#   tools/setup.sh demo|test|lint      (lint needs the environment alone)
#
# VENV=.venv        where the environment is      PYTHON=python3   the Python that makes it
# SEGCTL_SETUP=0    install nothing, only say what is missing
#
# Exit 0: ready. Exit 3: this machine can't, or mustn't be changed; the line to run stands on stderr. (make makes a 2 of
# every failure: whoever wants the 3 calls this script.) A second run finds all in place and takes a moment.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
purpose=${1:-demo}
venv=${VENV:-.venv}
python=${PYTHON:-python3}
sbin=${SBIN-/usr/local/sbin:/usr/sbin:/sbin} # where nft and sshd are: an ordinary user hasn't these in the path
PATH=$PATH${sbin:+:$sbin}
umask 022

say() { printf 'setup: %s\n' "$*" >&2; }

cannot() {
    say "$@"
    exit 3
}

# What is missing: `packages` for apt, and a plain line for each that says why.
packages=
need() { # need PROGRAM PACKAGES WHY
    command -v "$1" >/dev/null 2>&1 || lacks "$2" "$3"
}
lacks() { # lacks PACKAGES WHY
    packages="$packages $1"
    say "missing: $1, $2"
}

look() {
    packages=
    has_ensurepip || lacks python3-venv "to make the project's own Python environment"
    [ "$purpose" != lint ] || return 0
    need nft nftables "to load rules into the kernel and read them back"
    need conntrack conntrack "to list and cut connections"
    need ip iproute2 "to make and show network namespaces"
    need dot "graphviz fonts-liberation" "to draw the diagrams"
    need rsvg-convert librsvg2-bin "to draw them as PNG"
    [ "$purpose" = test ] || return 0
    # Its service starts where systemd runs: only the tests ask for it, which keep an operator's session open.
    need sshd openssh-server "for the tests that apply rules under an open ssh session"
    need zsh zsh "for the tests of completion at TAB"
    need fish fish "for the tests of completion at TAB"
    need chromium chromium "for the tests that measure the words of a picture"
    need git git "for the tests of changes between revisions, and of pipelines"
    need iptables-legacy-save iptables "for the tests that read iptables' rules"
    need ipset ipset "for the tests that read ipsets"
    need faketime faketime "for the tests that set a command's clock"
    need iperf3 iperf3 "for the tests that keep a transfer going while rules change"
}

# Debian's python3 comes without ensurepip, so that `python3 -m venv` fails half-way; pyenv's and others have it.
has_ensurepip() {
    [ -x "$venv/bin/python" ] || "$python" -c 'import ensurepip, venv' 2>/dev/null
}

check_python() {
    command -v "$python" >/dev/null || cannot "there is no $python: Python 3.11 or newer is needed (PYTHON=… names another)"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        cannot "$python is $("$python" -V 2>&1), 3.11 or newer is needed (PYTHON=… names another)"
}

# apt knows no package before its first update (a fresh container), and may know versions that are gone (an old list).
apt_knows() {
    # shellcheck disable=SC2086  # a list of words
    apt-get install --simulate -y --no-install-recommends $packages >/dev/null 2>&1
}

# What apt says is shown only where it fails.
quietly() {
    said=$(DEBIAN_FRONTEND=noninteractive "$@" -o DPkg::Lock::Timeout=120 2>&1 </dev/null) || {
        printf '%s\n' "$said" >&2
        cannot "this failed: $*"
    }
}

install_line() {
    apt_knows || printf '%s' "${1}apt-get update && "
    printf '%s' "${1}apt-get install -y --no-install-recommends$packages"
}

programs() {
    look
    [ -n "$packages" ] || return 0
    command -v apt-get >/dev/null || cannot "there is no apt-get: install these with what this machine has:$packages"
    [ "${SEGCTL_SETUP:-1}" != 0 ] || cannot "SEGCTL_SETUP=0 forbids installing it; as root: $(install_line '')"
    [ "$(id -u)" = 0 ] || cannot "only root may install it; run this, then the same again: $(install_line 'sudo ')"
    say "installing with apt:$packages"
    apt_knows || quietly apt-get update
    # An old list names versions that are gone from the mirror: one more try with a new one.
    # shellcheck disable=SC2086  # a list of words
    (quietly apt-get install -y --no-install-recommends $packages) 2>/dev/null ||
        { quietly apt-get update && quietly apt-get install -y --no-install-recommends $packages; }
    look
    [ -z "$packages" ] || cannot "apt installed it, yet it is still missing:$packages (is $python Debian's own?)"
}

# What the environment was made of, and where: when one of these changes, it is made again.
recipe() {
    printf '%s\n%s\n' "$root" "$("$venv/bin/python" -V 2>&1)"
    cksum setup.cfg pyproject.toml
}

environment() {
    stamp=$venv/.segctl-setup
    if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(recipe)" = "$(cat "$stamp")" ]; then
        return 0
    fi
    packages_line="$python -m venv $venv && $venv/bin/python -m pip install -e '.[test,dev]'"
    [ "${SEGCTL_SETUP:-1}" != 0 ] ||
        cannot "SEGCTL_SETUP=0 forbids installing the Python packages of setup.cfg in $venv; the line: $packages_line"
    say "installing the Python packages of setup.cfg in $venv (the first time, this takes a minute)"
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then # none yet, or one that was left half-made
        [ ! -e "$venv" ] || [ -f "$venv/pyvenv.cfg" ] || cannot "VENV=$venv is there, and no Python environment"
        "$python" -m venv --clear "$venv" || cannot "the environment could not be made; the line: $packages_line"
    fi
    echo '*' >"$venv/.gitignore" # also where VENV names another folder in the tree
    rm -f "$stamp"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input -e '.[test,dev]' >&2 ||
        cannot "the Python packages could not be installed; the line: $packages_line"
    recipe >"$stamp"
}

case $purpose in
demo | test | lint) ;;
*) cannot "usage: tools/setup.sh demo|test|lint" ;;
esac
check_python
programs
environment
