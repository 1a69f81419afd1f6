/* SPDX-License-Identifier: MIT */
/*
 * Tests as sentences: TEST(region, children_are_disjoint, "in any order of
 * requests") { ... CHECK(...) ... } anywhere in a program that is linked with
 * main.c. Each runs alone, with the same random numbers whatever ran before it.
 *
 * The program prints `ok region.children_are_disjoint` or `FAIL
 * region.children_are_disjoint file:line what` for each and fails if one did. Its first
 * argument chooses tests by a part of their name, TEST_SEED another seed.
 */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
    const char *group, *name, *sentence;
    void (*run)(void);
};

/* The section holds pointers: a sanitizer would pad the structs themselves. */
#define TEST(group, name, sentence)                                                       \
    static void test_##group##_##name(void);                                              \
    static const struct test test_##group##_##name##_entry = {#group, #name, sentence,    \
                                                              test_##group##_##name};     \
    static const struct test *const test_##group##_##name##_pointer                       \
        __attribute__((section("tests"), used)) = &test_##group##_##name##_entry;         \
    static void test_##group##_##name(void)

/* A check that does not hold ends its test. */
#define CHECK(condition) \
    do { \
        if (!(condition)) \
            test_fail(__FILE__, __LINE__, "%s", #condition); \
    } while (0)

/* Two integers; their values are printed. */
#define CHECK_EQ(a, b) \
    do { \
        int64_t test_a = (int64_t)(a), test_b = (int64_t)(b); \
        if (test_a != test_b) \
            test_fail(__FILE__, __LINE__, "%s == %s (%#llx, %#llx)", #a, #b, \
                      (unsigned long long)test_a, (unsigned long long)test_b); \
    } while (0)

/* Two strings. */
#define CHECK_STR(a, b) test_check_str(__FILE__, __LINE__, a, b)

_Noreturn void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void test_check_str(const char *file, int line, const char *a, const char *b);

/* 64 random bits; a number below n (not 0). The seed is fixed and printed. */
uint64_t test_rand(void);
uint64_t test_below(uint64_t n);

#endif
