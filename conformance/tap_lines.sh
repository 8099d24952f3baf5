# shellcheck shell=bash
# TAP for scripts that look for what is wrong and print a line for each. Sourced; it starts the count,
# and the script ends with `echo "1..$number"` and `exit "$failed"`.

number=0
# shellcheck disable=SC2034 # those who source this end with it
failed=0

# check NAME: ok if standard input is empty; else its lines are shown.
check() {
    local lines
    lines=$(cat)
    number=$((number + 1))
    if [ -z "$lines" ]; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        head -n 20 <<<"$lines" | sed 's/^/# /'
        # shellcheck disable=SC2034
        failed=1
    fi
}
