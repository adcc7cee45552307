# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Row R7 of the reference chapter: ibstat and ibstatus of both ports, and the ID of the target.
# CHECK=full
# FABRICS=vib
# SETUP=none
# NEEDS=module:loop
# TIMEOUT=360

. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
chapter_session r7_initiator
