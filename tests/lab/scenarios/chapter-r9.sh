# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Row R9 of the reference chapter: a login without an ACL, and what both ends log.
# CHECK=full
# FABRICS=vib
# SETUP=none
# NEEDS=module:loop
# TIMEOUT=360

. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
chapter_session r9_refused
