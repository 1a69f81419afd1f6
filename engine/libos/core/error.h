/* SPDX-License-Identifier: MIT */
/*
 * Error numbers inside the libos: those that schema/services.capnp's services
 * carry in word 0 of a failed answer. Functions return them negative. A face
 * whose numbers differ translates at its edge.
 */
#ifndef LIBOS_ERROR_H
#define LIBOS_ERROR_H

enum libos_error {
    E_PERM = 1,
    E_NOENT = 2,
    E_SRCH = 3,
    E_INTR = 4,
    E_IO = 5,
    E_NXIO = 6,
    E_2BIG = 7,
    E_NOEXEC = 8,
    E_BADF = 9,
    E_CHILD = 10,
    E_AGAIN = 11,
    E_NOMEM = 12,
    E_ACCES = 13,
    E_FAULT = 14,
    E_BUSY = 16,
    E_EXIST = 17,
    E_XDEV = 18,
    E_NODEV = 19,
    E_NOTDIR = 20,
    E_ISDIR = 21,
    E_INVAL = 22,
    E_MFILE = 24,
    E_NOTTY = 25,
    E_FBIG = 27,
    E_NOSPC = 28,
    E_SPIPE = 29,
    E_ROFS = 30,
    E_PIPE = 32,
    E_DOM = 33,
    E_RANGE = 34,
    E_NAMETOOLONG = 36,
    E_NOSYS = 38,
    E_NOTEMPTY = 39,
    E_LOOP = 40,
    E_NODATA = 61,
    E_OVERFLOW = 75,
    E_NOTSOCK = 88,
    E_OPNOTSUPP = 95,
    E_NOBUFS = 105,
    E_TIMEDOUT = 110,

    /* A signal handler is due and the wait must end for it. The face says what
     * the program sees: Restart begins the call anew where the handler wants
     * that, Interrupted never does. */
    E_RESTART = 512,
};

#endif
