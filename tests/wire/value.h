/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VALUE(NAME, EXPRESSION): a line "->NAME EXPRESSION's value" in the assembler
 * output.  Nothing is linked or run, so that the 32-bit layouts need no 32-bit
 * libraries.
 */
#ifndef _WIRE_VALUE_H
#define _WIRE_VALUE_H

#include <stddef.h>

#define VALUE(name, value) \
	__asm__ volatile("\n->" name " %c0" : : "i" ((long)(value)))
#define OFFSET(name, type, field) \
	VALUE(name "." #field, offsetof(type, field))

#endif
