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

# ---- Conditions, for scripts that say in $work where there is room --------------------------------

# run STATUS COMMAND...: does it end with this status? Output in out and err.
# shellcheck disable=SC2154 # work is theirs
run() {
    local expected=$1 status=0
    shift
    # In braces: the shell's own words about a signal go nowhere.
    { "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?; } 2>/dev/null
    [ "$status" -eq "$expected" ] || echo "status $status instead of $expected" >>"$work/err"
    [ "$status" -eq "$expected" ]
}

one_sentence() {
    [ "$(grep -c . "$work/err")" -eq 1 ] && grep -q "^csqfuzz: .*$1" "$work/err"
}

# Wait for a condition, two minutes at the most.
wait_for() {
    local tries=600
    until "$@" || [ $((tries -= 1)) -eq 0 ]; do sleep 0.2; done
}

# Is this a folder of files whose SHA-1 is their name?
no_half_files() {
    local path
    for path in "$1"/*; do
        [ -e "$path" ] || continue
        [ "$(sha1sum <"$path" | cut -d' ' -f1)" = "$(basename "$path")" ] || return 1
    done
}

whole_files() {
    no_half_files "$1" && [ "$(find "$1" -type f | wc -l)" -gt 0 ]
}

finish() {
    echo "1..$number"
    exit "$failed"
}
