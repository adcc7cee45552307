/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_VERSION_H
#define SRPT_VERSION_H

#define SRPT_VERSION	"0.1.0"

#endif /* SRPT_VERSION_H */
