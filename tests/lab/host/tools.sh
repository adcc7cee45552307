# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The programs that guests start often, in an image of their own. The guest has
# all of the host's file system by 9p, but there every open is several requests
# to the host: a program with a dozen libraries started in a quarter of a second
# and Python in several. What is in the image lies above what the host has.

# Every file of a package but what only people read, and what only this
# package's commands load.
package_files()
{
	local package
	for package in "$@"; do
		dpkg -L "$package"
	done | grep -vE '^/usr/share/(doc|man|info|locale|lintian|bash-completion|perl)|/(test|tests|idlelib|lib2to3|ensurepip)/' |
		while read -r file; do
			[ ! -f "$file" ] || echo "$file"
		done
}

# A file under its true directory, and what it is a link to.
with_links()
{
	local file next
	while read -r file; do
		file=$(realpath "${file%/*}")/${file##*/}
		while [ -L "$file" ]; do
			echo "$file"
			next=$(readlink "$file")
			case $next in
			/*)	file=$next ;;
			*)	file=${file%/*}/$next ;;
			esac
			file=$(realpath "${file%/*}")/${file##*/}
		done
		[ ! -e "$file" ] || echo "$file"
	done
}

# The libraries of all programs and modules among the files.
with_libraries()
{
	local -a files
	mapfile -t files
	printf '%s\n' "${files[@]}"
	# What is no dynamic program, ldd calls an error.
	printf '%s\n' "${files[@]}" | grep -E '/s?bin/|\.so' | { xargs -r ldd 2>/dev/null || true; } |
		sed -nE 's/.*[[:space:]](\/[^ ]+) \(0x.*/\1/p' | sort -u
}

# files_into TREE: the files that standard input names, with what they need.
files_into()
{
	with_libraries | with_links | sort -u | sed 's|^/||' |
		tar -C / --no-recursion -T - -cf - | tar -C "$1" -xf -
}

# made_once OUT COMMAND: COMMAND makes OUT or finds it up to date, for one run at a time.
made_once()
{
	local lock_fd
	exec {lock_fd}>>"${1%/*}/.${1##*/}.lock"
	flock "$lock_fd"
	"$2" "$1"
	exec {lock_fd}>&-
}

# image_tools OUT: made anew when packages were installed or the list changed.
image_tools()
{
	local out=$1 list=$lab/tools.list
	if [ "$out" -nt "$list" ] && [ "$out" -nt "$lab/host/tools.sh" ] && [ "$out" -nt /var/lib/dpkg/status ]; then
		return
	fi
	local tree=$out.dir packages
	rm -rf "$tree" "$out.tmp"
	mkdir -p "$tree"
	packages=$(sed 's/#.*//' "$list")
	# shellcheck disable=SC2086  # a list of words
	{ package_files $packages; printf '/etc/%s\n' ld.so.cache nsswitch.conf passwd group; } | files_into "$tree"
	# Usrmerge: the links /bin, /lib… are those of the host.
	mke2fs -q -t ext2 -m 0 -N "$(($(find "$tree" | wc -l) + 1000))" -d "$tree" \
		"$out.tmp" "$(($(du -sm --apparent-size "$tree" | cut -f1) * 5 / 4 + 64))M"
	rm -rf "$tree"
	mv "$out.tmp" "$out"
}

# tools_ready: the image is up to date, its path in $tools for guest_start.
tools_ready()
{
	tools=$root/build/lab/tools.ext2
	made_once "$tools" image_tools
}
