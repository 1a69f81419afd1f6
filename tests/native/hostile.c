/* SPDX-License-Identifier: MIT */
/*
 * Calls that make no sense, to the services: every one is answered, none stops a
 * service, and afterwards both do what they did before.
 */
#include "native.h"

#include "bytes.h"
#include "fmt/fmt.h"
#include "rt/serve.h"
#include "services.stubs.h"

#define CALLS 6000
#define KEPT 32

static uint64_t seed = 88172645463325252;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static uint64_t strange_word(void)
{
    static const uint64_t edges[] = {0, 1, 2, 4095, 4096, 4097, UINT64_C(1) << 31,
        UINT64_C(1) << 32, UINT64_C(1) << 47, UINT64_C(1) << 63, ~UINT64_C(0), 0100, 0101, 01102,
        0200000, 010000000};

    return draw(4) == 0 ? draw(~UINT64_C(0)) : edges[draw(sizeof edges / sizeof edges[0])];
}

/* Bytes: a path, parts of one, a Startup that is none, or anything. */
static size_t strange_bytes(uint8_t to[2 * RT_INBOX])
{
    static const char *const parts[] = {"/", "a", "b", "..", ".", "etc", "hostname", "native", "//",
        "\xff", "proc", "stdout", "clock", "image"};
    size_t length = 0;

    if (draw(4) == 0) {
        length = draw(2 * RT_INBOX + 1);
        for (size_t i = 0; i < length; i++)
            to[i] = (uint8_t)draw(256);
        return length;
    }
    for (uint64_t n = draw(8); n > 0; n--) {
        const char *part = parts[draw(sizeof parts / sizeof parts[0])];

        memcpy(to + length, part, strlen(part));
        length += strlen(part);
        if (draw(2))
            to[length++] = '/';
    }
    return length;
}

/* Capabilities that came back are used for further calls, or let go. */
static uint64_t kept[KEPT];

static void keep(uint64_t capability)
{
    uint64_t place = draw(KEPT);

    phx_release(kept[place]);
    kept[place] = capability;
}

/* One call; false: it was not answered by the service. */
static bool strange_call(uint64_t target)
{
    static uint8_t out[2 * RT_INBOX], in[2 * RT_INBOX];
    struct phx_message m = {.send_address = (uint64_t)out,
        .recv_address = (uint64_t)in,
        .recv_capacity = (uint32_t)draw(2) * 2 * RT_INBOX,
        .accept_caps = (uint8_t)draw(3),
        .send_length = (uint32_t)strange_bytes(out)};
    struct clock_now_out now = {0};
    uint64_t words = draw(PHX_WORDS + 1);
    int64_t result;

    for (unsigned i = 0; i < words; i++)
        m.words[i] = strange_word();
    clock_now(rt_cap("clock"), &now);
    m.deadline = now.ns + UINT64_C(2000000000);
    if (draw(4) == 0) {
        m.send_caps = 1;
        m.caps[0] = draw(2) ? RT_POOL : kept[draw(KEPT)];
        m.cap_modes[0] = PHX_CAP_COPY;
    }
    result = phx_send_message(PHX_OP_CALL(draw(12), words), target, &m);
    for (unsigned i = 0; i < PHX_INFO_CAPS(m.info) && result >= 0; i++)
        keep(m.caps[i]);
    return result != -PHX_DISCONNECTED && result != -PHX_TIMEOUT;
}

static bool launcher_works(void)
{
    struct launcher_list_out out;
    char name[64];
    size_t length;
    uint64_t launch = 0;
    int64_t result = launcher_list(rt_cap("launcher"), 0, name, sizeof name, &length, &out);
    bool good = (result >= 0 || result == -PHX_NOT_FOUND) &&
                launcher_create(rt_cap("launcher"), "native", 6, &launch) >= 0;

    phx_release(launch);
    return good;
}

static bool namespace_works(void)
{
    struct namespace_open_out opened;
    struct file_read_out read;
    uint64_t file = 0, detail;
    char text[16];
    size_t length = 0;
    bool good = namespace_open(rt_cap("namespace"), 0, 0, "/kept/../kept/file", 18, &file, &opened,
                    &detail) >= 0 &&
                file_read(file, 0, sizeof text, text, sizeof text, &length, &read, &detail) >= 0;

    phx_release(file);
    return good && length == 7 && memcmp(text, "native\n", 7) == 0;
}

static void release_kept(void)
{
    for (unsigned i = 0; i < KEPT; i++) {
        phx_release(kept[i]);
        kept[i] = 0;
    }
}

/* What was prepared is let go of, or 64 launches would be all there are. */
void test_hostile(void)
{
    bool answered = true, before = namespace_works() && launcher_works();
    unsigned i;

    for (i = 0; answered && i < CALLS; i++) {
        uint64_t target = draw(3) == 0 ? rt_cap("launcher")
                          : draw(2)    ? rt_cap("namespace")
                                       : kept[draw(KEPT)];

        answered = strange_call(target);
    }
    release_kept();
    sleep_ms(50);
    check("services_answer_calls_that_make_no_sense", answered, "call %u was not answered", i);
    check("services_work_after_them", before && namespace_works() && launcher_works(),
        "before %d, namespace %d, launcher %d", before, namespace_works(), launcher_works());
}
