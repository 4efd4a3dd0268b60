#!/bin/sh
# tools/test.sh OPTIONS [WORD...]: tests in two halves at once, one for each of two cores: those that look at the clock of
# kernels and packets, which must not meet each other, and all others. With words: what they name. OPTIONS of pytest hold
# for all: '' for all tests but the long ones, '-m soak' for those that take minutes.
set -u
options=$1
shift
[ $# -eq 0 ] || exec python -m pytest $options "$@"
others='tests/unit tests/property tests/fuzz tests/packaging tests/pages tests/pipelines tests/browser tests/fault tests/test_house.py'
said=$(mktemp)
python -m pytest $options $others >"$said" 2>&1 &
second=$!
trap 'kill $second 2>/dev/null; rm -f "$said"' EXIT
trap 'exit 130' INT TERM
first_code=0 second_code=0
python -m pytest $options $(printf -- '--ignore=%s ' $others) || first_code=$?
wait $second || second_code=$?
cat "$said"
[ $first_code -eq 0 ] && [ $second_code -eq 0 ]
