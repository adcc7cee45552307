/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PARAMS_H
#define SRPT_PARAMS_H

/* Between these two calls, in main.c, writes to rdma_cm_port take effect. */
void srpt_params_start(void);
void srpt_params_stop(void);

#endif /* SRPT_PARAMS_H */
