#!/bin/sh
# tools/test.sh: all tests but the long ones, in two halves at once, one for each of two cores: those that wait for
# kernels and packets, of which only one half may run at a time, and those that compute. With words: what they name.
set -u
[ $# -eq 0 ] || exec python -m pytest "$@"
computing='tests/unit tests/property tests/fuzz tests/packaging tests/reference tests/test_house.py'
said=$(mktemp)
python -m pytest $computing >"$said" 2>&1 &
second=$!
trap 'kill $second 2>/dev/null; rm -f "$said"' EXIT
trap 'exit 130' INT TERM
first_code=0 second_code=0
python -m pytest $(printf -- '--ignore=%s ' $computing) || first_code=$?
wait $second || second_code=$?
cat "$said"
[ $first_code -eq 0 ] && [ $second_code -eq 0 ]
