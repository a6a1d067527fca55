// SPDX-License-Identifier: GPL-2.0
/* The false Xen's knobs, and what it has to say at a test's end. */
#include "xen.h"

struct fake_xen xen;
DEFINE_SPINLOCK(xen_lock);

static char wrong[160];

void xen_wrong_locked(const char *fmt, ...)
{
	va_list args;

	if (wrong[0])
		return;
	va_start(args, fmt);
	vsnprintf(wrong, sizeof(wrong), fmt, args);
	va_end(args);
}

void xen_wrong(const char *fmt, ...)
{
	unsigned long flags;
	va_list args;

	spin_lock_irqsave(&xen_lock, flags);
	if (!wrong[0]) {
		va_start(args, fmt);
		vsnprintf(wrong, sizeof(wrong), fmt, args);
		va_end(args);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
}

bool xen_due(unsigned int *knob)
{
	return *knob && --*knob == 0;
}

void xen_reset(void)
{
	xen = (struct fake_xen){
		.pages_budget = -1,
		.grants_budget = -1,
		.map_op_status = GNTST_general_error,
	};
	wrong[0] = '\0';
}

const char *xen_verdict(void)
{
	if (wrong[0])
		return wrong;
	if (xen.nr_mapped)
		return "pages are mapped still";
	if (xen.nr_rings || xen.nr_ring_maps)
		return "a ring is mapped still";
	if (xen.nr_ring_pages)
		return "pages of a ring were not given back";
	if (xen.nr_pages)
		return "pages of the backend were not given back";
	if (atomic_read(&xen.nr_objects))
		return "objects of the backend were not given back";
	if (xen.nr_granted)
		return "grants were not given back";
	if (xen.nr_bound)
		return "an event channel is bound still";
	return NULL;
}
