# SPDX-License-Identifier: GPL-2.0
#
# What a person types.  The kernel's build reads Kbuild, not this file.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
INSTALL_MOD_DIR ?= updates

kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR)

all: modules

modules clean:
	+$(kbuild) $@

# Under updates/, where depmod prefers them to the kernel's own pair.
install: modules
	+$(kbuild) INSTALL_MOD_DIR=$(INSTALL_MOD_DIR) modules_install

uninstall:
	rm -f $(INSTALL_MOD_PATH)/lib/modules/$(KVER)/$(INSTALL_MOD_DIR)/blkfront/xen-blkfront.ko* \
	      $(INSTALL_MOD_PATH)/lib/modules/$(KVER)/$(INSTALL_MOD_DIR)/blkback/xen-blkback.ko*
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(KVER)

demo:
	+tests/demo/run

check:
	+tests/check

check-fast:
	+tests/check-fast

.PHONY: all modules clean install uninstall demo check check-fast
