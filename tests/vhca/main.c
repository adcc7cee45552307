// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual InfiniBand adapters for tests: adapter i is cabled to adapter i^1,
 * or all of them to one switch.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/utsname.h>
#include "vhca.h"

#define VH_GUID_TARGET		0x001175000077dd7eULL
#define VH_GUID_INITIATOR	0x001175000077d708ULL
#define VH_GUID_OTHER		0x0011750000770000ULL
#define VH_GUID_SWITCH		0x00117500007700f0ULL
#define VH_CAP_MASK		0x07600868

unsigned int vh_hcas = 2;
module_param_named(hcas, vh_hcas, uint, 0444);
MODULE_PARM_DESC(hcas, "number of adapters");

static bool vh_use_switch;
module_param_named(switch, vh_use_switch, bool, 0444);
MODULE_PARM_DESC(switch, "connect all adapters to a switch instead of pairs");

static ulong vh_guid[VH_MAX_HCAS];
static int vh_guid_n;
module_param_array_named(guid, vh_guid, ulong, &vh_guid_n, 0444);
MODULE_PARM_DESC(guid, "node and port GUID of each adapter");

static ulong vh_sys_guid[VH_MAX_HCAS];
static int vh_sys_guid_n;
module_param_array_named(sys_guid, vh_sys_guid, ulong, &vh_sys_guid_n, 0444);
MODULE_PARM_DESC(sys_guid, "system image GUID of each adapter, default: its GUID");

static uint vh_cap[VH_MAX_HCAS];
static int vh_cap_n;
module_param_array_named(cap_mask, vh_cap, uint, &vh_cap_n, 0444);
MODULE_PARM_DESC(cap_mask, "base of the capability mask of each adapter");

static uint vh_refuse[VH_MAX_HCAS];
static int vh_refuse_n;
module_param_array_named(cap_fixed, vh_refuse, uint, &vh_refuse_n, 0444);
MODULE_PARM_DESC(cap_fixed, "capability bits that clients cannot change, per adapter");

unsigned int vh_no_cm;
module_param_named(no_cm, vh_no_cm, uint, 0444);
MODULE_PARM_DESC(no_cm, "mask of adapters without the kernel's IB CM, for programs that speak it themselves");

char *vh_name = "qib%d";
module_param_named(name, vh_name, charp, 0444);
MODULE_PARM_DESC(name, "name pattern of the adapters");

char *vh_hca_type = "InfiniPath_QLE7342";
module_param_named(hca_type, vh_hca_type, charp, 0444);
MODULE_PARM_DESC(hca_type, "hca_type in sysfs");

char *vh_board_id = "InfiniPath_QLE7342";
module_param_named(board_id, vh_board_id, charp, 0444);
MODULE_PARM_DESC(board_id, "board_id in sysfs");

char *vh_fw_ver = "";
module_param_named(fw_ver, vh_fw_ver, charp, 0444);
MODULE_PARM_DESC(fw_ver, "firmware version, empty for none");

unsigned int vh_vendor_id = 0x1175;
module_param_named(vendor_id, vh_vendor_id, uint, 0444);
MODULE_PARM_DESC(vendor_id, "vendor ID (OUI)");

unsigned int vh_part_id = 0x7322;
module_param_named(part_id, vh_part_id, uint, 0444);
MODULE_PARM_DESC(part_id, "device ID");

unsigned int vh_hw_rev = 2;
module_param_named(hw_rev, vh_hw_rev, uint, 0444);
MODULE_PARM_DESC(hw_rev, "hardware revision");

unsigned int vh_ack_timeout_max_ms = 100;
module_param_named(ack_timeout_max_ms, vh_ack_timeout_max_ms, uint, 0644);
MODULE_PARM_DESC(ack_timeout_max_ms,
		 "upper bound of the local ACK timeout, 0 for what was asked for");

unsigned int vh_trap_repeats = 10;
module_param_named(trap_repeats, vh_trap_repeats, uint, 0644);
MODULE_PARM_DESC(trap_repeats, "how often a trap is sent before giving up");

struct vh_node *vh_nodes[VH_MAX_HCAS];
struct vh_node *vh_switch_node;
struct workqueue_struct *vh_wq;

/* Serialises plug and unplug. */
static DEFINE_MUTEX(vh_plug_mutex);

int vh_plug(struct vh_node *node)
{
	struct vh_dev *dev;
	int ret = 0;

	mutex_lock(&vh_plug_mutex);
	if (rcu_access_pointer(node->dev)) {
		ret = -EEXIST;
	} else {
		dev = vh_dev_register(node);
		if (IS_ERR(dev))
			ret = PTR_ERR(dev);
	}
	mutex_unlock(&vh_plug_mutex);
	return ret;
}

int vh_unplug(struct vh_node *node)
{
	struct vh_dev *dev;
	int ret = -ENODEV;

	mutex_lock(&vh_plug_mutex);
	dev = rcu_dereference_protected(node->dev,
					lockdep_is_held(&vh_plug_mutex));
	if (dev) {
		vh_dev_unregister(dev);
		ret = 0;
	}
	mutex_unlock(&vh_plug_mutex);
	return ret;
}

static u64 vh_default_guid(unsigned int i)
{
	if (i < vh_guid_n && vh_guid[i])
		return vh_guid[i];
	switch (i) {
	case 0:
		return VH_GUID_TARGET;
	case 1:
		return VH_GUID_INITIATOR;
	default:
		return VH_GUID_OTHER + i;
	}
}

static struct vh_node *vh_hca_alloc(unsigned int i)
{
	u64 guid = vh_default_guid(i);
	u64 sys = i < vh_sys_guid_n && vh_sys_guid[i] ? vh_sys_guid[i] : guid;
	struct vh_node *node;

	node = vh_node_alloc(RDMA_NODE_IB_CA, i, 1, guid, sys);
	if (!node)
		return NULL;
	node->port[1].cap_base = i < vh_cap_n ? vh_cap[i] : VH_CAP_MASK;
	node->port[1].cap_refused = i < vh_refuse_n ? vh_refuse[i] : 0;
	snprintf(node->desc, sizeof(node->desc), "%.32s HCA-%u",
		 init_utsname()->nodename, i + 1);
	return node;
}

static void vh_free_all(void)
{
	unsigned int i;

	for (i = 0; i < vh_hcas; i++) {
		vh_node_free(vh_nodes[i]);
		vh_nodes[i] = NULL;
	}
	vh_switch_free(vh_switch_node);
	vh_switch_node = NULL;
	destroy_workqueue(vh_wq);
}

static int vh_cable_all(void)
{
	unsigned int i;

	if (!vh_use_switch) {
		for (i = 0; i + 1 < vh_hcas; i += 2)
			vh_connect(&vh_nodes[i]->port[1],
				   &vh_nodes[i + 1]->port[1]);
		return 0;
	}
	vh_switch_node = vh_switch_alloc(vh_hcas, VH_GUID_SWITCH);
	if (!vh_switch_node)
		return -ENOMEM;
	for (i = 0; i < vh_hcas; i++) {
		struct vh_port *port = &vh_switch_node->port[i + 1];

		port->present = true;
		vh_connect(port, &vh_nodes[i]->port[1]);
	}
	return 0;
}

static int __init vh_init(void)
{
	unsigned int i;
	int ret;

	if (!vh_hcas || vh_hcas > VH_MAX_HCAS)
		return -EINVAL;
	vh_wq = alloc_workqueue("vhca", 0, 0);
	if (!vh_wq)
		return -ENOMEM;
	ret = -ENOMEM;
	for (i = 0; i < vh_hcas; i++) {
		vh_nodes[i] = vh_hca_alloc(i);
		if (!vh_nodes[i])
			goto free;
	}
	ret = vh_cable_all();
	if (ret)
		goto free;
	vh_knobs_init();
	for (i = 0; i < vh_hcas; i++) {
		ret = vh_plug(vh_nodes[i]);
		if (ret)
			goto unplug;
	}
	return 0;

unplug:
	while (i--)
		vh_unplug(vh_nodes[i]);
	vh_knobs_exit();
free:
	vh_free_all();
	return ret;
}

static void __exit vh_exit(void)
{
	unsigned int i;

	/* First the knobs, whoever writes to them holds the module anyway. */
	for (i = 0; i < vh_hcas; i++)
		vh_unplug(vh_nodes[i]);
	vh_knobs_exit();
	vh_pkt_flush();
	vh_free_all();
}

module_init(vh_init);
module_exit(vh_exit);
MODULE_DESCRIPTION("Virtual InfiniBand adapters for tests");
MODULE_LICENSE("GPL");
