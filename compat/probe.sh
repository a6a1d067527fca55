#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# probe.sh DIR CC FLAGS...: for each DIR/<name>.c that compiles against the
# kernel, define COMPAT_HAVE_<NAME>.  Version numbers are not asked:
# distributions backport interfaces.

dir=$1
shift

for probe in "$dir"/*.c; do
	name=$(basename "$probe" .c | tr '[:lower:]' '[:upper:]')
	if "$@" -Werror -DKBUILD_MODNAME='"probe"' -DKBUILD_BASENAME='"probe"' \
		-c -o /dev/null "$probe" >/dev/null 2>&1; then
		echo "#define COMPAT_HAVE_$name 1"
	else
		echo "/* COMPAT_HAVE_$name is not set */"
	fi
done
