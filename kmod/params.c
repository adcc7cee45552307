// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters. A value outside its range is refused with a line that
 * says which values are accepted, because "insmod: Invalid argument" does not.
 */
#include "log.h"

#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "params.h"
#include "srpt.h"

struct srpt_uint_range {
	unsigned int *value;
	unsigned int min;
	unsigned int max;
};

static int srpt_param_set_range(const char *val, const struct kernel_param *kp)
{
	const struct srpt_uint_range *range = kp->arg;
	unsigned int v;
	int ret;

	ret = kstrtouint(val, 0, &v);
	if (ret || v < range->min || v > range->max) {
		pr_err("parameter %s: '%.*s' refused, it takes a number from %u to %u.\n",
		       kp->name, (int)strcspn(val, "\n"), val, range->min,
		       range->max);
		return ret ?: -EINVAL;
	}
	WRITE_ONCE(*range->value, v);
	return 0;
}

static int srpt_param_get_range(char *buf, const struct kernel_param *kp)
{
	const struct srpt_uint_range *range = kp->arg;

	return sysfs_emit(buf, "%u\n", READ_ONCE(*range->value));
}

static const struct kernel_param_ops srpt_range_ops = {
	.set = srpt_param_set_range,
	.get = srpt_param_get_range,
};

/* The default takes what the Linux initiator asks for with immediate data
 * (68 bytes of command, 8192 of data) and thus also 255 descriptors without.
 */
unsigned int srpt_max_req_size = PROTO_IMM_DATA_OFFSET + PROTO_IMM_DATA_MAX;
static const struct srpt_uint_range srpt_max_req_range = {
	&srpt_max_req_size, PROTO_MIN_IT_IU_LEN, 65536,
};
module_param_cb(srp_max_req_size, &srpt_range_ops, (void *)&srpt_max_req_range,
		0444);
MODULE_PARM_DESC(srp_max_req_size,
		 "Largest SRP request accepted, in bytes (64-65536, default 8260).");

unsigned int srpt_srq_size = 4095;
static const struct srpt_uint_range srpt_srq_range = {
	&srpt_srq_size, 256, 65535,
};
module_param_cb(srpt_srq_size, &srpt_range_ops, (void *)&srpt_srq_range, 0444);
MODULE_PARM_DESC(srpt_srq_size,
		 "Receive buffers of the shared receive queue of an HCA (256-65535, default 4095).");

/* The service GUID may be written at any time until the first HCA has been
 * announced with one; initiators hold on to what they once discovered.
 */
u64 srpt_service_guid;

static int srpt_param_parse_guid(const char *val, u64 *guid)
{
	size_t len = strcspn(val, "\n");
	struct proto_ident id;

	if (!proto_ident_parse(val, len, &id)) {
		if (id.kind != PROTO_IDENT_GUID)
			return -EINVAL;
		*guid = proto_get_be64(id.id + 8);
		return 0;
	}
	/* as sysfs prints numbers: leading zeros left out */
	return kstrtou64(val, 16, guid);
}

static int srpt_param_set_guid(const char *val, const struct kernel_param *kp)
{
	u64 guid;
	int ret;

	ret = srpt_param_parse_guid(val, &guid);
	if (ret) {
		pr_err("parameter %s: '%.*s' refused, it takes 16 hex digits such as 0x001175000077dd7e or 0011:7500:0077:dd7e.\n",
		       kp->name, (int)strcspn(val, "\n"), val);
		return ret;
	}

	mutex_lock(&srpt_device_mutex);
	if (guid == srpt_service_guid) {
		ret = 0;
	} else if (list_empty(&srpt_devices)) {
		srpt_service_guid = guid;
		ret = 0;
	} else {
		pr_err("parameter %s: %016llx is in use by the HCAs present; load the module with %s=0x%016llx instead.\n",
		       kp->name, srpt_service_guid, kp->name, guid);
		ret = -EBUSY;
	}
	mutex_unlock(&srpt_device_mutex);
	return ret;
}

static int srpt_param_get_guid(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "0x%016llx\n", READ_ONCE(srpt_service_guid));
}

static const struct kernel_param_ops srpt_guid_ops = {
	.set = srpt_param_set_guid,
	.get = srpt_param_get_guid,
};
module_param_cb(srpt_service_guid, &srpt_guid_ops, NULL, 0644);
MODULE_PARM_DESC(srpt_service_guid,
		 "GUID announced as I/O controller GUID, id_ext and service ID (default: the node GUID of the first HCA).");

/* While the module is being loaded there is nothing yet that could listen:
 * the value waits here for srpt_params_start().
 */
static DEFINE_MUTEX(srpt_cm_port_mutex);
static u16 srpt_cm_port_wanted;
static bool srpt_params_started;

static int srpt_param_set_cm_port(const char *val, const struct kernel_param *kp)
{
	u16 port;
	int ret;

	ret = kstrtou16(val, 0, &port);
	if (ret) {
		pr_err("parameter %s: '%.*s' refused, it takes a port number from 1 to 65535, or 0 to stop listening.\n",
		       kp->name, (int)strcspn(val, "\n"), val);
		return ret;
	}

	mutex_lock(&srpt_cm_port_mutex);
	if (srpt_params_started)
		ret = srpt_rdma_cm_set_port(port);
	else
		srpt_cm_port_wanted = port;
	mutex_unlock(&srpt_cm_port_mutex);
	return ret;
}

static int srpt_param_get_cm_port(char *buf, const struct kernel_param *kp)
{
	u16 port;

	mutex_lock(&srpt_cm_port_mutex);
	port = srpt_params_started ? srpt_rdma_cm_get_port() :
				     srpt_cm_port_wanted;
	mutex_unlock(&srpt_cm_port_mutex);
	return sysfs_emit(buf, "%u\n", port);
}

static const struct kernel_param_ops srpt_cm_port_ops = {
	.set = srpt_param_set_cm_port,
	.get = srpt_param_get_cm_port,
};
module_param_cb(rdma_cm_port, &srpt_cm_port_ops, NULL, 0644);
MODULE_PARM_DESC(rdma_cm_port,
		 "Port on which RDMA CM logins are accepted (0: none, the default).");

/**
 * srpt_params_start - apply the parameters that need a running module
 *
 * To be called once the RDMA CM listener can be started. A port that cannot
 * be listened on does not keep the module from loading: IB CM still works, and
 * the port can be set again.
 */
void srpt_params_start(void)
{
	mutex_lock(&srpt_cm_port_mutex);
	srpt_params_started = true;
	if (srpt_cm_port_wanted && srpt_rdma_cm_set_port(srpt_cm_port_wanted))
		pr_err("parameter rdma_cm_port: cannot listen on port %u; write another one to target/srpt/discovery_auth/rdma_cm_port.\n",
		       srpt_cm_port_wanted);
	mutex_unlock(&srpt_cm_port_mutex);
}

/**
 * srpt_params_stop - from now on a port written is only kept
 *
 * To be called before the RDMA CM listener is taken down for good.
 */
void srpt_params_stop(void)
{
	mutex_lock(&srpt_cm_port_mutex);
	srpt_params_started = false;
	srpt_cm_port_wanted = 0;
	mutex_unlock(&srpt_cm_port_mutex);
}
