# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The reference chapter's session, compared with its text.
# KERNEL=6.1
# CPUS=2
# FABRICS=vib
# SETUP=none
# NEEDS=module:loop
# TIMEOUT=360

. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
STORY_FILE=$LAB_out/walkthrough.md
story_page "$STORY_FILE"
chapter_session

step "the page tells the same story"
# What was typed and said; what was printed has times and numbers in it.
told()	{ grep -E '^(\[root@|## |\*)' "$1"; }
diff <(told "$LAB_root/Documentation/walkthrough.md") <(told "$STORY_FILE") ||
	fail "Documentation/walkthrough.md is another story: make walkthrough"
