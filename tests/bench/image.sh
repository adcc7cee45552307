# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a guest that is counted has: all of it in its initramfs. Whatever it
# had to ask the host for would come when the host pleases, and who runs when
# in the guest be left to chance.
#   /init		guest/init
#   /usr, /etc	the programs of programs.list
#   /srpt		this tree's scripts and modules, wherever the tree is
#   /out		jobs and settings, later the results

# cpio_of DIRECTORY: the same for the same files, whenever they were made or checked out.
cpio_of()
{
	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . | LC_ALL=C sort | cpio --quiet --reproducible --owner=+0:+0 -o -H newc)
}

# image_programs OUT: made anew when packages were installed or the list changed.
image_programs()
{
	local out=$1 list=$bench/programs.list tree=$1.dir name words
	if [ "$out" -nt "$list" ] && [ "$out" -nt "$lab/host/tools.sh" ] && [ "$out" -nt "$bench/image.sh" ] &&
	   [ "$out" -nt /var/lib/dpkg/status ]; then
		return
	fi
	rm -rf "$tree"
	mkdir -p "$tree"/usr/{bin,sbin,lib,lib64} "$tree"/{dev,etc,mnt,out,proc,root,run,share,sys,tmp,var}
	# Usrmerge.
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$tree/$name"
	done
	words=$(sed 's/#.*//' "$list")
	for name in $words; do
		case $name in
		/*)	echo "$name" ;;
		*)	package_files "$name" ;;
		esac
	done | files_into "$tree"
	printf '/etc/%s\n' ld.so.cache nsswitch.conf passwd group | xargs cp -t "$tree/etc"
	cpio_of "$tree" >"$out.tmp"
	rm -rf "$tree"
	mv "$out.tmp" "$out"
}

# programs_ready: they are up to date, in $programs.
programs_ready()
{
	programs=$root/build/bench/programs.cpio
	made_once "$programs" image_programs
}

# image_counted PROGRAMS MODULES SHARE OUT: the initramfs of one run, with the
# jobs and settings of SHARE.
image_counted()
{
	local programs=$1 modules=$2 share=$3 out=$4 tree=$4.dir
	rm -rf "$tree"
	mkdir -p "$tree"/srpt/{tests/lab,tests/bench,build/bench,modules} "$tree/out"
	cp "$bench/guest/init" "$tree/init"
	cp -r "$lab/guest" "$lab/lib" "$tree/srpt/tests/lab/"
	cp -r "$bench/guest" "$tree/srpt/tests/bench/"
	cp "$root"/build/bench/mark{.so,-write} "$tree/srpt/build/bench/"
	cp -r "$modules/lib" "$tree/srpt/modules/"
	# Nobody looks for a bug there, and it is most of what is to be unpacked.
	find "$tree/srpt/modules" -name '*.ko' -exec strip --strip-debug {} +
	cp -r "$share/." "$tree/out/"
	{ cat "$programs"; cpio_of "$tree"; } >"$out"
	rm -rf "$tree"
}
