# SPDX-License-Identifier: GPL-2.0
#
# Reads a boot's console, then its results.log (from the first line "LOADED" or
# "SUITE" on); prints "ok|skip|unsteady|FAIL <tab> suite.case <tab> seconds <tab> why".
# The console is asked only how long a case took, and why it failed.
#
# A suite that failed ran three times more: a case that failed in one of the four runs, and
# passed in the others, is unsteady.

{ sub(/\r$/, "") }

/^(NOT)?LOADED / { in_results = 1 }

# The console: "[    1.234567]     ok 1 case", and what a failed case said.
!in_results {
	if (!match($0, /^(\(XEN\) )?\[ *[0-9]+\.[0-9]+\] /))
		next
	now = substr($0, 2, RLENGTH - 3) + 0
	line = substr($0, RLENGTH + 1)
	if (line ~ /^ +# Subtest: /) {
		if (line ~ /^    # /) {
			suite = line
			sub(/^ +# Subtest: /, "", suite)
		}
		last = now
	} else if (line ~ /^    (not )?ok [0-9]+ /) {
		split(line, word, " ")
		name = suite "." word[word[1] == "not" ? 4 : 3]
		took[name] = now - last
		last = now
	}
	next
}

/^SUITE / {
	close_suite()
	tell_suite()
}

/^AGAIN / {
	close_suite()
}

/^(SUITE|AGAIN) / {
	suite = $2
	planned = -1
	seen = 0
	bad_cases = 0
	done = 0
	next
}

/^    1\.\.[0-9]+/ {
	planned = substr($1, 4) + 0
	next
}

# What the first of them said, in one line.
/^ *# .*(EXPECTATION|ASSERTION) FAILED/ {
	saying = said == ""
	if (saying) {
		said = $0
		sub(/^ +# /, "", said)
	}
	next
}

saying && !/^    (not )?ok [0-9]+ / {
	line = $0
	sub(/^ +/, " ", line)
	said = said line
	saying = /^ *# / ? 0 : length(said) < 300
	next
}

/^    (not )?ok [0-9]+ / {
	seen++
	bad = ($1 == "not")
	bad_cases += bad
	name = suite "." $(bad ? 4 : 3)
	skip = match($0, /# SKIP/) ? substr($0, RSTART + 7) : ""
	if (bad)
		report("FAIL", name, said ? said : "failed")
	else if (/# SKIP/)
		report("skip", name, skip)
	else
		report("ok", name, "")
	said = ""
	saying = 0
	next
}

/^(not )?ok 1 / {
	done = 1
	if ($1 == "not" && !bad_cases)
		report("FAIL", suite, "failed, and none of its cases")
}

END {
	close_suite()
	tell_suite()
}

# Told when the suite has run as often as it will.
function report(how, name, why)
{
	if (!(name in kind))
		order[++cases] = name
	if (!(name in kind) || (how == "FAIL" && !failures[name])) {
		kind[name] = how
		reason[name] = why
	}
	failures[name] += how == "FAIL"
	successes[name] += how == "ok"
}

function tell_suite(i, name)
{
	for (i = 1; i <= cases; i++) {
		name = order[i]
		if (failures[name] == 1 && successes[name] == 3)
			kind[name] = "unsteady"
		printf "%s\t%s\t%d\t%s\n", kind[name], name,
		       took[name] + 0.5, reason[name]
	}
	cases = 0
	split("", kind)
	split("", failures)
	split("", successes)
}

function close_suite()
{
	if (suite == "" || !in_results || planned == "")
		return
	if (!done || seen != planned)
		report("FAIL", suite, "planned " planned " cases, ended " seen)
}
