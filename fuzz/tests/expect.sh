# shellcheck shell=bash
# TAP for scripts that hold commands to what they promise. Sourced; the script ends with `finish`.

number=0 failed=0
explanation=/dev/null # the script says where its commands explain themselves

# expect NAME CONDITION...: the condition is a command. On failure the last lines of the file named
# by $explanation are shown.
expect() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        tail -n 5 "$explanation" 2>/dev/null | sed 's/^/# /'
        failed=1
    fi
}

skip() {
    number=$((number + 1))
    echo "ok $number - $1 # skip $2"
}

finish() {
    echo "1..$number"
    exit "$failed"
}
