// SPDX-License-Identifier: GPL-2.0
/*
 * Load and unload: an ordered list and its exact reverse.
 */
#include "log.h"

#include <linux/init.h>
#include <linux/module.h>

#include "channel.h"
#include "params.h"
#include "version.h"

static int __init srpt_init(void)
{
	int ret;

	ret = srpt_login_init();
	if (ret)
		return ret;
	ret = srpt_poll_init();
	if (ret)
		goto exit_login;
	ret = srpt_netlink_init();
	if (ret)
		goto exit_poll;
	ret = target_register_template(&srpt_fabric_ops);
	if (ret)
		goto exit_netlink;
	ret = srpt_device_init();
	if (ret)
		goto exit_template;
	ret = srpt_cm_rdma_init();
	if (ret)
		goto exit_device;
	srpt_params_start();
	return 0;

exit_device:
	srpt_device_exit();
exit_template:
	target_unregister_template(&srpt_fabric_ops);
exit_netlink:
	srpt_netlink_exit();
exit_poll:
	srpt_poll_exit();
exit_login:
	srpt_login_exit();
	return ret;
}

static void __exit srpt_exit(void)
{
	srpt_params_stop();
	srpt_cm_rdma_exit();
	srpt_device_exit();
	target_unregister_template(&srpt_fabric_ops);
	srpt_netlink_exit();
	srpt_poll_exit();
	srpt_login_exit();
}

module_init(srpt_init);
module_exit(srpt_exit);

MODULE_DESCRIPTION("SCSI RDMA Protocol target");
MODULE_LICENSE("GPL");
MODULE_VERSION(SRPT_VERSION);
