#!/bin/sh
# What `make demo` says and does: the shop's network as namespaces, its rules in the gateway's kernel, real packets.
# Everything happens in network namespaces that this script makes and removes; the machine's own firewall is not touched.
# Who isn't root has them in a user namespace (docs/rootless.md); where the machine forbids it, the exit code is 3.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
site=$root/examples/shop/site
out=$root/out
lab=demo$$
gateway=sg-$lab-gw1
segctl() { command segctl -q --site "$site" "$@"; }

say() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }

clean() {
    status=$?
    trap - EXIT INT TERM HUP
    segctl lab down --name "$lab" >/dev/null 2>&1 || true
    exit "$status"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$out"

say '1. A site in YAML: segments, flows, guardrails, a gateway'
note "the shop: ${site#"$root"/}"
segctl validate

say '2. Questions, answered from the policy alone'
for question in 'web1 app1 tcp/8443' 'web1 db1 postgres' 'world gw1 ssh'; do
    printf '   can %-20s ' "$question"
    # shellcheck disable=SC2086
    segctl can $question || true
done

say '3. Its network stands as namespaces on this machine'
segctl lab up --name "$lab"

say '4. The rules go into the gateway, asleep; they are read back and proven; one flip wakes them'
segctl apply --point gw1 --netns "$gateway" --prime 1

say '5. Every segment tries to reach every other, with real packets'
segctl probe --lab "$lab"

say '6. Somebody cuts a hole by hand: guests may ask the databases'
hole='insert rule inet segctl_a forward iifname eth6 oifname eth3 tcp dport 5432 accept'
note "nft $hole"
# shellcheck disable=SC2086
segctl lab run --name "$lab" gw1 -- nft $hole
if segctl probe --lab "$lab" --services postgres --family 4; then
    note 'the probe did not find it: this is a bug of ours'
    exit 1
fi
note 'found. A second apply loads the rules anew, beside the damaged ones, and flips:'
segctl apply --point gw1 --netns "$gateway"
segctl probe --lab "$lab" --services postgres --family 4 >/dev/null && note 'and every cell is right again.'

say '7. A machine is cut off for an hour, whatever the rules; then released'
segctl quarantine web1 --for 1h --why 'it beacons' --netns "$gateway"
segctl status --netns "$gateway"
segctl release web1 --netns "$gateway"

say '8. A change that nobody confirms is taken back'
segctl apply --point gw1 --netns "$gateway" --confirm 2s
sleep 3
segctl history --netns "$gateway"

say '9. A picture'
segctl graph --format svg --output "$out/shop.svg"

say 'Done; the lab is removed.'
note "the diagram:  ${out#"$root"/}/shop.svg"
note 'try next:     . .venv/bin/activate; cd examples/shop/site'
note '              segctl can office db ssh        why not?'
note '              segctl check                    the expectations of the site'
note '              segctl lab up; segctl apply --netns sg-shop-gw1 --prime 0; segctl probe; segctl lab down'
note 'read on:      README.md, examples/shop/README.md'
