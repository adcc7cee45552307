# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Which protocols load with the hardware: switched on in the files of rdma-core
# and in the classic one, loaded by srptctl host modules apply, and the udev
# rule of ours asks for the unit when an HCA appears.
# CHECK=more
# FABRICS=vib
# TARGETS=ours stock
# NEEDS=module:ib_ipoib
# SETUP=fabric
# TIMEOUT=120

loaded()	{ [ -d "/sys/module/$1" ]; }

# wants SYSFS-PATH: units that the rules ask for
wants()		{ udevadm test --action=add "$1" 2>&1 | sed -n 's/^SYSTEMD_WANTS=//p'; }

step "the forms of the configuration"
srptctl host modules list
cp -r /etc/rdma "$SCRATCH/rdma"
printf '# which protocols\nSRPT_LOAD=no\nRDS_LOAD=no\n' >/etc/rdma/rdma.conf
srptctl host modules enable SRPT IPoIB
grep -qx ib_srpt /etc/rdma/modules/rdma.conf
grep -qx SRPT_LOAD=yes /etc/rdma/rdma.conf
grep -qx '# which protocols' /etc/rdma/rdma.conf
status=0
srptctl host modules enable RDS || status=$?
if modinfo rds_rdma >/dev/null 2>&1; then
	same $status 0 "RDS is in this kernel"
	srptctl host modules disable RDS
else
	same $status 7 "RDS is not in this kernel"
fi

step "loaded now"
srptctl host modules disable ISER
srptctl host modules apply
loaded ib_srpt || fail "ib_srpt is not loaded"
loaded ib_ipoib || fail "ib_ipoib is not loaded"
! loaded ib_iser || fail "ib_iser is loaded though it is disabled"
srptctl host modules list

step "with the hardware"
srptctl host modules install
udev_up
udevadm control --reload
udevadm test --action=add "/sys/class/infiniband/$VIB_TARGET" >"$SCRATCH/udev" 2>&1
! grep -E '91-srpt.rules:[0-9]+.*(nvalid|nknown|gnoring)' "$SCRATCH/udev" || fail "udev finds faults in the rule"
wants "/sys/class/infiniband/$VIB_TARGET" | grep -w srpt-modules.service || fail "no unit is asked for"
srptctl host modules uninstall
! wants "/sys/class/infiniband/$VIB_TARGET" | grep srpt-modules || fail "the unit is still asked for"

step "as it was"
srptctl host modules disable SRPT
! grep -qx ib_srpt /etc/rdma/modules/*.conf || fail "ib_srpt is still enabled"
modprobe -r ib_ipoib
