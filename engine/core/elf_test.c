/* SPDX-License-Identifier: MIT */
#include "elf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tests/harness/test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- a small program, by the specification's own offsets ------------------ */

#define IMAGE_SIZE 0x1800
#define INTERPRETER 0x800 /* "/" is there */

enum { E_CLASS = 4, E_DATA = 5, E_IDENT_VERSION = 6, E_OSABI = 7, E_TYPE = 16, E_MACHINE = 18,
       E_VERSION = 20, E_ENTRY = 24, E_PHOFF = 32, E_PHENTSIZE = 54, E_PHNUM = 56 };
enum { P_TYPE = 0, P_FLAGS = 4, P_OFFSET = 8, P_VADDR = 16, P_FILESZ = 32, P_MEMSZ = 40,
       P_ALIGN = 48 };
#define PH(index, field) (64 + 56 * (index) + (field))

/* What the image's program headers are. */
enum { TEXT, DATA, TLS, STACK, RELRO, SPARE, PHDRS };

struct edit {
    unsigned at, bytes; /* 0 bytes: none */
    uint64_t value;
};

static void put(uint8_t *image, unsigned at, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        image[at + i] = (uint8_t)(value >> 8 * i);
}

static void put_phdr(uint8_t *image, unsigned index, uint32_t type, uint32_t flags,
                     uint64_t offset, uint64_t address, uint64_t file_size, uint64_t memory_size,
                     uint64_t align)
{
    put(image, PH(index, P_TYPE), 4, type);
    put(image, PH(index, P_FLAGS), 4, flags);
    put(image, PH(index, P_OFFSET), 8, offset);
    put(image, PH(index, P_VADDR), 8, address);
    put(image, PH(index, P_FILESZ), 8, file_size);
    put(image, PH(index, P_MEMSZ), 8, memory_size);
    put(image, PH(index, P_ALIGN), 8, align);
}

static uint8_t *new_image(void)
{
    uint8_t *image = calloc(1, IMAGE_SIZE);

    memcpy(image, "\177ELF\2\1\1\3", 8);
    put(image, E_TYPE, 2, 2);
    put(image, E_MACHINE, 2, 62);
    put(image, E_VERSION, 4, 1);
    put(image, E_ENTRY, 8, 0x400200);
    put(image, E_PHOFF, 8, 64);
    put(image, E_PHENTSIZE, 2, 56);
    put(image, E_PHNUM, 2, PHDRS);
    put_phdr(image, TEXT, 1, 5, 0, 0x400000, 0x1000, 0x1000, 0x1000);
    put_phdr(image, DATA, 1, 6, 0x1010, 0x402010, 0x700, 0x2000, 0x1000);
    put_phdr(image, TLS, 7, 4, 0x1010, 0x402010, 0x10, 0x48, 0x20);
    put_phdr(image, STACK, 0x6474e551, 6, 0, 0, 0, 0, 16);
    put_phdr(image, RELRO, 0x6474e552, 4, 0x1010, 0x402010, 0x700, 0xff0, 1);
    memcpy(image + INTERPRETER, "/\0xx", 4);
    return image;
}

static enum elf_error check_edited(const struct edit *edits, size_t count, struct elf_info *info)
{
    uint8_t *image = new_image();
    enum elf_error error;

    for (size_t i = 0; i < count; i++)
        put(image, edits[i].at, edits[i].bytes, edits[i].value);
    error = elf_check(image, IMAGE_SIZE, info);
    free(image);
    info->image = NULL;
    return error;
}

/* --- what is accepted ----------------------------------------------------- */

TEST(elf, a_small_program_is_read_as_it_was_written, "every field of it")
{
    uint8_t *image = new_image();
    struct elf_info info;
    struct elf_segment at;

    CHECK_EQ(elf_check(image, IMAGE_SIZE, &info), ELF_OK);
    CHECK(info.entry == 0x400200 && info.low == 0x400000 && info.high == 0x405000);
    CHECK(info.phdr_offset == 64 && info.phdr_address == 0x400040 && info.phdr_count == PHDRS);
    CHECK(info.segment_count == 2 && info.align == 0x1000 && info.os_abi == 3);
    CHECK(!info.relocatable && !info.write_execute && !info.execute_stack && !info.shared_page);
    CHECK(info.tls.address == 0x402010 && info.tls.file_size == 0x10);
    CHECK(info.tls.memory_size == 0x48 && info.tls.align == 0x20 && info.tls.offset == 0x1010);
    CHECK(info.relro.address == 0x402010 && info.relro.memory_size == 0xff0);
    CHECK(info.interpreter.file_size == 0);
    CHECK(elf_segment(&info, 0, &at));
    CHECK(at.address == 0x400000 && at.flags == (ELF_READ | ELF_EXECUTE));
    CHECK(elf_segment(&info, 1, &at));
    CHECK(at.address == 0x402010 && at.offset == 0x1010 && at.file_size == 0x700);
    CHECK(at.memory_size == 0x2000 && at.flags == (ELF_READ | ELF_WRITE));
    CHECK(!elf_segment(&info, 2, &at) && !elf_segment(&info, UINT32_MAX, &at));
    free(image);
}

TEST(elf, what_a_loader_may_refuse_is_reported, "as flags, not as errors")
{
    struct elf_info info;
    const struct edit wx[] = {{PH(DATA, P_FLAGS), 4, 7}};
    const struct edit stack[] = {{PH(STACK, P_FLAGS), 4, 7}};
    const struct edit pie[] = {{E_TYPE, 2, 3}, {PH(TEXT, P_ALIGN), 8, 0x200000}};
    const struct edit shared[] = {{PH(DATA, P_VADDR), 8, 0x401010}, {PH(TEXT, P_MEMSZ), 8, 0x1010},
                                  {PH(TLS, P_MEMSZ), 8, 0}, {PH(RELRO, P_MEMSZ), 8, 0}};
    const struct edit relro[] = {{PH(RELRO, P_VADDR), 8, 0x401000}};
    const struct edit relro_page[] = {{PH(RELRO, P_MEMSZ), 8, 0x2ff0}};
    const struct edit relro_more[] = {{PH(RELRO, P_MEMSZ), 8, 0x2ff1}};
    const struct edit empty[] = {{PH(SPARE, P_TYPE), 4, 1}, {PH(SPARE, P_VADDR), 8, 0x1000}};

    CHECK(check_edited(wx, 1, &info) == ELF_OK && info.write_execute);
    CHECK(check_edited(stack, 1, &info) == ELF_OK && info.execute_stack);
    CHECK(check_edited(pie, 2, &info) == ELF_OK && info.relocatable && info.align == 0x200000);
    CHECK(check_edited(shared, 4, &info) == ELF_OK && info.shared_page);
    CHECK(info.tls.memory_size == 0 && info.relro.memory_size == 0);
    CHECK(check_edited(relro, 1, &info) == ELF_OK && info.relro.memory_size == 0);
    CHECK(check_edited(relro_page, 1, &info) == ELF_OK && info.relro.memory_size == 0x2ff0);
    CHECK(check_edited(relro_more, 1, &info) == ELF_OK && info.relro.memory_size == 0);
    CHECK(check_edited(empty, 2, &info) == ELF_OK && info.segment_count == 2);
}

TEST(elf, the_program_headers_are_found_in_memory, "where some segment has all of them")
{
    const uint64_t size = 56 * PHDRS;
    /* Where they are in the file, and how much of it the data segment has. */
    const struct {
        uint64_t offset, file_size, address;
    } places[] = {{0x1010, size, 0x402010},      {0x1010, size - 1, 0},
                  {0x1100, 0xf0 + size, 0x402100}, {0x1100, 0xf0 + size - 1, 0},
                  {0x1008, 0x700, 0}};

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        uint8_t *image = new_image();
        struct elf_info info;

        put(image, PH(DATA, P_FILESZ), 8, places[i].file_size);
        put(image, E_PHOFF, 8, places[i].offset);
        memcpy(image + places[i].offset, image + 64, size);
        CHECK_EQ(elf_check(image, IMAGE_SIZE, &info), ELF_OK);
        CHECK_EQ(info.phdr_address, places[i].address);
        free(image);
    }
}

TEST(elf, as_many_headers_as_linux_takes, "and not one more")
{
    const size_t size = 64 + 56 * 1171;
    uint8_t *small = new_image(), *image = calloc(1, size);
    struct elf_info info;

    memcpy(image, small, IMAGE_SIZE);
    memset(image + INTERPRETER, 0, 4);
    put(image, E_PHNUM, 2, 1170);
    CHECK_EQ(elf_check(image, size, &info), ELF_OK);
    put(image, E_PHNUM, 2, 1171);
    CHECK_EQ(elf_check(image, size, &info), ELF_BAD_PROGRAM_HEADERS);
    free(image);
    free(small);
}

TEST(elf, this_very_program_is_read_as_linux_read_it, "entry, headers and interpreter")
{
    int file = open("/proc/self/exe", O_RDONLY);
    struct stat status;
    struct elf_info info;
    uint64_t bias;
    void *image;

    CHECK(file >= 0 && fstat(file, &status) == 0);
    image = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    CHECK(image != MAP_FAILED);
    CHECK_EQ(elf_check(image, (uint64_t)status.st_size, &info), ELF_DYNAMIC);
    bias = getauxval(AT_ENTRY) - info.entry;
    CHECK(bias % info.align == 0);
    CHECK_EQ(info.phdr_address + bias, getauxval(AT_PHDR));
    CHECK_EQ(info.phdr_count, getauxval(AT_PHNUM));
    CHECK_STR((const char *)image + info.interpreter.offset, "/lib64/ld-linux-x86-64.so.2");
    CHECK_EQ(LLVMFuzzerTestOneInput(image, (size_t)status.st_size), 0);
    munmap(image, (size_t)status.st_size);
    close(file);
}

/* --- what is refused, each just beyond what is not ------------------------- */

#define TOP 0x7ffffffff000 /* first address that no program may use */

static const struct {
    enum elf_error error;
    struct edit edits[3];
} cases[] = {
    {ELF_BAD_MAGIC, {{3, 1, 'f'}}},
    {ELF_NOT_64_BIT, {{E_CLASS, 1, 1}}},
    {ELF_NOT_LITTLE_ENDIAN, {{E_DATA, 1, 2}}},
    {ELF_BAD_VERSION, {{E_IDENT_VERSION, 1, 0}}},
    {ELF_BAD_VERSION, {{E_VERSION, 4, 2}}},
    {ELF_NOT_X86_64, {{E_MACHINE, 2, 183}}},
    {ELF_NOT_EXECUTABLE, {{E_TYPE, 2, 1}}},
    {ELF_NOT_EXECUTABLE, {{E_TYPE, 2, 4}}},
    {ELF_BAD_PROGRAM_HEADERS, {{E_PHENTSIZE, 2, 57}}},
    {ELF_BAD_PROGRAM_HEADERS, {{E_PHNUM, 2, 0}}},
    {ELF_BAD_PROGRAM_HEADERS, {{E_PHNUM, 2, 0xffff}}},
    {ELF_BAD_PROGRAM_HEADERS, {{E_PHOFF, 8, IMAGE_SIZE - 56 * PHDRS + 1}}},
    {ELF_BAD_PROGRAM_HEADERS, {{E_PHOFF, 8, UINT64_MAX}}},
    {ELF_NO_SEGMENTS, {{E_PHOFF, 8, IMAGE_SIZE - 56 * PHDRS}}},
    {ELF_NO_SEGMENTS, {{PH(TEXT, P_TYPE), 4, 0}, {PH(DATA, P_TYPE), 4, 0}}},
    {ELF_BAD_SEGMENT_SIZE, {{PH(TEXT, P_MEMSZ), 8, 0xfff}}},
    {ELF_OK, {{PH(DATA, P_FILESZ), 8, IMAGE_SIZE - 0x1010}}},
    {ELF_SEGMENT_OUTSIDE_FILE, {{PH(DATA, P_FILESZ), 8, IMAGE_SIZE - 0x100f}}},
    {ELF_SEGMENT_OUTSIDE_FILE, {{PH(DATA, P_OFFSET), 8, UINT64_MAX - 0xfef}}},
    {ELF_OK, {{PH(DATA, P_MEMSZ), 8, TOP - 0x402010}}},
    {ELF_SEGMENT_OUTSIDE_MEMORY, {{PH(DATA, P_MEMSZ), 8, TOP - 0x40200f}}},
    {ELF_SEGMENT_OUTSIDE_MEMORY, {{PH(DATA, P_MEMSZ), 8, UINT64_MAX - 0x402010}}},
    {ELF_SEGMENT_OUTSIDE_MEMORY, {{PH(DATA, P_VADDR), 8, 0xffffffff80000010}}},
    {ELF_BAD_ALIGNMENT, {{PH(DATA, P_ALIGN), 8, 0x1800}}},
    {ELF_BAD_ALIGNMENT, {{PH(DATA, P_VADDR), 8, 0x402011}}},
    {ELF_OK, {{PH(DATA, P_ALIGN), 8, 0}}},
    {ELF_OK, {{PH(DATA, P_ALIGN), 8, 1}}},
    {ELF_OK, {{PH(DATA, P_FILESZ), 8, 0}, {PH(DATA, P_OFFSET), 8, IMAGE_SIZE}}},
    {ELF_SEGMENT_OUTSIDE_FILE,
     {{PH(DATA, P_FILESZ), 8, 0}, {PH(DATA, P_OFFSET), 8, IMAGE_SIZE + 1}}},
    {ELF_OK, {{PH(TEXT, P_MEMSZ), 8, 0x2010}}},
    {ELF_OVERLAP, {{PH(TEXT, P_MEMSZ), 8, 0x2011}}},
    {ELF_OVERLAP, {{PH(DATA, P_VADDR), 8, 0x3ff010}}},
    {ELF_OK, {{E_ENTRY, 8, 0x400fff}}},
    {ELF_OK, {{E_ENTRY, 8, 0x400000}}},
    {ELF_BAD_ENTRY, {{E_ENTRY, 8, 0x401000}}},
    {ELF_BAD_ENTRY, {{E_ENTRY, 8, 0x3fffff}}},
    {ELF_BAD_ENTRY, {{E_ENTRY, 8, 0x400ff0}, {PH(TEXT, P_FILESZ), 8, 0xff0},
                     {PH(TEXT, P_MEMSZ), 8, 0xff0}}},
    {ELF_BAD_ENTRY, {{E_ENTRY, 8, 0x402010}}},
    {ELF_BAD_ENTRY, {{PH(TEXT, P_FLAGS), 4, 4}}},
    {ELF_BAD_TLS, {{PH(TLS, P_FILESZ), 8, 0x49}}},
    {ELF_BAD_TLS, {{PH(TLS, P_ALIGN), 8, 0x21}}},
    {ELF_BAD_TLS, {{PH(TLS, P_VADDR), 8, 0x401000}}},
    {ELF_BAD_TLS, {{PH(TLS, P_MEMSZ), 8, UINT64_MAX}}},
    {ELF_BAD_TLS, {{PH(SPARE, P_TYPE), 4, 7}, {PH(SPARE, P_MEMSZ), 8, 1}}},
    {ELF_DYNAMIC, {{PH(SPARE, P_TYPE), 4, 3}, {PH(SPARE, P_FILESZ), 8, 2},
                   {PH(SPARE, P_OFFSET), 8, INTERPRETER}}},
    {ELF_BAD_INTERPRETER, {{PH(SPARE, P_TYPE), 4, 3}, {PH(SPARE, P_FILESZ), 8, 1},
                           {PH(SPARE, P_OFFSET), 8, INTERPRETER}}},
    {ELF_BAD_INTERPRETER, {{PH(SPARE, P_TYPE), 4, 3}, {PH(SPARE, P_FILESZ), 8, 2}}},
    {ELF_BAD_INTERPRETER, {{PH(SPARE, P_TYPE), 4, 3}, {PH(SPARE, P_FILESZ), 8, 2},
                           {PH(SPARE, P_OFFSET), 8, IMAGE_SIZE - 1}}},
    {ELF_DYNAMIC, {{PH(SPARE, P_TYPE), 4, 3}, {PH(SPARE, P_FILESZ), 8, 4096},
                   {PH(SPARE, P_OFFSET), 8, IMAGE_SIZE - 4096}}},
    {ELF_BAD_INTERPRETER, {{PH(SPARE, P_TYPE), 4, 3}, {PH(SPARE, P_FILESZ), 8, 4097},
                           {PH(SPARE, P_OFFSET), 8, IMAGE_SIZE - 4097}}},
};

TEST(elf, each_defect_has_its_own_refusal, "and what is just not one is accepted")
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct elf_info info;
        enum elf_error error = check_edited(cases[i].edits, 3, &info);

        if (error != cases[i].error)
            test_fail(__FILE__, __LINE__, "case %zu: \"%s\" instead of \"%s\"", i,
                      elf_error_text(error), elf_error_text(cases[i].error));
    }
    for (unsigned i = 0; i < ELF_ERRORS; i++)
        for (unsigned j = 0; j < i; j++)
            CHECK(strcmp(elf_error_text(i), elf_error_text(j)) != 0);
    CHECK(elf_error_text(ELF_ERRORS) != NULL);
}

TEST(elf, a_cut_program_is_refused, "at every length, without a look behind its end")
{
    uint8_t *image = new_image();

    for (size_t size = 0; size < 0x1010 + 0x700; size += size < 600 ? 1 : 97) {
        uint8_t *cut = malloc(size ? size : 1);
        struct elf_info info;
        enum elf_error error;

        memcpy(cut, image, size);
        error = elf_check(cut, size, &info);
        CHECK_EQ(error, size < 64                ? ELF_TOO_SHORT
                        : size < 64 + 56 * PHDRS ? ELF_BAD_PROGRAM_HEADERS
                                                 : ELF_SEGMENT_OUTSIDE_FILE);
        free(cut);
    }
    CHECK_EQ(elf_check("\177ELG", 4, &(struct elf_info){0}), ELF_BAD_MAGIC);
    free(image);
}

TEST(elf, mutated_programs_break_no_promise, "whatever is accepted of them")
{
    uint8_t *image = new_image();
    uint8_t *mutant = malloc(IMAGE_SIZE);

    for (int round = 0; round < 30000; round++) {
        memcpy(mutant, image, IMAGE_SIZE);
        for (uint64_t n = 1 + test_below(3); n; n--) {
            unsigned bytes = 1u << test_below(4);
            unsigned at = (unsigned)test_below((64 + 56 * PHDRS) / bytes) * bytes;

            put(mutant, at, bytes, test_below(2) ? test_rand() >> test_below(64)
                                                 : UINT64_C(1) << test_below(64));
        }
        CHECK_EQ(LLVMFuzzerTestOneInput(mutant, IMAGE_SIZE), 0);
    }
    free(mutant);
    free(image);
}

/* --- scripts ---------------------------------------------------------------- */

static void check_script(const char *text, const char *interpreter, const char *argument)
{
    size_t size = strlen(text);
    char *copy = malloc(size ? size : 1);
    struct elf_script script;
    struct elf_info info;

    memcpy(copy, text, size);
    CHECK_EQ(elf_check(copy, size, &info), ELF_SCRIPT);
    CHECK(elf_script(copy, size, &script) == (interpreter != NULL));
    if (interpreter) {
        CHECK_EQ(script.interpreter_size, strlen(interpreter));
        CHECK(memcmp(copy + script.interpreter, interpreter, script.interpreter_size) == 0);
        CHECK_EQ(script.argument_size, strlen(argument));
        CHECK(memcmp(copy + script.argument, argument, script.argument_size) == 0);
    }
    free(copy);
}

TEST(elf, scripts_name_their_interpreter, "and one argument, blanks and all")
{
    char line[300];
    struct elf_script script;

    check_script("#!/bin/sh\necho", "/bin/sh", "");
    check_script("#!/bin/sh", "/bin/sh", "");
    check_script("#! \t/usr/bin/env  python3 -u \t\n", "/usr/bin/env", "python3 -u");
    check_script("#!a b", "a", "b");
    check_script("#!", NULL, NULL);
    check_script("#! \t \n/bin/sh", NULL, NULL);
    memset(line, 'x', sizeof(line));
    memcpy(line, "#!", 2);
    line[255] = '\n';
    CHECK(elf_script(line, sizeof(line), &script) && script.interpreter_size == 253);
    line[255] = 'x';
    line[256] = '\n';
    CHECK(!elf_script(line, sizeof(line), &script));
    CHECK(!elf_script("#!/bin\0sh\n", 10, &script));
    CHECK(!elf_script("#", 1, &script) && !elf_script("/bin/sh", 7, &script) &&
          !elf_script("#x/bin/sh", 9, &script));
}
