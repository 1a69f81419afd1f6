#!/bin/bash
# SPDX-License-Identifier: MIT
# docs/: the reference is the one that schema/ makes and leaves nothing out; no link of any
# page leads nowhere; no page is without one.
set -u
cd "$(dirname "$0")/../.."
failed=0
ok() { echo "ok docs.$1"; }
bad() {
    echo "FAIL docs.$1 ${*:2}" | tr '\n' ' '
    echo
    failed=1
}

if cmp -s "${B:-build}/gen/reference.md" docs/reference.md; then
    ok reference_is_current
else
    bad reference_is_current 'schema/ makes another: type `make reference`'
fi

# Every interface, with each of its methods below it, as the schemas have them.
missing=$(
    for schema in schema/*.capnp; do
        sed -n 's/^ *interface \([A-Z][A-Za-z]*\).*/I \1/p
            s/^ *\([a-z][A-Za-z]*\) @[0-9]* (.*/M \1/p' "$schema"
    done | while read -r kind name; do
        if [ "$kind" = I ]; then
            section=$(sed -n "/^## $name /,/^## /p" docs/reference.md)
            [ -n "$section" ] || echo "$name"
            interface=$name
        elif ! grep -qE "^- \*\*[0-9]+\*\* \`${name}[\`(]" <<<"$section"; then
            echo "$interface.$name"
        fi
    done
)
methods=$(grep -c '^- \*\*' docs/reference.md)
if [ -z "$missing" ] && [ "$methods" -gt 100 ]; then
    ok reference_is_complete
    echo "  $(grep -c '^## .* ([0-9]*)$' docs/reference.md) interfaces, $methods methods"
else
    bad reference_is_complete "$methods methods; missing: $missing"
fi

# anchors FILE: what a link behind its # can be, one a line
anchors() {
    grep '^#' "$1" | sed 's/^#* *//; s/[^A-Za-z0-9 _-]//g; s/ /-/g' | tr '[:upper:]' '[:lower:]'
}
wrong=
count=0
pages=$(git ls-files '*.md' 2>/dev/null || find . -name '*.md' -not -path './node_modules/*')
for page in $pages; do
    for link in $(sed 's/`[^`]*`//g' "$page" | grep -o '](\([^)]*\))' | sed 's/^](//; s/)$//'); do
        case $link in
        http*) continue ;;
        esac
        count=$((count + 1))
        file=${link%%#*}
        target=$page
        [ -z "$file" ] || target=$(dirname "$page")/$file
        if [ ! -e "$target" ]; then
            wrong+=" $page: $link"
        elif [[ $link == *'#'* ]] && ! anchors "$target" | grep -qxF "${link#*#}"; then
            wrong+=" $page: $link"
        fi
    done
done
if [ -z "$wrong" ] && [ $count -gt 20 ]; then
    ok links_lead_somewhere
    echo "  $count links"
else
    bad links_lead_somewhere "$wrong ($count links)"
fi

unnamed=
for page in docs/*.md; do
    grep -qE "\]\((docs/)?$(basename "$page")[)#]" README.md || unnamed+=" $page"
done
[ -z "$unnamed" ] && ok README_names_every_page || bad README_names_every_page "$unnamed"
exit $failed
