# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Row R5 of the reference chapter: the target by stock targetcli, its tree, saved and restored.
# CHECK=full
# FABRICS=vib
# SETUP=none
# NEEDS=module:loop
# TIMEOUT=360

. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
chapter_session r5_restored
