# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# scripts/srpt-bench on a disk that is logged in to: a result, its comparison
# with another, plots, and no write to a disk in use.
# FABRICS=rxe vib
# CHECK=full
# NEEDS=module:null_blk
# TIMEOUT=120
backend_null disk 64
target_serve disk
initiator_login
bench=$LAB_root/scripts/srpt-bench

"$bench" run "$DISK" --sizes 4k --depths 1,8 --seconds 1 --label first --out "$SCRATCH/first.json" --svg "$SCRATCH/svg"
same "$(grep -c '"iops"' "$SCRATCH/first.json")" 2
for picture in randread-iops randread-mb randread-p99; do
	grep -q '<polyline' "$SCRATCH/svg/$picture.svg"
done

# Figures differ from run to run here; what is compared is what this result says.
"$bench" compare "$SCRATCH/first.json" "$SCRATCH/first.json" | grep 'randread 4k depth 8' >/dev/null
sed 's/"iops": /"iops": 1/' "$SCRATCH/first.json" >"$SCRATCH/faster.json"
refuses "$bench" compare "$SCRATCH/faster.json" "$SCRATCH/first.json"

"$bench" run "$DISK" --rw randwrite --sizes 4k --depths 8 --seconds 1 --write | grep IOPS >/dev/null
# As if a file system were on it.
modprobe dm_mod
dmsetup create held --table "0 2048 linear $DISK 0"
refuses "$bench" run "$DISK" --rw randwrite --sizes 4k --depths 1 --seconds 1 --write
dmsetup remove held
