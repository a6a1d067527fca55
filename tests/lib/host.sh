# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts need of the machine they run on: packages, and roots of other
# Debian suites made with mmdebstrap.  Sourced after common.sh.

# host_packages PACKAGE...: install those that are missing.
host_packages()
{
	local p missing=()

	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	[ "$(id -u)" -eq 0 ] || die "these packages are missing and only root can install them: ${missing[*]}"
	# Scripts that run side by side may want packages at the same time.
	step "installing ${missing[*]}" "$XENBLK_OUT/apt.log" \
		flock "$XENBLK_CACHE/.apt.lock" bash -c "$(declare -f host_install); host_install \"\$@\"" \
		host_install "${missing[@]}"
}

host_install()
{
	export DEBIAN_FRONTEND=noninteractive
	apt-get -o DPkg::Lock::Timeout=300 update &&
		apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

# host_sources SUITE...: apt sources for other suites of Debian, on standard
# output.  Where packages come from is the machine's own apt configuration's to
# say: the archive that has its release is asked for the others.
host_sources()
{
	local codename uri suite

	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # the variables are apt's
	uri=$(apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(CREATED_BY)' |
		awk -F'|' -v r="$codename" '$2 == r && $3 == "main" && $4 == "Packages" { print $1; exit }')
	[ -n "$uri" ] || die "apt knows no archive for $codename; run 'apt-get update' and look at /etc/apt/sources.list"
	for suite in "$@"; do
		printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$uri" "$suite"
	done
}

# host_apt_options: options of mmdebstrap, one for each line, that have the new root's
# packages fetched as the machine's are (through a proxy, from an old snapshot).
host_apt_options()
{
	apt-config dump | grep -E '^Acquire::(Check-|Retries|ForceIPv|https?(::| ))' |
		sed 's/;$//; s/^/--aptopt=/'
}
