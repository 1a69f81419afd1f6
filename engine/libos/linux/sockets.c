/* SPDX-License-Identifier: MIT */
/*
 * What is asked of sockets. There are none yet (socket and socketpair are not there), so
 * whatever descriptor it is asked of is open, and no socket; or it is not open.
 */
#include "face.h"

#define ASKED_OF_SOCKETS(X) \
    X(connect) X(accept) X(sendto) X(recvfrom) X(sendmsg) X(recvmsg) X(shutdown) X(bind) \
    X(listen) X(getsockname) X(getpeername) X(setsockopt) X(getsockopt) X(accept4)

#define DEFINE(name) \
    int64_t call_##name(const struct call *c) \
    { \
        return descriptor_is_open(c->a) ? -E_NOTSOCK : -E_BADF; \
    }
ASKED_OF_SOCKETS(DEFINE)
