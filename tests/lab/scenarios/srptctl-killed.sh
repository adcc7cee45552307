# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# SIGKILL in the middle of a change, before each of its system calls in turn:
# the doctor finds what is left in the kernel's tree, the commands it gives take
# that away or complete it, and the killed command can be given again. Where
# everything that was missing can simply be added, it does so by itself.
# CHECK=full
# FABRICS=rxe vib
# TIMEOUT=400

CHANGES=mkdir,rmdir,symlink,unlink

# killed_at N COMMAND...: killed before its change number N; fails if it came
# to its end.
killed_at()
{
	local n=$1 status=0
	shift
	strace -f -qq -o /dev/null -e trace=$CHANGES -e inject=$CHANGES:signal=KILL:when="$n" "$@" || status=$?
	[ $status = 137 ] || { [ $status = 0 ] && return 1; fail "$* ended with $status, neither killed nor done"; }
}

# mend: what the doctor says of what was left half made, until it finds no more.
# A thing's last command takes it away.
mend()
{
	local round
	for round in 1 2 3 4 5 6; do
		{ srptctl doctor --json || true; } | python3 -c 'import json, sys
half = ("backstore-half", "backstore-unused", "adapter-empty", "target-half", "target-no-lun", "lun-half", "mapped-half",
        "target-disabled", "acl-no-lun")
found = [f for f in json.load(sys.stdin)["findings"] if f["id"] in half]
for f in found:
    print(f["id"], f["text"], file=sys.stderr)
if found:
    command = found[0]["commands"][-1]
    print(command + (" --yes" if command.startswith("srptctl ") else ""))' >"$SCRATCH/mend"
		[ -s "$SCRATCH/mend" ] || return 0
		# One at a time: it may be the cause of the next.
		sh -ex "$SCRATCH/mend"
		mended=$((mended + 1))
	done
	fail "the doctor finds no end"
}

# export: made, or there already because the doctor has completed it.
exported()
{
	local status=0
	srptctl export ramdisk:8M --name vol1 --target "$TARGET" --acl "$id" || status=$?
	[ $status = 0 ] || [ $status = 5 ] || return 1
	same "$(cat "$TPG/enable")" 1 "enabled"
	same "$(srptctl lun list --json | python3 -c 'import json, sys
print([(l["index"], l["backstore"], len(l["acls"])) for l in json.load(sys.stdin)["luns"]])')" \
		"[(0, 'ramdisk/vol1', 1)]" "what is exported"
}

mended=0
again=0
id=$(fabric_initiator_id)

step "export, killed before each change, and mended"
for ((n = 1; ; n++)); do
	killed_at $n srptctl export ramdisk:8M --name vol1 --target "$TARGET" --acl "$id" || break
	mend
	exported || {
		srptctl
		fail "not to be exported after a kill before change $n"
	}
	srptctl unexport "$TARGET" --yes
done
[ $n -gt 7 ] || fail "only $n changes"
[ $mended -gt 5 ] || fail "the doctor had to mend $mended times only"
initiator_login
io_quick "$DISK"
initiator_logout
srptctl unexport "$TARGET" --yes

step "export, killed before each change, and given again at once"
for ((n = 1; ; n++)); do
	killed_at $n srptctl export ramdisk:8M --name vol1 --target "$TARGET" --acl "$id" || break
	if srptctl export ramdisk:8M --name vol1 --target "$TARGET" --acl "$id"; then
		again=$((again + 1))
	else
		mend
	fi
	mend
	exported || fail "not to be exported again after a kill before change $n"
	srptctl unexport "$TARGET" --yes
done
[ $again -gt 1 ] || fail "the command alone completed it $again times only"

step "unexport, killed before each change"
for ((n = 1; ; n++)); do
	killed_at $n srptctl unexport "$TARGET" --yes || break
	mend
	# Gone, or still whole enough to be taken away.
	[ ! -e "${TPG%/*}" ] || srptctl unexport "$TARGET" --yes || srptctl target delete "$TARGET" --yes
	mend
	[ ! -e "${TPG%/*}" ] || fail "the target is there still"
	srptctl export ramdisk:8M --name vol1 --target "$TARGET" --acl "$id"
done
[ $n -gt 5 ] || fail "only $n changes"
same "$(find "$CORE" -mindepth 1 -maxdepth 1 -name '*_*' | wc -l)" 0 "back ends left"
