/* SPDX-License-Identifier: MIT */
/*
 * Damaged modules in machines. The two checks, linked into the test, say beforehand
 * what a machine must say: the same refusal, word by word, or a system that is up.
 *
 * A system of services is up when init has started all that the manifest names and the
 * shell, if it can, has shown its prompt and obeys `exit`; a program has run when the
 * machine ends with its status. What init finds out only then (an account that is too
 * small, arguments that are too long) it refuses with the field's name as well.
 */
#ifndef TESTS_MANIFEST_BOOTS_H
#define TESTS_MANIFEST_BOOTS_H

/* Boot so many changes of a base that are accepted, and so many that are refused. */
int boot_changes(const char *base, unsigned accepted, unsigned refused);

/* Boot every change of every blob of the services' base. */
int boot_blobs(void);

#endif
