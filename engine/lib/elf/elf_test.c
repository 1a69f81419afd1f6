/* SPDX-License-Identifier: MIT */
#include "elf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../tests/harness/test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- a small program, by the specification's own offsets ------------------ */

#define IMAGE_SIZE 0x1800

enum { E_CLASS = 4, E_DATA = 5, E_IDENT_VERSION = 6, E_OSABI = 7, E_TYPE = 16, E_MACHINE = 18,
       E_VERSION = 20, E_ENTRY = 24, E_PHOFF = 32, E_PHENTSIZE = 54, E_PHNUM = 56 };
enum { P_TYPE = 0, P_FLAGS = 4, P_OFFSET = 8, P_VADDR = 16, P_FILESZ = 32, P_MEMSZ = 40,
       P_ALIGN = 48 };
#define PH(index, field) (64 + 56 * (index) + (field))

/* What the image's program headers are. */
enum { TEXT, DATA, STACK, SPARE, PHDRS };

/* What may be wrong. */
static const char
    too_short[] = "it is too short for an ELF file",
    no_elf[] = "it is no ELF file for x86-64",
    not_executable[] = "it is not an executable",
    bad_headers[] = "its program headers are not of 56 bytes each, or outside the file",
    bad_size[] = "a segment has more bytes in the file than in memory",
    outside_file[] = "a segment ends outside the file",
    outside_memory[] = "a segment ends outside the memory of programs",
    bad_alignment[] = "a segment is not aligned in memory as in the file",
    overlap[] = "its segments overlap or do not ascend",
    bad_entry[] = "its entry point is in no executable segment",
    dynamic[] = "it is linked dynamically and needs an interpreter";

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
    put_phdr(image, STACK, 0x6474e551, 6, 0, 0, 0, 0, 16);
    return image;
}

static const char *check_edited(const struct edit *edits, size_t count, struct elf_info *info)
{
    uint8_t *image = new_image();
    const char *wrong;

    for (size_t i = 0; i < count; i++)
        put(image, edits[i].at, edits[i].bytes, edits[i].value);
    wrong = elf_check(image, IMAGE_SIZE, info);
    free(image);
    info->image = NULL;
    return wrong;
}

/* --- what is accepted ----------------------------------------------------- */

TEST(elf, a_small_program_is_read_as_it_was_written, "every field of it")
{
    uint8_t *image = new_image();
    struct elf_info info;
    struct elf_segment s;
    unsigned at = 0;

    CHECK(!elf_check(image, IMAGE_SIZE, &info));
    CHECK(info.entry == 0x400200 && info.low == 0x400000 && info.high == 0x404010);
    CHECK(info.phdr_offset == 64 && info.phdr_address == 0x400040 && info.phdr_count == PHDRS);
    CHECK(info.align == 0x1000);
    CHECK(!info.relocatable && !info.write_execute && !info.execute_stack && !info.shared_page);
    CHECK(elf_segment(&info, &at, &s));
    CHECK(s.address == 0x400000 && s.flags == (ELF_READ | ELF_EXECUTE));
    CHECK(elf_segment(&info, &at, &s));
    CHECK(s.address == 0x402010 && s.offset == 0x1010 && s.file_size == 0x700);
    CHECK(s.memory_size == 0x2000 && s.flags == (ELF_READ | ELF_WRITE));
    CHECK(!elf_segment(&info, &at, &s) && !elf_segment(&info, &at, &s));
    at = UINT32_MAX;
    CHECK(!elf_segment(&info, &at, &s));
    free(image);
}

TEST(elf, what_a_loader_may_refuse_is_reported, "as flags, not as errors")
{
    struct elf_info info;
    const struct edit wx[] = {{PH(DATA, P_FLAGS), 4, 7}};
    const struct edit stack[] = {{PH(STACK, P_FLAGS), 4, 7}};
    const struct edit pie[] = {{E_TYPE, 2, 3}, {PH(TEXT, P_ALIGN), 8, 0x200000}};
    const struct edit shared[] = {{PH(DATA, P_VADDR), 8, 0x401010}, {PH(TEXT, P_MEMSZ), 8, 0x1010}};
    const struct edit not_shared[] = {{PH(DATA, P_VADDR), 8, 0x401010}};
    const struct edit empty[] = {{PH(SPARE, P_TYPE), 4, 1}, {PH(SPARE, P_VADDR), 8, 0x1000}};

    CHECK(!check_edited(wx, 1, &info) && info.write_execute);
    CHECK(!check_edited(stack, 1, &info) && info.execute_stack);
    CHECK(!check_edited(pie, 2, &info) && info.relocatable && info.align == 0x200000);
    CHECK(!check_edited(shared, 2, &info) && info.shared_page);
    CHECK(!check_edited(not_shared, 1, &info) && !info.shared_page);
    CHECK(!check_edited(empty, 2, &info) && info.low == 0x400000);
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
        CHECK(!elf_check(image, IMAGE_SIZE, &info));
        CHECK_EQ(info.phdr_address, places[i].address);
        free(image);
    }
}

TEST(elf, this_very_program_is_read_as_linux_read_it, "but for its interpreter")
{
    int file = open("/proc/self/exe", O_RDONLY);
    struct stat status;
    struct elf_info info;
    uint64_t bias;
    uint8_t *image;

    CHECK(file >= 0 && fstat(file, &status) == 0);
    image = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    CHECK(image != MAP_FAILED);
    CHECK_STR(elf_check(image, (uint64_t)status.st_size, &info), dynamic);
    for (unsigned i = 0; i < info.phdr_count; i++)
        if (image[PH(i, P_TYPE)] == 3)
            put(image, PH(i, P_TYPE), 4, 0);
    CHECK(!elf_check(image, (uint64_t)status.st_size, &info));
    bias = getauxval(AT_ENTRY) - info.entry;
    CHECK(bias % info.align == 0);
    CHECK_EQ(info.phdr_address + bias, getauxval(AT_PHDR));
    CHECK_EQ(info.phdr_count, getauxval(AT_PHNUM));
    CHECK_EQ(LLVMFuzzerTestOneInput(image, (size_t)status.st_size), 0);
    munmap(image, (size_t)status.st_size);
    close(file);
}

/* --- what is refused, each just beyond what is not ------------------------- */

#define TOP 0x7ffffffff000 /* first address that no program may use */

static const struct {
    const char *wrong;
    struct edit edits[3];
} cases[] = {
    {no_elf, {{3, 1, 'f'}}},
    {no_elf, {{E_CLASS, 1, 1}}},
    {no_elf, {{E_DATA, 1, 2}}},
    {no_elf, {{E_IDENT_VERSION, 1, 0}}},
    {no_elf, {{E_VERSION, 4, 2}}},
    {no_elf, {{E_MACHINE, 2, 183}}},
    {not_executable, {{E_TYPE, 2, 1}}},
    {not_executable, {{E_TYPE, 2, 4}}},
    {bad_headers, {{E_PHENTSIZE, 2, 57}}},
    {bad_entry, {{E_PHNUM, 2, 0}}},
    {bad_headers, {{E_PHNUM, 2, 0xffff}}},
    {bad_headers, {{E_PHOFF, 8, IMAGE_SIZE - 56 * PHDRS + 1}}},
    {bad_headers, {{E_PHOFF, 8, UINT64_MAX}}},
    {bad_entry, {{E_PHOFF, 8, IMAGE_SIZE - 56 * PHDRS}}},
    {bad_entry, {{PH(TEXT, P_TYPE), 4, 0}, {PH(DATA, P_TYPE), 4, 0}}},
    {bad_size, {{PH(TEXT, P_MEMSZ), 8, 0xfff}}},
    {NULL, {{PH(DATA, P_FILESZ), 8, IMAGE_SIZE - 0x1010}}},
    {outside_file, {{PH(DATA, P_FILESZ), 8, IMAGE_SIZE - 0x100f}}},
    {outside_file, {{PH(DATA, P_OFFSET), 8, UINT64_MAX - 0xfef}}},
    {NULL, {{PH(DATA, P_MEMSZ), 8, TOP - 0x402010}}},
    {outside_memory, {{PH(DATA, P_MEMSZ), 8, TOP - 0x40200f}}},
    {outside_memory, {{PH(DATA, P_MEMSZ), 8, UINT64_MAX - 0x402010}}},
    {outside_memory, {{PH(DATA, P_VADDR), 8, 0xffffffff80000010}}},
    {bad_alignment, {{PH(DATA, P_ALIGN), 8, 0x1800}}},
    {bad_alignment, {{PH(DATA, P_VADDR), 8, 0x402011}}},
    {NULL, {{PH(DATA, P_ALIGN), 8, 0}}},
    {NULL, {{PH(DATA, P_ALIGN), 8, 1}}},
    {NULL, {{PH(DATA, P_FILESZ), 8, 0}, {PH(DATA, P_OFFSET), 8, IMAGE_SIZE}}},
    {outside_file,
     {{PH(DATA, P_FILESZ), 8, 0}, {PH(DATA, P_OFFSET), 8, IMAGE_SIZE + 1}}},
    {NULL, {{PH(TEXT, P_MEMSZ), 8, 0x2010}}},
    {overlap, {{PH(TEXT, P_MEMSZ), 8, 0x2011}}},
    {overlap, {{PH(DATA, P_VADDR), 8, 0x3ff010}}},
    {NULL, {{E_ENTRY, 8, 0x400fff}}},
    {NULL, {{E_ENTRY, 8, 0x400000}}},
    {bad_entry, {{E_ENTRY, 8, 0x401000}}},
    {bad_entry, {{E_ENTRY, 8, 0x3fffff}}},
    {bad_entry, {{E_ENTRY, 8, 0x400ff0}, {PH(TEXT, P_FILESZ), 8, 0xff0},
                     {PH(TEXT, P_MEMSZ), 8, 0xff0}}},
    {bad_entry, {{E_ENTRY, 8, 0x402010}}},
    {bad_entry, {{PH(TEXT, P_FLAGS), 4, 4}}},
    {dynamic, {{PH(SPARE, P_TYPE), 4, 3}}},
};

TEST(elf, each_defect_has_its_own_refusal, "and what is just not one is accepted")
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct elf_info info;
        const char *wrong = check_edited(cases[i].edits, 3, &info), *right = cases[i].wrong;

        if (wrong ? !right || strcmp(wrong, right) != 0 : right != NULL)
            test_fail(__FILE__, __LINE__, "case %zu: \"%s\" instead of \"%s\"", i,
                      wrong ? wrong : "nothing", right ? right : "nothing");
    }
}

TEST(elf, a_cut_program_is_refused, "at every length, without a look behind its end")
{
    uint8_t *image = new_image();

    for (size_t size = 0; size < 0x1010 + 0x700; size += size < 600 ? 1 : 97) {
        uint8_t *cut = malloc(size ? size : 1);
        struct elf_info info;

        memcpy(cut, image, size);
        CHECK_STR(elf_check(cut, size, &info), size < 64                ? too_short
                                               : size < 64 + 56 * PHDRS ? bad_headers
                                                                        : outside_file);
        free(cut);
    }
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
