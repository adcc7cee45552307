# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Row R8 of the reference chapter: the IO unit as srp_daemon prints it.
# CHECK=full
# FABRICS=vib
# SETUP=none
# NEEDS=module:loop
# TIMEOUT=360

. "$LAB_dir/lib/story.sh"
. "$LAB_dir/chapter/session.sh"
chapter_session r8_discovery
