/* SPDX-License-Identifier: GPL-2.0 */
/* The fields whose names are the same on both sides; statements, not guarded. */
OFFSET("rw", REQUEST(rw), operation);
OFFSET("rw", REQUEST(rw), nr_segments);
OFFSET("rw", REQUEST(rw), handle);
OFFSET("rw", REQUEST(rw), id);
OFFSET("rw", REQUEST(rw), sector_number);
OFFSET("rw", REQUEST(rw), seg);
OFFSET("discard", REQUEST(discard), operation);
OFFSET("discard", REQUEST(discard), flag);
OFFSET("discard", REQUEST(discard), handle);
OFFSET("discard", REQUEST(discard), id);
OFFSET("discard", REQUEST(discard), sector_number);
OFFSET("discard", REQUEST(discard), nr_sectors);
OFFSET("indirect", REQUEST(indirect), operation);
OFFSET("indirect", REQUEST(indirect), indirect_op);
OFFSET("indirect", REQUEST(indirect), nr_segments);
OFFSET("indirect", REQUEST(indirect), id);
OFFSET("indirect", REQUEST(indirect), sector_number);
OFFSET("indirect", REQUEST(indirect), handle);
OFFSET("indirect", REQUEST(indirect), indirect_grefs);
OFFSET("response", REQUEST(response), id);
OFFSET("response", REQUEST(response), operation);
OFFSET("response", REQUEST(response), status);
