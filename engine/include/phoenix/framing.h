/* SPDX-License-Identifier: MIT */
/*
 * The serial protocol between a machine and the program that started it: what its
 * frames are called. A frame is { type: 1 byte, length: 2 bytes, little endian,
 * payload }; engine/lib/framing decodes them.
 */
#pragma once

#define FRAMING_HEADER_SIZE 3

/* What the machine sends. */
#define FRAMING_STDOUT 0x01
#define FRAMING_STDERR 0x02
#define FRAMING_LOG 0x10     /* a line of text, without newline */
#define FRAMING_EPITAPH 0x11 /* text: what was true when the kernel died */
#define FRAMING_EXIT 0x12    /* 4 bytes: status */
#define FRAMING_READY 0x13   /* first of all; payload FRAMING_MAGIC */
#define FRAMING_ASK 0x14     /* its host is to send FRAMING_TERMINAL once more */
#define FRAMING_MAGIC "PHX1"
#define FRAMING_GUEST_MAX 4096 /* bytes of payload */

/* What its host sends, once it saw FRAMING_READY. */
#define FRAMING_STDIN 0x00
#define FRAMING_STDIN_END 0x04 /* no payload */
#define FRAMING_CONTROL 0x05   /* 4 bytes: FRAMING_CONTROL_* */
#define FRAMING_TERMINAL 0x06  /* 5 bytes, sent first: in bits 0 to 2 which of stdin, stdout,
                                  stderr is a terminal; its columns and rows, 2 bytes each */
#define FRAMING_HOST_MAX 1024  /* bytes of payload */

#define FRAMING_CONTROL_HANGUP 1
#define FRAMING_CONTROL_INTERRUPT 2
#define FRAMING_CONTROL_TERMINATE 4
#define FRAMING_CONTROL_WINDOW 8
