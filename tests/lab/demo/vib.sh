# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The reference chapter's session, told: run by tests/lab/run --demo in a guest
# with virtual InfiniBand.
. "$LAB_dir/lib/system.sh"
. "$LAB_dir/lib/load.sh"
SCRATCH=/tmp/demo
mkdir -p $SCRATCH
. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
trap 'echo; echo "The demonstration failed at: $BASH_COMMAND"' ERR

printf '\nVirtual InfiniBand: two adapters and a cable, all software (Linux %s). A subnet manager brings the ports up.\n' "$(uname -r)"
# Saving and restoring is targetcli's business, and half a minute of it.
CHAPTER_WITHOUT=r5_restored
chapter_session
printf '\nDone: the same story on paper is Documentation/walkthrough.md. "make shell" gives a prompt in such a guest.\n'
