# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a guest is started from: the kernel, its modules, the initramfs.
# Everything is made once and again when what it is made from is newer.

# The kernel as an ELF file: QEMU starts it by the PVH entry, which spares the
# decompression (seconds without KVM).
image_kernel()
{
	local release=$1 out=$2
	local bz=$root/build/kernels/$release/boot/vmlinuz-$release
	[ "$out" -nt "$bz" ] && return
	local setup offset length unpack
	setup=$(od -An -tu1 -j $((0x1f1)) -N1 "$bz")
	offset=$(od -An -tu4 -j $((0x248)) -N4 "$bz")
	length=$(od -An -tu4 -j $((0x24c)) -N4 "$bz")
	offset=$((offset + (setup + 1) * 512))
	case $(od -An -tx1 -j "$offset" -N4 "$bz" | tr -d ' ') in
	fd377a58) unpack="xz -dc" ;;
	28b52ffd) unpack="zstd -dc" ;;
	*) echo "lab: $bz: compression not known" >&2; return 1 ;;
	esac
	# The payload ends with its unpacked size, which is no part of the stream.
	head -c $((offset + length - 4)) "$bz" | tail -c +$((offset + 1)) | $unpack >"$out.tmp"
	mv "$out.tmp" "$out"
}

# A small module tree: what modules.list names, uncompressed, with ours (or the
# stock one) where modprobe finds it. The guest puts it over /lib/modules.
image_modules()
{
	local release=$1 target=$2 tree=$3
	local stock=$root/build/kernels/$release to=$tree/lib/modules/$release
	local ours=$root/build/kmod/$release/ib_srpt.ko vhca=$root/build/vhca/$release/vhca.ko
	local name file stamp=$tree/stamp changed=

	[ "$stamp" -nt "$lab/modules.list" ] && [ "$stamp" -nt "$stock/complete" ] || changed=1
	if [ -n "$changed" ]; then
		rm -rf "$tree"
		mkdir -p "$to/kernel" "$to/updates"
		cp "$stock/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$to/"
		# Built in here and a module there: modprobe tells. One that a
		# kernel lacks altogether is the scenario's to ask for (NEEDS).
		for name in $(sed 's/#.*//' "$lab/modules.list"); do
			{ modprobe -d "$stock" -S "$release" --show-depends "$name" 2>/dev/null || true; } |
				sed -n 's/^insmod \([^ ]*\).*/\1/p'
		done | sort -u | while read -r file; do
			name=${file##*/}
			case $file in
			*.xz) xz -dc "$file" >"$to/kernel/${name%.xz}" ;;
			*) cp "$file" "$to/kernel/$name" ;;
			esac
		done
	fi
	if [ "$target" = ours ]; then
		if [ ! -e "$ours" ]; then
			echo "lab: $ours does not exist: make kmod KVER=$release" >&2
			return 1
		fi
		if ! cmp -s "$ours" "$to/updates/ib_srpt.ko"; then
			cp "$ours" "$to/updates/ib_srpt.ko"
			rm -f "$to/kernel/ib_srpt.ko"
			changed=1
		fi
	fi
	if [ -e "$vhca" ] && ! cmp -s "$vhca" "$to/updates/vhca.ko"; then
		cp "$vhca" "$to/updates/vhca.ko"
		changed=1
	fi
	if [ -n "$changed" ]; then
		depmod -b "$tree" "$release"
		touch "$stamp"
	fi
}

image_initramfs()
{
	local release=$1 tree=$2 out=$3 name file
	if [ "$out" -nt "$lab/guest/init" ] && [ "$out" -nt "$lab/modules.list" ] &&
	   [ "$out" -nt "$tree/lib/modules/$release/modules.builtin" ]; then
		return
	fi
	local work=$out.dir
	rm -rf "$work"
	mkdir -p "$work"/{bin,dev,proc,sys,mod,lower,tools,over,new}
	cp "$lab/guest/init" "$work/init"
	cp "$(command -v busybox)" "$work/bin/busybox"
	for name in sh sleep mount mkdir insmod switch_root cat; do
		ln -s busybox "$work/bin/$name"
	done
	for name in $(sed '/^$/,$d; s/#.*//' "$lab/modules.list"); do
		modprobe -d "$tree" -S "$release" --show-depends "$name" |
			sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++' | while read -r file; do
		cp "$file" "$work/mod/"
		echo "${file##*/}" >>"$work/mod/order"
	done
	# Not compressed: unpacking would cost more than reading.
	(cd "$work" && find . | cpio --quiet -o -H newc) >"$out.tmp"
	rm -rf "$work"
	mv "$out.tmp" "$out"
}
