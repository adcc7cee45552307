/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VHCA_ENGINE_H
#define VHCA_ENGINE_H

#include "vhca.h"

static inline struct vh_swqe *vh_swqe_at(struct vh_sq *sq, u32 pos)
{
	return sq->ring + (size_t)(pos & (sq->size - 1)) * sq->slot;
}

bool vh_engine_claim(struct vh_qp *qp);
void vh_engine_schedule(struct vh_qp *qp);

#endif
