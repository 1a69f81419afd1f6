#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Debian's own static programs, as they are: bash, sash, gpgv, e2fsck, and a program with
# OpenBLAS in it. Each job here and in a machine, with equal output, messages and status,
# as far as one process goes; what goes further is named.

suite=debian
. "$(dirname "$0")/lib.sh"

# both NAME DIRECTORY OPTIONS INPUT PROGRAM ARG...: in a copy of the folder here; there it
# is the original, to read, with memory over it.
both() {
    local name=$1 folder=$2 options=$3 input=$4
    shift 4
    rm -rf copy && cp -a "$folder" copy
    (cd copy && exec env -i PATH=/bin HOME=/ "$@") <"$input" >host.out 2>host.err
    echo $? >host.status
    # shellcheck disable=SC2086
    guest --ro "$work/$folder:/$folder" $options --cwd "/$folder" --env PATH=/bin --env HOME=/ \
        "$@" <"$input" >guest.out 2>guest.err
    echo $? >guest.status
    same "$name" && ok "$name"
}

# missing NAME MESSAGE PROGRAM ARG...: what one process cannot do is said by the program
# and named in the log.
missing() {
    local name=$1 message=$2
    shift 2
    guest --scratch 1M --cwd / "$@" </dev/null >guest.out 2>guest.err
    if [ $? != 0 ] && grep -q "$message" guest.err &&
        [ "$(grep -c 'fork is not there yet (ENOSYS)' log)" = 1 ]; then
        ok "$name"
    else
        bad "$name" "$(cat guest.err) log: $(tail -n 1 log)"
    fi
}

mkdir -p data/d && seq 100 >data/numbers && touch data/d/{a.c,b.c,c.h}
printf 'alpha beta\ngamma delta\n' >data/text
find data -exec touch -d @1600000000 {} +

# --- bash: what needs no second process ---------------------------------------------

bash_job() {
    both "bash_$1" data "--scratch 4M" "${3:-/dev/null}" \
        /bin/bash-static --norc -c "$2" bash one "two words"
}
bash_job arithmetic 'echo $((2**40 % 7)) $(( (1<<20) - 0x10 )); let x=5*3; echo $x
declare -i n=7; n+=3; echo $n
for ((i = 0, s = 0; i < 20000; i++)); do ((s += i * i)); done; echo $s'
bash_job expansion 'x=hello.tar.gz; echo ${x%%.*} ${x#*.} ${x/hello/bye} ${#x} ${x:2:3} ${x^^}
echo {a..e}{1..3} "$@" $# ${2#two } ~ $0'
bash_job here_strings 'read -r a b <<<"one two three"; echo "$b"
while read l; do echo "[$l]"; done <<END
line $((1 + 1))
other
END'
bash_job read 'while IFS= read -r l; do n=$((n + l)); done; echo $n' data/numbers
bash_job read_fields 'IFS=" " read -a w; echo ${#w[@]} ${w[1]}; read -n 3 x; echo "<$x>"
read -d m y; echo "<$y>"; mapfile -t rest; echo "${rest[0]}"' data/text
bash_job globbing 'shopt -s extglob nullglob
echo d/*.c d/!(*.c) * d/[ab].? d/nothing*; shopt -s globstar; echo **'
bash_job printf 'printf "%5.2f|%-8s|%08x|%q|%b\n" 3.14159 ab 255 "a b" "x\ty"; printf -v v "%03d" 7
echo $v; printf "%(%F %T)T\n" 1700000000; printf "%s-" 1 2 3'
bash_job arrays 'a=(3 1 2); declare -A m=([x]=1 [y]=2); echo ${a[@]} ${#a[@]} ${m[y]}; a+=(9)
echo "${a[*]:1:2}"; unset "a[0]"; echo ${!a[@]}'
bash_job functions 'f() { local x=$1; ((x <= 1)) && { R=1; return; }; f $((x - 1)); R=$((R * x)); }
f 12; echo $R; trap "echo bye" EXIT; trap "echo usr1" USR1; kill -USR1 $$; exit 5'
bash_job files 'echo hi >new; echo there >>new; read a <new; echo $a
[[ -f new && ! -d new ]] && echo y
exec 5<text; read -u 5 x; echo $x; exec 5<&-; cd d; echo *; echo >x/y; set -C; echo z >a.c'
bash_job matching '[[ foo123bar =~ ([a-z]+)([0-9]+) ]] && echo ${BASH_REMATCH[2]}
case abc in a*) echo A ;; esac; select x in p q; do echo $x; break; done' data/numbers
bash_job errors 'cd nowhere; echo $?; echo x >/nowhere/y; echo $?
readonly r=1; set -u; echo $undefined'
bash_job syntax 'if'
bash_job builtins 'test 3 -gt 2 && echo y; umask 027; umask; type cd; kill -l 9
hash; getopts ab: o -b x; echo $o $OPTARG; { echo a; echo b >&2; } 2>&1; echo $BASH_VERSION'
missing bash_substitution 'bash-static: fork: Function not implemented' \
    /bin/bash-static -c 'x=$(echo hi)'
missing bash_other_program 'bash-static: fork: Function not implemented' \
    /bin/bash-static -c '/bin/bash-static -c true; echo $?'

# --- sash, by its own commands --------------------------------------------------------

sash_files="--scratch 4M --ro /etc/passwd --ro /etc/group"
both sash_list data "$sash_files" /dev/null /bin/sash -c '-ls -l d'
both sash_grep data "$sash_files" /dev/null /bin/sash -c '-grep -n beta text'
cat >commands <<'END'
-grep 9 numbers
-cp numbers copied
-cmp numbers copied
-cmp numbers text
-mv copied moved
-ls
-ln -s text link
-mkdir new
-rmdir new
-rm moved nosuchfile
-chmod 600 text
-ls -l text
-sum text
-printenv PATH
-more text
-tar cf x.tar d/a.c text
-tar tf x.tar
-find . -type f -size +100
-gzip numbers -o numbers.gz
-gunzip numbers.gz -o again
-cmp numbers again
-file text d
-dd if=text of=o2 bs=5 count=2
-sum o2
-kill -l
-echo three words here
-ls nosuchfile
-ed text
1,$s/a/A/
1,$p
2d
w
q
-sum text
END
both sash_script data "$sash_files" commands /bin/sash
missing sash_other_program 'fork failed: Function not implemented' /bin/sash -c '/bin/sash'

# --- gpgv, with keys of today ------------------------------------------------------------

mkdir keys && export GNUPGHOME=$work/gpg && mkdir -m 700 gpg
seq 20000 >keys/file && sed 's/^77$/78/' keys/file >keys/other
for kind in rsa2048 ed25519; do
    gpg --batch --quiet --passphrase '' --quick-generate-key "A $kind <$kind@example.org>" \
        $kind sign never
    gpg --batch --quiet -u $kind@example.org --detach-sign -o keys/$kind.sig keys/file
done 2>gpg.log
gpg --batch --quiet -u ed25519@example.org --clearsign -o keys/file.asc keys/file 2>>gpg.log
gpg --batch --quiet --export >keys/ring 2>>gpg.log
gpg --batch --quiet --export rsa2048@example.org >keys/one 2>>gpg.log
gpgconf --kill all
[ -s keys/ring ] || bad gpg_makes_keys "$(cat gpg.log)"

gpgv_job() {
    both "gpgv_$1" keys "" /dev/null /usr/bin/gpgv-static "${@:2}"
}
gpgv_job good_rsa --keyring ./ring rsa2048.sig file
gpgv_job good_ed25519 --status-fd 1 --keyring ./ring ed25519.sig file
gpgv_job clearsigned --keyring ./ring --output - file.asc
gpgv_job bad --status-fd 1 --keyring ./ring rsa2048.sig other
gpgv_job unknown_key --keyring ./one ed25519.sig file
gpgv_job no_signature --keyring ./ring file file
gpgv_job no_file --keyring ./ring nosuchfile file

# --- e2fsck: an image that mke2fs makes here and debugfs spoils -----------------------------

mkdir -p tree/a/b images && seq 1000 >tree/numbers && head -c 300000 /dev/urandom >tree/a/random
echo x >tree/a/b/x && ln -s numbers tree/link
PATH=$PATH:/sbin:/usr/sbin
mke2fs -q -t ext4 -d tree images/good 4096 >mke2fs.log 2>&1 || bad mke2fs "$(cat mke2fs.log)"
cp images/good images/bad
debugfs -w -f - images/bad >/dev/null 2>&1 <<'END'
clri /a/b
set_inode_field /numbers links_count 7
freei /a/random
set_super_value free_blocks_count 11
END
head -c 100000 images/good >images/short
: >mtab # nothing is mounted
image_job() {
    both "e2fsck_$1" images "$2 --ro $work/mtab:/etc/mtab" /dev/null /sbin/e2fsck.static "${@:3}"
}
image_job good "" -f -n good
image_job bad_is_only_read "" -f -n bad
image_job bad_is_repaired "--scratch 16M" -f -y bad
image_job bad_is_not_preened "--scratch 16M" -p bad
image_job short "" -n short
image_job no_file "" -n nosuchfile

# What a repair leaves, from a system in which more than one program runs: e2fsck here is
# its judge.
mkdir system && cp "$build/phoenix.elf" system/
node -e '
    const system = JSON.parse(require("fs").readFileSync(process.argv[1]));
    const work = process.argv[2];
    system.files.push({path: "/etc/mtab", mode: 0o644, text: ""},
        {path: "/sbin/e2fsck", mode: 0o755, file: "/sbin/e2fsck.static"},
        {path: "/image", mode: 0o644, file: work + "/images/bad"});
    console.log(JSON.stringify(system));' "$build/system.json" "$work" >system.json
"$build/tools/mkmanifest" --files "$build/boot" -o system/system.manifest system.json
printf '%s\n' 'run --with namespace,clock /sbin/e2fsck -f -y /image' \
    'run --with namespace,clock /sbin/e2fsck -f -n /image' \
    'run --with namespace gzip -c /image' 'exit 9' >commands
PHOENIX_IMAGES=$work/system timeout 60 "$top/phoenix" shell --accel tcg --timeout 50 \
    <commands >guest.out 2>guest.err
status=$?
said=$(grep -a -c '^run: /sbin/e2fsck: status 1$' guest.out)
# The compressed image is the end of what was said.
offset=$(LC_ALL=C grep -a -b -o -P '\x1f\x8b\x08' guest.out | head -n 1 | cut -d: -f1)
: >judge
tail -c +$((${offset:-0} + 1)) guest.out | gunzip >repaired 2>gunzip.log
if [ $status = 9 ] && [ "$said" = 1 ] && cmp -s <(debugfs -R 'cat /numbers' repaired 2>/dev/null) \
    tree/numbers && e2fsck.static -f -n repaired >judge 2>&1; then
    ok "e2fsck_leaves_a_good_image ($(tail -n 1 judge))"
else
    bad e2fsck_leaves_a_good_image "status $status, repairs $said; $(tail -n 1 guest.err)" \
        "$(cat gunzip.log judge)"
fi

# --- OpenBLAS ---------------------------------------------------------------------------------

mkdir empty
both sgemm empty "" /dev/null "$programs/sgemm" 1
both sgemm_threads empty "--smp 2" /dev/null "$programs/sgemm" 4

exit $((failures > 0))
