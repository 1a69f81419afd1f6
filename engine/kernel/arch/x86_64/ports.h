/* SPDX-License-Identifier: MIT */
/*
 * The instructions for ports, which the 32-bit code that runs first (early.c) has too.
 */
#pragma once

#include <stdint.h>

static inline uint32_t arch_port_in(uint16_t port, unsigned width)
{
    uint32_t value = 0;

    switch (width) {
    case 1: __asm__ volatile("inb %1, %b0" : "+a"(value) : "Nd"(port)); break;
    case 2: __asm__ volatile("inw %1, %w0" : "+a"(value) : "Nd"(port)); break;
    default: __asm__ volatile("inl %1, %0" : "+a"(value) : "Nd"(port));
    }
    return value;
}

static inline void arch_port_out(uint16_t port, unsigned width, uint32_t value)
{
    switch (width) {
    case 1: __asm__ volatile("outb %b0, %1" ::"a"(value), "Nd"(port)); break;
    case 2: __asm__ volatile("outw %w0, %1" ::"a"(value), "Nd"(port)); break;
    default: __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
    }
}
