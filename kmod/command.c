// SPDX-License-Identifier: GPL-2.0
/*
 * SRP_CMD: from the received IU to LIO and back. A command that does not
 * parse is answered here and never becomes a half-made se_cmd.
 */
#include "log.h"

#include <linux/ktime.h>
#include <scsi/scsi_common.h>
#include <target/target_core_backend.h>

#include "channel.h"
#include "trace.h"

/* Transfers up to this size are bounded by the credits of a channel and not
 * counted towards the initiator's share of memory.
 */
#define SRPT_UNCHARGED		8192
#define IMM_ALIGN		512

static void refuse(struct srpt_slot *slot, enum proto_cmd_result res)
{
	struct srpt_channel *ch = slot->ch;
	u8 key, asc, ascq;

	srpt_stat_inc(ch, bad_ius);
	if (srpt_log_permit(ch->who.i_port_id))
		pr_warn("session %u channel %u: command refused: %s\n",
			ch->session_id, ch->id, proto_cmd_result_text(res));
	proto_cmd_result_sense(res, &key, &asc, &ascq);
	srpt_respond_sense(slot, key, asc, ascq);
	srpt_slot_put(slot);
}

static int task_attr(u8 attr)
{
	switch (attr) {
	case PROTO_ATTR_HEAD:
		return TCM_HEAD_TAG;
	case PROTO_ATTR_ORDERED:
		return TCM_ORDERED_TAG;
	case PROTO_ATTR_ACA:
		return TCM_ACA_TAG;
	default:
		return TCM_SIMPLE_TAG;
	}
}

static enum dma_data_direction direction(const struct proto_cmd *cmd)
{
	switch (cmd->dir) {
	case PROTO_DIR_IN:
		return DMA_FROM_DEVICE;
	case PROTO_DIR_OUT:
		return DMA_TO_DEVICE;
	default:
		return DMA_NONE;
	}
}

/* Charge a large transfer to the initiator. False: over its share. */
static bool charge(struct srpt_slot *slot, u32 len)
{
	struct srpt_nexus *nexus = slot->ch->nexus;

	if (len <= SRPT_UNCHARGED)
		return true;
	slot->charged += len;
	return atomic64_add_return(len, &nexus->bytes) <=
	       READ_ONCE(nexus->tpg->attrib.max_initiator_bytes);
}

/* Immediate data is used where it lies if the back end can take it there. */
static int attach_imm(struct srpt_slot *slot, u32 len)
{
	const u8 *data = slot->cmd.imm_data;
	u32 off = data - slot->iu;

	if (!((unsigned long)data & (IMM_ALIGN - 1))) {
		srpt_buf_borrow(&slot->buf, slot->iu + off, slot->iu_dma + off,
				len);
		return 0;
	}
	if (srpt_buf_get(slot->ch->pool, &slot->buf, len))
		return -ENOMEM;
	sg_copy_from_buffer(slot->buf.sg, slot->buf.n, data, len);
	return 0;
}

/* Give LIO the memory of the transfer. */
static int attach_buffer(struct srpt_slot *slot)
{
	struct se_cmd *se_cmd = &slot->io.se_cmd;
	bool pass_through = se_cmd->se_dev->transport_flags &
			    TRANSPORT_FLAG_PASSTHROUGH;
	u32 len = se_cmd->data_length;
	int ret;

	if (slot->cmd.fmt == PROTO_FMT_IMM) {
		srpt_stat_inc(slot->ch, imm_cmds);
		ret = attach_imm(slot, len);
	} else {
		ret = charge(slot, len) ?
		      srpt_buf_get(slot->ch->pool, &slot->buf, len) :
		      -ENOMEM;
	}
	if (ret)
		return ret;

	/* Chunks are not clean. Media reads fill them whole; an emulated
	 * command may leave gaps, and a pass-through device may deliver less
	 * without saying so. (LIO clears the first entry of the emulated.)
	 */
	if (se_cmd->data_direction == DMA_FROM_DEVICE &&
	    (pass_through ||
	     (!(se_cmd->se_cmd_flags & SCF_SCSI_DATA_CDB) && slot->buf.n > 1)))
		srpt_buf_zero(&slot->buf);

	/* Only now: with the scatterlist given earlier, LIO would refuse a
	 * command whose CDB asks for more than the initiator's buffer holds,
	 * instead of answering it with a residual.
	 */
	se_cmd->t_data_sg = slot->buf.sg;
	se_cmd->t_data_nents = slot->buf.n;
	/* PSCSI refuses a list with an entry that crosses a page. */
	if (pass_through) {
		if (srpt_buf_page(&slot->buf))
			return -ENOMEM;
		se_cmd->t_data_sg = slot->buf.paged;
		se_cmd->t_data_nents = slot->buf.n_paged;
	}
	se_cmd->se_cmd_flags |= SCF_PASSTHROUGH_SG_TO_MEM_NOALLOC;
	return 0;
}

static void cmd_start(struct srpt_slot *slot)
{
	struct srpt_channel *ch = slot->ch;
	struct proto_cmd *cmd = &slot->cmd;
	struct se_cmd *se_cmd = &slot->io.se_cmd;

	memset(&slot->io, 0, sizeof(slot->io));
	memset(slot->sense, 0, sizeof(slot->sense));
	slot->io.kind = SRPT_IO_CMD;
	if (target_init_cmd(se_cmd, ch->sess, slot->sense, slot->lun,
			    cmd->data_len, task_attr(cmd->task_attr),
			    direction(cmd), 0)) {
		/* The session is being stopped. */
		srpt_slot_put(slot);
		return;
	}
	se_cmd->tag = cmd->tag;
	WRITE_ONCE(slot->busy, true);
	if (target_submit_prep(se_cmd, (u8 *)cmd->cdb, NULL, 0, NULL, 0, NULL, 0,
			       GFP_NOIO))
		return;		/* answered and released */
	if (se_cmd->data_length && attach_buffer(slot)) {
		srpt_stat_inc(ch, busy);
		transport_generic_request_failure(se_cmd, TCM_OUT_OF_RESOURCES);
		return;
	}
	target_submit(se_cmd);
}

/* RDMA READ the whole table from the initiator before anything else. */
static void fetch_table(struct srpt_slot *slot)
{
	struct srpt_channel *ch = slot->ch;

	srpt_stat_inc(ch, ext_tables);
	if (!charge(slot, slot->cmd.table_desc.len) ||
	    srpt_contig_get(ch->pool, &slot->table, slot->cmd.table_desc.len) ||
	    (ch->use_rw_api && srpt_rw_prepare_table(slot))) {
		srpt_stat_inc(ch, busy);
		srpt_respond_status(slot, SAM_STAT_TASK_SET_FULL);
		srpt_slot_put(slot);
		return;
	}
	if (srpt_sq_submit(slot, SRPT_SQ_TABLE))
		srpt_cmd_table_done(slot, false);
}

void srpt_cmd_table_done(struct srpt_slot *slot, bool ok)
{
	struct srpt_channel *ch = slot->ch;
	enum proto_cmd_result res;

	srpt_rw_release(slot);
	if (!ok || READ_ONCE(slot->aborted)) {
		srpt_stat_inc(ch, aborted);
		srpt_slot_put(slot);
		return;
	}
	ib_dma_sync_single_for_cpu(ch->dev->ib, slot->table.dma,
				   slot->table.len, DMA_FROM_DEVICE);
	res = proto_desc_check(slot->table.addr, slot->cmd.n_table,
			       slot->cmd.data_len);
	if (res) {
		refuse(slot, res);
		return;
	}
	slot->cmd.table = slot->table.addr;
	slot->cmd.n_desc = slot->cmd.n_table;
	cmd_start(slot);
}

/**
 * srpt_cmd_handle - take an SRP_CMD (r16a 6.8)
 * @slot:	slot of the IU
 * @len:	bytes received
 */
void srpt_cmd_handle(struct srpt_slot *slot, u32 len)
{
	struct srpt_channel *ch = slot->ch;
	struct proto_cmd *cmd = &slot->cmd;
	enum proto_cmd_result res;

	slot->start = ktime_get_ns();
	res = proto_cmd_parse(slot->iu, len, &ch->limits, cmd);
	if (res == PROTO_CMD_SHORT) {
		srpt_channel_violation(ch, PROTO_LOGOUT_NO_REASON,
				       "short SRP_CMD");
		srpt_slot_put(slot);
		return;
	}
	slot->sol_not = cmd->sol_not;
	slot->lun = proto_lun_decode(cmd->lun);
	trace_srpt_cmd_recv(ch, cmd);
	/* The CDB's own idea of its length must fit the IU as well. */
	if (!res && scsi_command_size(cmd->cdb) > cmd->cdb_len)
		res = PROTO_CMD_TRUNCATED;
	if (res)
		refuse(slot, res);
	else if (cmd->external)
		fetch_table(slot);
	else
		cmd_start(slot);
}

/* LIO wants the data-out buffer filled. */
int srpt_write_pending(struct se_cmd *se_cmd)
{
	struct srpt_slot *slot = srpt_slot_of(se_cmd);
	struct srpt_channel *ch = slot->ch;

	if (slot->cmd.fmt == PROTO_FMT_IMM) {
		target_execute_cmd(se_cmd);
		return 0;
	}
	slot->range.len = 0;
	slot->xfer_off = 0;
	slot->sg_idx = 0;
	slot->sg_off = 0;
	proto_desc_iter_init(&slot->iter, slot->cmd.table, slot->cmd.n_desc,
			     se_cmd->data_length, U32_MAX);
	if (ch->use_rw_api && srpt_rw_prepare(slot)) {
		srpt_stat_inc(ch, busy);
		transport_generic_request_failure(se_cmd, TCM_OUT_OF_RESOURCES);
		return 0;
	}
	if (srpt_sq_submit(slot, SRPT_SQ_READ))
		srpt_cmd_read_done(slot, false);
	return 0;
}

void srpt_cmd_read_done(struct srpt_slot *slot, bool ok)
{
	struct se_cmd *se_cmd = &slot->io.se_cmd;

	srpt_rw_release(slot);
	if (ok && slot->ch->use_rw_api && slot->iter.remaining) {
		if (srpt_rw_prepare(slot)) {
			srpt_stat_inc(slot->ch, busy);
			transport_generic_request_failure(se_cmd,
							  TCM_OUT_OF_RESOURCES);
			return;
		}
		if (!srpt_sq_submit(slot, SRPT_SQ_READ))
			return;
		srpt_rw_release(slot);
		ok = false;
	}
	if (ok) {
		srpt_buf_sync_cpu(slot->ch->pool, &slot->buf);
		target_execute_cmd(se_cmd);
	} else {
		transport_generic_request_failure(se_cmd,
						  TCM_CHECK_CONDITION_ABORT_CMD);
	}
}

int srpt_queue_data_in(struct se_cmd *se_cmd)
{
	srpt_respond_cmd(srpt_slot_of(se_cmd), true);
	return 0;
}

int srpt_queue_status(struct se_cmd *se_cmd)
{
	srpt_respond_cmd(srpt_slot_of(se_cmd), false);
	return 0;
}

void srpt_aborted_task(struct se_cmd *se_cmd)
{
	struct srpt_io *io = container_of(se_cmd, struct srpt_io, se_cmd);

	if (io->kind == SRPT_IO_CMD)
		srpt_stat_inc(srpt_slot_of(se_cmd)->ch, aborted);
}

int srpt_get_cmd_state(struct se_cmd *se_cmd)
{
	struct srpt_io *io = container_of(se_cmd, struct srpt_io, se_cmd);

	return io->kind == SRPT_IO_ABORT ? SRPT_SQ_NONE :
	       srpt_slot_of(se_cmd)->op;
}

/* LIO is done as soon as the response is posted; the wire keeps the slot. */
int srpt_check_stop_free(struct se_cmd *se_cmd)
{
	return target_put_sess_cmd(se_cmd);
}

void srpt_release_cmd(struct se_cmd *se_cmd)
{
	struct srpt_io *io = container_of(se_cmd, struct srpt_io, se_cmd);
	struct srpt_slot *slot;

	if (io->kind == SRPT_IO_ABORT) {
		srpt_tmf_abort_released(io);
		return;
	}
	slot = srpt_slot_of(se_cmd);
	WRITE_ONCE(slot->busy, false);
	if (io->kind == SRPT_IO_TMF && slot->op != SRPT_SQ_RESPOND)
		srpt_tmf_unanswered(slot);
	/* SAM: a task that another initiator's function has ended is answered
	 * TASK ABORTED. LIO takes the abort for the initiator's own and says
	 * nothing, and the initiator would wait for its timeout. (With TAS = 0
	 * a unit attention would do, but that is LIO's to raise.)
	 */
	if (READ_ONCE(slot->cleared) && slot->op != SRPT_SQ_RESPOND)
		srpt_respond_status(slot, SAM_STAT_TASK_ABORTED);
	srpt_slot_put(slot);
}
