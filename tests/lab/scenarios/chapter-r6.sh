# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Row R6 of the reference chapter: the initiator by stock srp_daemon, ibsrpdm and ib_srp.
# CHECK=full
# FABRICS=vib
# SETUP=none
# NEEDS=module:loop
# TIMEOUT=360

. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
chapter_session r6_login
