# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Row R10 of the reference chapter: the ACL, the login, the disk.
# CHECK=full
# FABRICS=vib
# SETUP=none
# NEEDS=module:loop
# TIMEOUT=360

. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
chapter_session r10_admitted
