/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels this module is built for. compat-probes.h
 * is made by probe.sh at build time: it tries what the headers accept, because
 * distributions carry changes back and version numbers do not say which.
 */
#ifndef SRPT_COMPAT_H
#define SRPT_COMPAT_H

#include "compat-probes.h"

#endif /* SRPT_COMPAT_H */
