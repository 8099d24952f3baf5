# shellcheck shell=bash
# How pages look in a browser, as TAP: boxes that overlap, text that is cut, a page that scrolls sideways.
# Sourced, after expect.sh, by scripts that work in $work and say in $tests where they lie.

# The page's copy looks at itself and leaves what is wrong in its title; in a frame of the given width,
# since the window of a browser has a least one. A policy that forbids scripts forbids this one, too, so
# the copy has none.
# shellcheck disable=SC2154 # work and tests are theirs
look() { # PAGE WIDTH
    local dom
    : >err
    {
        sed '/<\/body>/,$d; /http-equiv="Content-Security-Policy"/d' "$1"
        echo '<script>'
        cat "$tests/look.js"
        echo '</script>'
    } >looked.html
    printf '<!DOCTYPE html><title>?</title><body><script>%s</script><iframe src="looked.html" style="%s">' \
        "addEventListener('message', e => { document.body.textContent = e.data; });" \
        "border:0;width:$2px;height:2000px" >frame.html
    dom=$(timeout 120 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" \
        --virtual-time-budget=5000 --dump-dom "file://$work/frame.html" 2>browser.log)
    grep -o 'LOOKED.*ENDED' <<<"$dom" >looked || tail -n 3 browser.log >>err
    sed 's/^/# /' looked >>err
    grep -qx 'LOOKED at [1-9][0-9]* boxes: ENDED' looked
}

# expect_look NAME PAGE WIDTH: where there is a browser.
expect_look() {
    if command -v chromium >/dev/null 2>&1; then
        expect "$1" look "$2" "$3"
    else
        skip "$1" "there is no chromium"
    fi
}
