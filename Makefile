# SPDX-License-Identifier: GPL-2.0
#
# What a person types.  The kernel's build reads Kbuild, not this file.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
INSTALL_MOD_DIR ?= updates

kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR)
# The kernel that KDIR builds for, which need not be the one that runs.
release = $(shell cat $(KDIR)/include/config/kernel.release)
installed = $(INSTALL_MOD_PATH)/lib/modules/$(release)/$(INSTALL_MOD_DIR)
# Kbuild's own depmod wants a System.map, which no package of headers has.
depmod = depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(release)

all: modules

modules clean:
	+$(kbuild) $@

# Under updates/, where depmod prefers them to the kernel's own pair; with the hook that
# has an initramfs prefer them, too.
install: modules
	+$(kbuild) INSTALL_MOD_DIR=$(INSTALL_MOD_DIR) modules_install
	$(depmod)
	scripts/place-initramfs-hook $(INSTALL_MOD_PATH)

uninstall:
	rm -f $(installed)/blkfront/xen-blkfront.ko* \
	      $(installed)/blkback/xen-blkback.ko*
	-rmdir --ignore-fail-on-non-empty $(installed)/blkfront $(installed)/blkback
	$(depmod)
	scripts/place-initramfs-hook $(INSTALL_MOD_PATH)

# The Debian packages, in build/.
deb:
	scripts/deb

# Into a kernel's source, as drivers/block/xenblk/.
in-tree:
	$(if $(KSRC),,$(error give the kernel's source: make in-tree KSRC=/path/to/linux))
	scripts/in-tree $(KSRC)

demo:
	+tests/demo/run

check:
	+tests/check

check-fast:
	+tests/check-fast

check-long:
	+tests/check-long

bench:
	+tests/bench/run

.PHONY: all modules clean install uninstall deb in-tree demo check check-fast \
	check-long bench
