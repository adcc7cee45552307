# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the configuration refuses, with the line that says what it accepts, and
# that an attribute can be written while a session is live.
# KERNEL=6.12
# TIMEOUT=90

# says TEXT COMMAND...: the command fails, and the log is to say why. The log
# is read once for all of them, by all_said: a guest without KVM is slow.
said=()
says()
{
	said+=("$1")
	shift
	refuses "$@" 2>/dev/null
}

all_said()
{
	local log text
	log=$(log_text)
	for text in "${said[@]}"; do
		[[ $log == *"$text"* ]] || fail "the log does not say '$text'"
	done
}

attrib()	{ echo "$2" >"$TPG/attrib/$1"; }

# range ATTRIBUTE DEFAULT MIN MAX
range()
{
	local file=$TPG/attrib/$1 value
	same "$(<"$file")" "$2" "default of $1"
	for value in "$3" "$4"; do
		attrib "$1" "$value"
		same "$(<"$file")" "$value" "$1"
	done
	for value in $(($3 - 1)) $(($4 + 1)) x ''; do
		says "$1: '$value' refused, it takes a number from $3 to $4." attrib "$1" "$value"
	done
	same "$(<"$file")" "$4" "$1 after a refusal"
	attrib "$1" "$2"
}

step "attributes"
mkdir -p "$TPG"
range srp_max_rdma_size 65536 1024 16777216
range srp_max_rsp_size 256 64 1024
range srp_sq_size 4096 16 65535
range use_srq 0 0 1
range max_io_size 16777216 65536 67108864
range max_initiator_bytes 268435456 67108864 68719476736
range max_channels 64 1 256
range max_sessions 1024 1 65535
range generate_node_acls 0 0 1
range cache_dynamic_acls 0 0 1
range demo_mode_write_protect 1 0 1
range prod_mode_write_protect 0 0 1
port=$SRPT/discovery_auth/rdma_cm_port
set_port() { echo "$1" >"$port"; }
says "rdma_cm_port: '65536' refused" set_port 65536
grep -q ib_srpt "$SRPT/version"

step "targets"
says "cannot create target vol1: a target is named by" mkdir "$SRPT/vol1"
other=0xfe80000000000000deadbeefdeadbeef
says "cannot create target $other: no RDMA port has this name." mkdir "$SRPT/$other"
said+=("is named $TARGET")
upper=0x$(tr a-f A-F <<<"${TARGET#0x}")
[ "$upper" = "$TARGET" ] ||
	says "cannot create target $upper: it is there already as $TARGET." mkdir "$SRPT/$upper"
guid=${TARGET: -16}
# A target that is named by the GUID calls itself so.
mkdir -p "$SRPT/$guid/tpgt_1/lun/lun_0"
backend_ramdisk named 8
ln -s "$(backend_path named)" "$SRPT/$guid/tpgt_1/lun/lun_0/named"
[[ $(<"$SRPT/$guid/tpgt_1/lun/lun_0/statistics/scsi_transport/dev_name") == "$guid+"* ]] ||
	fail "the target named $guid is called $(<"$SRPT/$guid/tpgt_1/lun/lun_0/statistics/scsi_transport/dev_name")"
tpg_remove "$SRPT/$guid/tpgt_1"
rmdir "$SRPT/$guid"

step "portal groups"
says "cannot create tpgt_x" mkdir "$SRPT/$TARGET/tpgt_x"
mkdir "$SRPT/$TARGET/other"
says "cannot create tpgt_2: another portal group has tag 2." mkdir "$SRPT/$TARGET/tpgt_2"
rmdir "$SRPT/$TARGET/other"

step "ACLs"
acls=$TPG/acls
id=0x7edd770000751100001175000077d708
mkdir "$acls/$id"
for form in 7EDD:7700:0075:1100:0011:7500:0077:D708 0x7edd770000751100:0x1175000077d708; do
	says "cannot create ACL $form: it is there already as $id." mkdir "$acls/$form"
done
says "cannot create ACL client-7: an initiator is named by" mkdir "$acls/client-7"
mkdir "$acls/0011:7500:0077:d709"
says "would be the same initiator" mkdir "$acls/*:0011:7500:0077:d709"
mkdir "$acls/10.0.0.1"
says "it is there already as 10.0.0.1." mkdir "$acls/::ffff:10.0.0.1"
grep -q '^No active' "$acls/$id/info"
rmdir "$acls"/*/
all_said

step "attributes with a session live"
backend_ramdisk vol1 16
target_serve vol1
initiator_login
for value in 1 0 1; do
	attrib use_srq $value
	attrib srp_sq_size $((1024 * (value + 1)))
	attrib srp_max_rsp_size $((128 * (value + 1)))
	io_quick "$DISK"
done
initiator_logout
initiator_login
io_quick "$DISK"

step "one portal group of the port disabled, the other not touched"
two=$SRPT/$TARGET/tpgt_2
mkdir "$two"
echo 1 >"$two/enable"
echo 0 >"$two/enable"
rmdir "$two"
io_quick "$DISK"
same "$(cat "$TPG/enable")" 1 "enable of the other portal group"
