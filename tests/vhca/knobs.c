// SPDX-License-Identifier: GPL-2.0
/*
 * Fault knobs and link control under /sys/kernel/debug/vhca. The files of an
 * adapter are in a directory of its name; plugging is at the top, because a
 * file cannot be removed by a write to itself.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include "vhca.h"

#define VH_LINE			128

static struct dentry *vh_root;

/*
 * vh_fault_take - use up one of the faults a knob asks for
 */
bool vh_fault_take(atomic_t *knob)
{
	return atomic_read(knob) > 0 && atomic_dec_if_positive(knob) >= 0;
}

/**
 * vh_fault_mad - decide the fate of a MAD
 * @dev:	the sender
 * @pkt:	the datagram that carries it
 * @delay_ms:	gets how long to hold it back, zero to drop it
 *
 * Return: true if a fault applies.
 */
bool vh_fault_mad(struct vh_dev *dev, const struct vh_pkt *pkt, u32 *delay_ms)
{
	const struct ib_mad_hdr *h = (const struct ib_mad_hdr *)pkt->data;
	struct vh_faults *f = &dev->faults;
	bool hit = false;
	unsigned long flags;
	int i;

	if (pkt->len < sizeof(*h))
		return false;
	spin_lock_irqsave(&f->lock, flags);
	for (i = 0; i < VH_MAD_FAULTS && !hit; i++) {
		struct vh_mad_fault *m = &f->mad[i];

		if (!m->count || m->class != h->mgmt_class ||
		    (m->attr && m->attr != be16_to_cpu(h->attr_id)))
			continue;
		if (m->skip) {
			m->skip--;
			continue;
		}
		m->count--;
		*delay_ms = m->delay_ms;
		hit = true;
	}
	spin_unlock_irqrestore(&f->lock, flags);
	if (hit)
		atomic_inc(*delay_ms ? &f->mad_delayed : &f->mad_dropped);
	return hit;
}

static int vh_line(char *buf, const char __user *ubuf, size_t len)
{
	if (len >= VH_LINE)
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = 0;
	return 0;
}

/*
 * mad: "drop CLASS ATTR NTH COUNT", "delay CLASS ATTR NTH COUNT MS" or
 * "clear". NTH counts from 1, ATTR 0 is any attribute.
 */
static ssize_t vh_mad_write(struct file *file, const char __user *ubuf,
			    size_t len, loff_t *pos)
{
	struct vh_dev *dev = file_inode(file)->i_private;
	struct vh_faults *f = &dev->faults;
	struct vh_mad_fault m = { };
	unsigned long flags;
	char buf[VH_LINE];
	char what[8];
	int ret, n, i;
	u32 nth, class, attr;

	ret = vh_line(buf, ubuf, len);
	if (ret)
		return ret;
	if (sysfs_streq(buf, "clear")) {
		spin_lock_irqsave(&f->lock, flags);
		memset(f->mad, 0, sizeof(f->mad));
		spin_unlock_irqrestore(&f->lock, flags);
		return len;
	}
	n = sscanf(buf, "%7s %i %i %u %u %u", what, &class, &attr, &nth,
		   &m.count, &m.delay_ms);
	if (!(n == 5 && !strcmp(what, "drop")) &&
	    !(n == 6 && !strcmp(what, "delay") && m.delay_ms))
		return -EINVAL;
	if (!nth || !m.count || class > U8_MAX || attr > U16_MAX)
		return -EINVAL;
	m.class = class;
	m.attr = attr;
	m.skip = nth - 1;

	ret = -ENOSPC;
	spin_lock_irqsave(&f->lock, flags);
	for (i = 0; i < VH_MAD_FAULTS; i++) {
		if (f->mad[i].count)
			continue;
		f->mad[i] = m;
		ret = len;
		break;
	}
	spin_unlock_irqrestore(&f->lock, flags);
	return ret;
}

static int vh_mad_show(struct seq_file *s, void *unused)
{
	struct vh_dev *dev = s->private;
	struct vh_faults *f = &dev->faults;
	struct vh_mad_fault m;
	unsigned long flags;
	int i;

	for (i = 0; i < VH_MAD_FAULTS; i++) {
		spin_lock_irqsave(&f->lock, flags);
		m = f->mad[i];
		spin_unlock_irqrestore(&f->lock, flags);
		if (!m.count)
			continue;
		seq_printf(s, "%s 0x%02x 0x%04x %u %u",
			   m.delay_ms ? "delay" : "drop", m.class, m.attr,
			   m.skip + 1, m.count);
		if (m.delay_ms)
			seq_printf(s, " %u", m.delay_ms);
		seq_putc(s, '\n');
	}
	return 0;
}

static int vh_mad_open(struct inode *inode, struct file *file)
{
	return single_open(file, vh_mad_show, inode->i_private);
}

static const struct file_operations vh_mad_fops = {
	.owner = THIS_MODULE,
	.open = vh_mad_open,
	.read = seq_read,
	.write = vh_mad_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* link: "up", "down", "bounce" */
static ssize_t vh_link_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *pos)
{
	struct vh_dev *dev = file_inode(file)->i_private;
	char buf[VH_LINE];
	unsigned long flags;
	int ret;

	ret = vh_line(buf, ubuf, len);
	if (ret)
		return ret;
	if (sysfs_streq(buf, "up")) {
		vh_set_cable(dev->port, true);
	} else if (sysfs_streq(buf, "down")) {
		vh_set_cable(dev->port, false);
	} else if (sysfs_streq(buf, "bounce")) {
		spin_lock_irqsave(&vh_fabric_lock, flags);
		vh_link_bounce(dev->port);
		spin_unlock_irqrestore(&vh_fabric_lock, flags);
	} else {
		return -EINVAL;
	}
	return len;
}

static int vh_link_show(struct seq_file *s, void *unused)
{
	struct vh_dev *dev = s->private;

	seq_printf(s, "%s\n", dev->port->cable ? "up" : "down");
	return 0;
}

static int vh_link_open(struct inode *inode, struct file *file)
{
	return single_open(file, vh_link_show, inode->i_private);
}

static const struct file_operations vh_link_fops = {
	.owner = THIS_MODULE,
	.open = vh_link_open,
	.read = seq_read,
	.write = vh_link_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* pkey: "INDEX VALUE", as if the subnet manager had set it */
static ssize_t vh_pkey_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *pos)
{
	struct vh_dev *dev = file_inode(file)->i_private;
	char buf[VH_LINE];
	u32 index, value;
	int ret;

	ret = vh_line(buf, ubuf, len);
	if (ret)
		return ret;
	if (sscanf(buf, "%u %i", &index, &value) != 2 || index >= VH_PKEYS ||
	    value > U16_MAX)
		return -EINVAL;
	WRITE_ONCE(dev->port->pkeys[index], value);
	vh_port_event(dev->port, IB_EVENT_PKEY_CHANGE);
	return len;
}

static const struct file_operations vh_pkey_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = vh_pkey_write,
	.llseek = noop_llseek,
};

/* flush: any write moves the connected queue pairs to the error state */
static ssize_t vh_flush_write(struct file *file, const char __user *ubuf,
			      size_t len, loff_t *pos)
{
	vh_qp_flush_all(file_inode(file)->i_private);
	return len;
}

static const struct file_operations vh_flush_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = vh_flush_write,
	.llseek = noop_llseek,
};

static int vh_stats_show(struct seq_file *s, void *unused)
{
	struct vh_dev *dev = s->private;
	struct vh_faults *f = &dev->faults;
	struct vh_counters c;

	vh_sum_counters(dev->port, &c);
	seq_printf(s, "mad_dropped %d\n", atomic_read(&f->mad_dropped));
	seq_printf(s, "mad_delayed %d\n", atomic_read(&f->mad_delayed));
	seq_printf(s, "rnr_sent %d\n", atomic_read(&f->rnr_sent));
	seq_printf(s, "rdma_failed %d\n", atomic_read(&f->rdma_failed));
	seq_printf(s, "rdma_corrupted %d\n", atomic_read(&f->rdma_corrupted));
	seq_printf(s, "verbs_failed %d\n", atomic_read(&f->verbs_failed));
	seq_printf(s, "xmit_packets %llu\n", c.xmit_pkts);
	seq_printf(s, "rcv_packets %llu\n", c.rcv_pkts);
	seq_printf(s, "xmit_discards %llu\n", c.xmit_discards);
	seq_printf(s, "rcv_errors %llu\n", c.rcv_errors);
	seq_printf(s, "rcv_constraint %llu\n", c.rcv_constraint);
	seq_printf(s, "remote_invalidations %llu\n", c.remote_inv);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vh_stats);

void vh_knobs_add(struct vh_dev *dev)
{
	struct vh_faults *f = &dev->faults;
	struct dentry *d;

	d = debugfs_create_dir(dev_name(&dev->ibdev.dev), vh_root);
	dev->debugfs = d;
	debugfs_create_file("mad", 0600, d, dev, &vh_mad_fops);
	debugfs_create_file("link", 0600, d, dev, &vh_link_fops);
	debugfs_create_file("pkey", 0200, d, dev, &vh_pkey_fops);
	debugfs_create_file("flush", 0200, d, dev, &vh_flush_fops);
	debugfs_create_file("verb", 0600, d, dev, &vh_verb_fops);
	debugfs_create_file("stats", 0400, d, dev, &vh_stats_fops);
	debugfs_create_atomic_t("rnr", 0600, d, &f->rnr);
	debugfs_create_atomic_t("rdma_fail", 0600, d, &f->rdma_fail);
	debugfs_create_atomic_t("rdma_corrupt", 0600, d, &f->rdma_corrupt);
	debugfs_create_atomic_t("rdma_skip", 0600, d, &f->rdma_skip);
}

void vh_knobs_del(struct vh_dev *dev)
{
	debugfs_remove(dev->debugfs);
}

static ssize_t vh_plug_common(const char __user *ubuf, size_t len,
			      int (*fn)(struct vh_node *))
{
	unsigned int index;
	int ret;

	ret = kstrtouint_from_user(ubuf, len, 0, &index);
	if (ret)
		return ret;
	if (index >= vh_hcas)
		return -ENODEV;
	ret = fn(vh_nodes[index]);
	return ret ? ret : len;
}

static ssize_t vh_plug_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *pos)
{
	return vh_plug_common(ubuf, len, vh_plug);
}

static ssize_t vh_vanish_write(struct file *file, const char __user *ubuf,
			       size_t len, loff_t *pos)
{
	return vh_plug_common(ubuf, len, vh_unplug);
}

static const struct file_operations vh_plug_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = vh_plug_write,
	.llseek = noop_llseek,
};

static const struct file_operations vh_vanish_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = vh_vanish_write,
	.llseek = noop_llseek,
};

void vh_knobs_init(void)
{
	vh_root = debugfs_create_dir("vhca", NULL);
	debugfs_create_file("plug", 0200, vh_root, NULL, &vh_plug_fops);
	debugfs_create_file("vanish", 0200, vh_root, NULL, &vh_vanish_fops);
}

void vh_knobs_exit(void)
{
	debugfs_remove(vh_root);
}
