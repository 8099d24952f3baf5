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

# refusal PATTERN COMMAND...: what is wrong with how a command refuses bad input, for check: it has to
# end with status 2, and a sentence on standard error that matches.
refusal() {
    local pattern=$1 status=0 errors
    shift
    errors=$("$@" 2>&1 >/dev/null </dev/null) || status=$?
    [ "$status" -eq 2 ] || echo "status $status instead of 2"
    if [ "$(grep -c . <<<"$errors")" -ne 1 ] || ! grep -q "^csqfuzz: .*$pattern" <<<"$errors"; then
        printf 'not one sentence with "%s":\n%s\n' "$pattern" "$errors"
    fi
}
