# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A session as a person types it, printed as it goes, written down as Markdown
# if STORY_FILE names a file, and compared with the reference chapter: the
# texts in tests/lab/chapter/ are what its terminal shows.

STORY_HOST=target
STORY_OUT=$SCRATCH/story
STORY_ALLOWED=()

story_markdown()	{ [ -z "${STORY_FILE:-}" ] || printf '%s\n' "$@" >>"$STORY_FILE"; }

# story_page FILE: the story is written there from now on.
story_page()
{
	cat >"$1" <<-END
		# Walkthrough: a disk exported and logged in to, on virtual InfiniBand

		Section 12.5.5 of the reference chapter, typed again in a guest ($(uname -r)) with stock opensm, targetcli,
		srptools, infiniband-diags and \`ib_srp\`. This page is written by the run (\`make walkthrough\`), which
		compares what it sees with the chapter's text; \`make demo\` shows it live.
	END
}

story_title()
{
	printf '\n\033[1m== %s\033[0m\n' "$*"
	story_markdown '' "## $*" ''
}

tell()
{
	printf '\n\033[1m%s\033[0m\n' "$*"
	story_markdown '' "$*" ''
}

# on target|initiator: whose prompt is shown; here both are one machine.
on()	{ STORY_HOST=$1; }

# enter TYPED [RUN]: a command as it would be typed; RUN if what the test has to
# run is not quite that. What it prints is shown and kept for 'shows'.
enter()
{
	local rc=0
	printf '[root@%s]# %s\n' "$STORY_HOST" "$1"
	# A file and no pipe: what the command leaves running may keep it open.
	eval "${2:-$1}" >"$STORY_OUT" 2>&1 </dev/null || rc=$?
	cat "$STORY_OUT"
	if [ -n "${STORY_FILE:-}" ]; then
		{ echo '```'; printf '[root@%s]# %s\n' "$STORY_HOST" "$1"; sed 's/ *$//' "$STORY_OUT"; echo '```'; } >>"$STORY_FILE"
	fi
	return $rc
}

# What is no difference: time stamps, padding, length of dotted lines, numbers
# of SCSI hosts and names of disks.
story_normal()
{
	sed -E -e 's/^\[ *[0-9]+\.[0-9]+\] //' -e 's/\.{2,}/../g' -e 's/[[:space:]]+/ /g' -e 's/^ //; s/ $//' \
		-e 's/host[0-9]+/hostN/g' -e 's/\b[0-9]+:0:0:0\b/N:0:0:0/g' -e 's/\bsd[a-z]\b/sdX/g' -e 's/\bsg[0-9]\b/sgN/g' \
		-e '/^$/d'
}

# allow REASON SED-EXPRESSION: a difference to the chapter that is all right,
# said for the next comparison. The expression is for what was printed now.
allow()
{
	echo "    (allowed: $1)"
	story_markdown '' "*Differs from the reference: $1.*"
	STORY_ALLOWED+=(-e "$2")
}

# shows NAME: the last command printed what chapter/NAME.txt has, line by line.
shows()
{
	story_compare "$1" "$STORY_OUT"
}

# shows_lines NAME: each of the lines is among what was printed; in which order
# drivers say their parts is theirs.
shows_lines()
{
	sed -E "${STORY_ALLOWED[@]}" -e '' "$STORY_OUT" | story_normal >"$SCRATCH/all"
	story_normal <"$LAB_dir/chapter/$1.txt" | grep -vxFf "$SCRATCH/all" >"$SCRATCH/missing" || true
	STORY_ALLOWED=()
	if [ -s "$SCRATCH/missing" ]; then
		sed 's/^/missing: /' "$SCRATCH/missing"
		fail "row ${1%%-*}: not what the reference chapter shows ($1)"
	fi
	echo "    (as in the reference: $1)"
}

story_compare()
{
	if ! diff -u --label "reference: $1" --label "printed now" <(story_normal <"$LAB_dir/chapter/$1.txt") \
		<(sed -E "${STORY_ALLOWED[@]}" -e '' "$2" | story_normal); then
		fail "row ${1%%-*}: not what the reference chapter shows ($1)"
	fi
	STORY_ALLOWED=()
	echo "    (as in the reference: $1)"
}
