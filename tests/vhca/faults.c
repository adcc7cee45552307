// SPDX-License-Identifier: GPL-2.0
/*
 * Verbs that fail on demand. What fails, fails as the device driver would make
 * it fail: before anything has happened, with the error that a caller gets
 * when the adapter is out of resources. Of queue pairs only connections are
 * struck, so that management goes on over the same adapter.
 */
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include "vhca.h"

static const char * const vh_verb_names[VH_VERBS] = {
	[VH_VERB_CREATE_CQ]	= "create_cq",
	[VH_VERB_CREATE_QP]	= "create_qp",
	[VH_VERB_CREATE_SRQ]	= "create_srq",
	[VH_VERB_MODIFY_QP]	= "modify_qp",
	[VH_VERB_POST_SEND]	= "post_send",
	[VH_VERB_POST_RECV]	= "post_recv",
	[VH_VERB_POST_SRQ_RECV]	= "post_srq_recv",
	[VH_VERB_ALLOC_MR]	= "alloc_mr",
};

/**
 * vh_fault_verb - is this call to fail?
 * @dev:	the adapter
 * @verb:	which verb; posts are counted by work request
 *
 * Any context.
 */
bool vh_fault_verb(struct vh_dev *dev, enum vh_verb verb)
{
	struct vh_verb_fault *v = &dev->faults.verb[verb];

	if (!atomic_read(&v->fail))
		return false;
	if (vh_fault_take(&v->skip) || !vh_fault_take(&v->fail))
		return false;
	atomic_inc(&dev->faults.verbs_failed);
	return true;
}

/*
 * verb: "NAME NTH COUNT" makes COUNT calls of a verb fail from the NTH on, which
 * counts from 1; "clear" forgets all.
 */
static ssize_t vh_verb_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *pos)
{
	struct vh_dev *dev = ((struct seq_file *)file->private_data)->private;
	u32 nth, count;
	char buf[64];
	char name[16];
	int i;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = 0;
	if (sysfs_streq(buf, "clear")) {
		for (i = 0; i < VH_VERBS; i++)
			atomic_set(&dev->faults.verb[i].fail, 0);
		return len;
	}
	if (sscanf(buf, "%15s %u %u", name, &nth, &count) != 3 || !nth ||
	    nth > INT_MAX || !count || count > INT_MAX)
		return -EINVAL;
	i = match_string(vh_verb_names, VH_VERBS, name);
	if (i < 0)
		return i;
	atomic_set(&dev->faults.verb[i].fail, 0);
	atomic_set(&dev->faults.verb[i].skip, nth - 1);
	atomic_set(&dev->faults.verb[i].fail, count);
	return len;
}

static int vh_verb_show(struct seq_file *s, void *unused)
{
	struct vh_dev *dev = s->private;
	int i;

	for (i = 0; i < VH_VERBS; i++) {
		struct vh_verb_fault *v = &dev->faults.verb[i];
		int fail = atomic_read(&v->fail);

		if (fail)
			seq_printf(s, "%s %d %d\n", vh_verb_names[i],
				   atomic_read(&v->skip) + 1, fail);
	}
	return 0;
}

static int vh_verb_open(struct inode *inode, struct file *file)
{
	return single_open(file, vh_verb_show, inode->i_private);
}

const struct file_operations vh_verb_fops = {
	.owner = THIS_MODULE,
	.open = vh_verb_open,
	.read = seq_read,
	.write = vh_verb_write,
	.llseek = seq_lseek,
	.release = single_release,
};
