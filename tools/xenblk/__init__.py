# SPDX-License-Identifier: GPL-2.0
"""What the programs of XenBlk share.  See Documentation/tools.md."""
