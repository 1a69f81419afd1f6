# SPDX-License-Identifier: MIT
# kernel.ld for an image with compiler's tables in it (build.mk).
/^    \.bss :/i\
    .init_array : AT(ADDR(.init_array) - KERNEL_BASE) {\
        sanitizer_constructors = .; KEEP(*(.init_array .init_array.*))\
        sanitizer_constructors_end = .; } :data\
    __sancov_bools : AT(ADDR(__sancov_bools) - KERNEL_BASE) {\
        coverage_bools = .; *(__sancov_bools) coverage_bools_end = .; } :data\
    __sancov_pcs : AT(ADDR(__sancov_pcs) - KERNEL_BASE) {\
        coverage_places = .; *(__sancov_pcs) } :data
