# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What srptctl refuses, on a real machine: no module, no permission, names and
# files of the wrong kind, configurations cut anywhere, what the kernel says no
# to. A clear message, the right exit code, no data, nothing changed.
# CHECK=full
# FABRICS=rxe vib
# SETUP=fabric
# TIMEOUT=400

# state: everything that there is to be changed.
state()
{
	[ ! -e "$CORE" ] || srptctl config show
	{ find /sys/kernel/config/target 2>/dev/null || true; } | sort
	cat /etc/security/limits.d/rdma.conf /etc/rdma/modules/*.conf 2>/dev/null || true
}

# exits CODE TEXT COMMAND...: and says TEXT, prints no data, changes nothing.
exits()
{
	local want=$1 text=$2 status=0
	shift 2
	"$@" </dev/null >"$SCRATCH/out" 2>"$SCRATCH/err" || status=$?
	cat "$SCRATCH/err"
	same $status "$want" "exit code of $*"
	grep -qF -- "$text" "$SCRATCH/err" || fail "'$*' does not say '$text'"
	[ ! -s "$SCRATCH/out" ] || fail "'$*' prints data: $(cat "$SCRATCH/out")"
}

# unchanged COMMAND...: whatever it does, the state is as before.
unchanged()
{
	state >"$SCRATCH/before"
	"$@"
	state >"$SCRATCH/after"
	diff "$SCRATCH/before" "$SCRATCH/after" || fail "$* changed something"
}

as_nobody()
{
	su -s /bin/sh nobody -c "$*"
}

id=$(fabric_initiator_id)
TARGET=$(fabric_target_name)
TPG=$SRPT/$TARGET/tpgt_1

no_module()
{
	for words in "session list" "session close all" "acl pending" "acl allow --last" "acl list" "lun list" \
		"target list" "target enable" "stats show" "top --once" "monitor --timeout 1" "config save $SCRATCH/x"; do
		# shellcheck disable=SC2086
		exits 6 "" srptctl $words
	done
}

step "no module"
[ ! -e /sys/module/ib_srpt ] || fail "ib_srpt is loaded"
unchanged no_module
{ srptctl doctor --json || true; } | grep -F '"module-absent"'

step "a module that cannot be loaded"
blocked=/etc/modprobe.d/bad-input.conf
echo "install ib_srpt /bin/false" >$blocked
exits 6 "modprobe ib_srpt failed" srptctl export ramdisk:8M --target "$TARGET"
rm $blocked

step "a target in use"
srptctl export ramdisk:16M --name vol1 --target "$TARGET" --acl "$id"
fabric_target_ready
srptctl config save "$SCRATCH/whole.json"
# One back end more, and a target that no port carries.
python3 - "$SCRATCH/whole.json" "$SCRATCH/refused.json" <<'END'
import copy, json, sys
d = json.load(open(sys.argv[1]))
d["storage_objects"].append({"plugin": "ramdisk", "name": "more", "size": 1048576, "wwn": "x", "attributes": {}})
d["targets"].append(copy.deepcopy(d["targets"][0]))
d["targets"][1]["wwn"] = "ib.fe800000000000000000000000000bad"
json.dump(d, open(sys.argv[2], "w"))
END

no_permission()
{
	local words
	for words in "acl create 0x11223344556677880000000000000001" "acl delete $id --yes" "acl pending" "session list" \
		"session close all --yes" "export ramdisk:1M" "unexport 0 --yes" "target disable --yes" \
		"target set use_srq=1" "target limit --max-sessions 3" "lun remove 0 --yes" "backstore create ramdisk 1M" \
		"port listen 5999" "stats reset" "monitor --timeout 1" "config apply $SCRATCH/refused.json --yes" \
		"config save $SCRATCH/refused.json" "host memlock install" "host modules enable SRPT"; do
		exits 3 "" as_nobody "$(command -v srptctl) $words"
	done
}

step "no permission"
chmod 755 "$SCRATCH"
chmod 644 "$SCRATCH/whole.json" "$SCRATCH/refused.json"
unchanged no_permission

bad_names()
{
	local name
	for name in '' ' ' . .. / ../../x 0x12 -1 "$(printf 'x%.0s' {1..300})" $'line\nbreak' '*:*' 'a b' $'\xff\xfe' \
		0xgggggggggggggggggggggggggggggggg; do
		exits 2 "" srptctl acl create -- "$name"
		exits 2 "" srptctl export --target="$name" ramdisk:1M
	done
	exits 2 "" srptctl export ramdisk:1M --name a/b --target "$TARGET"
	exits 2 "is no size" srptctl export ramdisk:lots --target "$TARGET"
	exits 4 "no ACL" srptctl acl delete 0x11223344556677880000000000000001
	exits 4 "" srptctl session show 4000000000
	exits 4 "" srptctl session show 0x11223344556677880000000000000001
	exits 4 "no LUN 7" srptctl lun remove 7
	exits 4 "" srptctl port show nothing/1
	exits 4 "" srptctl backstore delete nothing
	exits 5 "already" srptctl acl create "$id"
	exits 5 "" srptctl target create "$TARGET"
	exits 5 "" srptctl backstore delete vol1 --yes
}

step "names and numbers"
unchanged bad_names

wrong_kind()
{
	mkfifo "$SCRATCH/fifo"
	head -c 65536 /dev/urandom >"$SCRATCH/noise"
	: >"$SCRATCH/empty"
	exits 2 "is a directory" srptctl config apply /etc --yes
	exits 1 "a device is no file" srptctl config apply /dev/zero --yes
	exits 1 "a device is no file" srptctl config restore /dev/full --yes
	exits 2 "" srptctl config apply "$SCRATCH/noise" --yes
	exits 2 "empty" srptctl config diff "$SCRATCH/empty"
	exits 4 "" srptctl config apply "$SCRATCH/absent" --yes
	exits 2 "is a directory" srptctl config save /etc
	exits 1 "" srptctl metrics --output /dev/null
	[ -c /dev/null ] || fail "/dev/null is no device any more"
	exits 1 "" srptctl metrics --output /etc
	exits 2 "neither a block device nor a regular file" srptctl export "$SCRATCH/fifo" --target "$TARGET"
	exits 2 "neither a block device nor a regular file" srptctl export /etc --target "$TARGET"
	exits 2 "" srptctl export /dev/null --target "$TARGET"
	exits 2 "empty" srptctl export "$SCRATCH/empty" --target "$TARGET"
	exits 4 "" srptctl export /dev/absent --target "$TARGET"
	rm "$SCRATCH/fifo"
}

step "files of the wrong kind"
unchanged wrong_kind

cut()
{
	local size whole
	whole=$(stat -c %s "$SCRATCH/whole.json")
	for ((size = 0; size < whole - 1; size += whole / 12)); do
		head -c $size "$SCRATCH/whole.json" >"$SCRATCH/cut.json"
		exits 2 "cut.json" srptctl config apply "$SCRATCH/cut.json" --yes
		exits 2 "cut.json" srptctl config restore "$SCRATCH/cut.json" --yes
	done
}

step "a configuration cut anywhere"
unchanged cut

# What only the kernel knows: its errno, its path, its own words.
kernel_says_no()
{
	exits 1 EINVAL srptctl target create 0xfe800000000000000000000000000bad
	grep -qF "kernel: ib_srpt cannot create target" "$SCRATCH/err" || fail "nothing of what the kernel logged"
	exits 1 EINVAL srptctl target set srp_sq_size=1
	grep -qF "it takes a number from 16 to 65535" "$SCRATCH/err" || fail "nothing of what the kernel logged"
	exits 1 "" srptctl target limit --max-channels 100000
	grep -qF "kernel:" "$SCRATCH/err" || fail "nothing of the kernel's extack"
	exits 1 EINVAL srptctl config apply "$SCRATCH/refused.json" --yes
	grep -qF "path:   $SRPT/0xfe800000000000000000000000000bad" "$SCRATCH/err" || fail "the path is not told"
}

step "what the kernel refuses"
unchanged kernel_says_no

step "and it serves"
initiator_login
io_quick "$DISK"
# Busy: the kernel does not give it away.
exits 9 "" srptctl unexport 0
initiator_logout
srptctl unexport "$TARGET" --yes
