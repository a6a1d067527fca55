// SPDX-License-Identifier: GPL-2.0
/*
 * The false Xen's event channels, as both ports use them.
 *
 * An event calls its handler in hard interrupt context, and the next one waits
 * for the end of interrupt, however late that comes.
 */
#include <linux/irq_work.h>

#include "xen.h"
#include "../../../blkback/port.h"
#include "../../../blkfront/blkfront.h"

#define NR_CHANNELS	64
#define FIRST_IRQ	1000

struct end {
	bool bound;
	bool pending;
	bool in_service;
	bool closing;		/* brings no more events */
	irq_handler_t handler;
	void *data;
	int irq;
	const struct cpumask *cpus;
	struct irq_work work;
};

struct channel {
	bool taken;
	struct end end[2];	/* the frontend's, the backend's */
};

static struct channel channels[NR_CHANNELS];

static struct end *end_of(int irq)
{
	unsigned int n = irq - FIRST_IRQ;

	return n < 2 * NR_CHANNELS ? &channels[n / 2].end[n % 2] : NULL;
}

static struct end *other_end(const struct end *end)
{
	return end_of(((end->irq - FIRST_IRQ) ^ 1) + FIRST_IRQ);
}

static bool end_is_back(const struct end *end)
{
	return (end->irq - FIRST_IRQ) & 1;
}

static void end_event(struct irq_work *work)
{
	struct end *end = container_of(work, struct end, work);

	end->handler(end->irq, end->data);
}

/* Under xen_lock. */
static void end_deliver(struct end *end)
{
	if (!end->bound || end->closing || !end->pending || end->in_service)
		return;
	end->pending = false;
	end->in_service = true;
	irq_work_queue(&end->work);
}

static void end_send(struct end *end)
{
	end->pending = true;
	end_deliver(end);
}

static int end_bind(unsigned int port, unsigned int which,
		    irq_handler_t handler, void *data)
{
	struct end *end;

	if (!port || port >= NR_CHANNELS || !channels[port].taken ||
	    (which && !channels[port].end[0].bound))
		return -EINVAL;
	end = &channels[port].end[which];
	if (end->bound)
		return -EEXIST;
	memset(end, 0, sizeof(*end));
	end->irq = FIRST_IRQ + 2 * port + which;
	end->handler = handler;
	end->data = data;
	end->bound = true;
	end->work = IRQ_WORK_INIT(end_event);
	xen.nr_bound++;
	return end->irq;
}

static void end_unbind(int irq, void *data)
{
	struct end *end = end_of(irq);
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	if (!end || !end->bound || end->data != data) {
		xen_wrong_locked("interrupt %d was unbound while not bound",
				 irq);
		spin_unlock_irqrestore(&xen_lock, flags);
		return;
	}
	if (end->cpus)
		xen_wrong_locked("interrupt %d was unbound with a wish for CPUs",
				 irq);
	end->closing = true;
	spin_unlock_irqrestore(&xen_lock, flags);
	/* The handler, which may be on another CPU, has an end of interrupt yet. */
	irq_work_sync(&end->work);
	spin_lock_irqsave(&xen_lock, flags);
	end->bound = false;
	xen.nr_bound--;
	spin_unlock_irqrestore(&xen_lock, flags);
}

/* Under xen_lock: does the event of that end come to nothing? */
static bool end_loses(const struct end *end)
{
	unsigned int *knob = end_is_back(end) ? &xen.lose_notified :
						&xen.lose_kicks;

	if (*knob) {
		--*knob;
		return true;
	}
	return end_is_back(end) && xen.lose_every &&
	       xen.nr_notified % xen.lose_every == 0;
}

static void end_notify(int irq)
{
	struct end *end = end_of(irq);
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	if (!end || !end->bound) {
		xen_wrong_locked("an event was sent by interrupt %d, which is not bound",
				 irq);
	} else {
		if (end_is_back(end))
			xen.nr_notified++;
		if (!end_loses(end))
			end_send(other_end(end));
	}
	spin_unlock_irqrestore(&xen_lock, flags);
}

static void end_eoi(int irq, bool spurious)
{
	struct end *end = end_of(irq);
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	if (!end || !end->bound || !end->in_service) {
		xen_wrong_locked("end of interrupt %d, which had none", irq);
	} else {
		if (end_is_back(end))
			xen.nr_eoi[spurious]++;
		else
			xen.nr_front_eoi[spurious]++;
		end->in_service = false;
		end_deliver(end);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
}

/* Open a channel and bind the frontend's end of it. */
int xen_front_bind(u32 *port, irq_handler_t handler, void *data)
{
	unsigned long flags;
	int irq = -ENOSPC;

	spin_lock_irqsave(&xen_lock, flags);
	for (*port = 1; *port < NR_CHANNELS && channels[*port].taken; ++*port)
		;
	if (*port < NR_CHANNELS && !xen_due(&xen.fail_evtchn)) {
		channels[*port].taken = true;
		irq = end_bind(*port, 0, handler, data);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
	return irq;
}

/* A channel is free again when both have let go of it. */
static void end_close(int irq, void *data)
{
	struct channel *channel;
	unsigned long flags;

	end_unbind(irq, data);
	spin_lock_irqsave(&xen_lock, flags);
	channel = &channels[(irq - FIRST_IRQ) / 2];
	channel->taken = channel->end[0].bound || channel->end[1].bound;
	spin_unlock_irqrestore(&xen_lock, flags);
}

void xen_kick_back(u32 port)
{
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	end_send(&channels[port].end[1]);
	spin_unlock_irqrestore(&xen_lock, flags);
}

int blkback_port_bind(struct xenbus_device *xbdev, u32 event_channel,
		      irq_handler_t handler, void *data)
{
	unsigned long flags;
	int irq = -EINVAL;

	spin_lock_irqsave(&xen_lock, flags);
	if (!xen_due(&xen.fail_bind))
		irq = end_bind(event_channel, 1, handler, data);
	/* Xen makes an event pending when it binds to another domain's port. */
	if (irq > 0)
		end_send(end_of(irq));
	spin_unlock_irqrestore(&xen_lock, flags);
	/* Which may be seen to before the binding one knows the number. */
	usleep_range(1000, 2000);
	return irq;
}

void blkback_port_spread(int irq, unsigned int nth)
{
	xen.spread |= 1UL << nth % BITS_PER_LONG;
}

void blkback_port_unbind(int irq, void *data)
{
	end_close(irq, data);
}

void blkback_port_notify(int irq)
{
	end_notify(irq);
}

void blkback_port_eoi(int irq, bool spurious)
{
	end_eoi(irq, spurious);
}

int blkfront_port_event_bind(struct xenbus_device *xbdev, evtchn_port_t *evtchn,
			     irq_handler_t handler, void *data)
{
	return xen_front_bind(evtchn, handler, data);
}

void blkfront_port_event_unbind(unsigned int irq, void *data)
{
	end_close(irq, data);
}

void blkfront_port_event_spread(unsigned int irq, const struct cpumask *cpus)
{
	struct end *end = end_of(irq);

	if (!end || !end->bound)
		xen_wrong("interrupt %u was spread while not bound", irq);
	else
		end->cpus = cpus;
}

void blkfront_port_event_eoi(unsigned int irq, bool spurious)
{
	end_eoi(irq, spurious);
}

void blkfront_port_notify(unsigned int irq)
{
	end_notify(irq);
}
