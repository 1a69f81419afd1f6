/* SPDX-License-Identifier: MIT */
/*
 * Our reader and builder against the C++ library, in one process: on random
 * messages both find the same values, also in what our builder made of them; on
 * damaged ones both find the same values or both refuse.
 *
 * usage: peer_test [MESSAGES [DAMAGED]]; TEST_SEED chooses other messages
 *        peer_test --emit COUNT            writes messages that have a text form
 *        peer_test --damaged COUNT PATH    writes damaged ones to PATH.0, PATH.1 ...
 */
#include "peer.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

using capnp::word;

static constexpr uint64_t limit = 1 << 16;

static uint64_t seed()
{
    const char *text = getenv("TEST_SEED");

    return text ? strtoull(text, nullptr, 0) : 20261120;
}

static bool complain(const char *test, const char *what, uint64_t number,
    const walk_text &ours, const walk_text &theirs)
{
    size_t i = 0;

    while (i < ours.used && i < theirs.used && ours.bytes[i] == theirs.bytes[i])
        i++;
    size_t from = i > 60 ? i - 60 : 0;
    printf("FAIL %s message %llu of seed %llu: %s, ours ...%.100s, theirs ...%.100s\n", test,
        (unsigned long long)number, (unsigned long long)seed(), what,
        from < ours.used ? ours.bytes + from : "", from < theirs.used ? theirs.bytes + from : "");
    return false;
}

static bool same(const walk_text &a, const walk_text &b)
{
    return a.used == b.used && (a.used == 0 || memcmp(a.bytes, b.bytes, a.used) == 0);
}

/* --- random messages ------------------------------------------------------ */

static bool checkMessage(Peer &peer, Random &random, uint64_t number)
{
    static const char test[] = "capnp.random_messages";
    auto message = peer.make(random, false);
    std::vector<uint64_t> copy(message.size() * 4 + 512);
    walk_text ours{}, theirs{}, again{};
    bool good = true;

    if (peer.walk(message, UINT64_MAX >> 8, &theirs) != Peer::read)
        good = complain(test, "the peer refuses what it made", number, ours, theirs);
    walk_outcome outcome = walk_all(message.begin(), message.size() * 8, UINT64_MAX, true, &ours);
    if (good && (outcome != WALK_READ || !same(ours, theirs)))
        good = complain(test, "values differ", number, ours, theirs);
    size_t size = copy_all(message.begin(), message.size() * 8, UINT64_MAX, copy.data(),
        copy.size() * 8);
    auto copied = kj::arrayPtr((const word *)copy.data(), size / 8);
    if (good && (size == 0 || peer.walk(copied, UINT64_MAX >> 8, &again) != Peer::read))
        good = complain(test, "the peer refuses what we built", number, ours, theirs);
    if (good && !same(again, theirs))
        good = complain(test, "what we built differs", number, again, theirs);
    walk_free(&ours);
    walk_free(&theirs);
    walk_free(&again);
    return good;
}

/* --- damaged messages ----------------------------------------------------- */

/* Words that a hostile message would have. */
static uint64_t trap(Random &random, uint64_t was)
{
    uint64_t far = 2 | random.below(2) << 2 | random.below(200) << 3 | random.below(5) << 32;
    uint64_t near = (random.below(64) - 32) << 2 & 0xffffffff;
    uint64_t structure = random.below(4) << 32 | random.below(4) << 48;
    uint64_t list = random.below(8) << 32 | random.below(40) << 35 | 1;

    switch (random.below(9)) {
    case 0:
        return far;
    case 1:
        return near | structure;
    case 2:
        return near | list;
    case 3:
        return was ^ UINT64_C(1) << random.below(64);
    case 4:
        return was + (random.below(2) ? 4 : UINT64_C(1) << 35);
    case 5:
        return random.next();
    case 6:
        return 0;
    case 7:
        return (was & ~UINT64_C(7)) | random.below(8);
    default:
        return was ^ random.below(8) << 32;
    }
}

static size_t damage(Random &random, uint64_t *words, size_t count)
{
    for (uint64_t i = 0, times = 1 + random.below(3); i < times; i++) {
        size_t at = random.below(random.chance(20) ? 1 + count / 8 : count);

        words[at] = trap(random, words[at]);
    }
    return random.chance(5) ? random.below(count + 1) : count;
}

struct Tally {
    uint64_t read, refused, skipped;
};

static bool checkDamaged(Peer &peer, Random &random, const std::vector<uint64_t> &original,
    uint64_t number, Tally &tally)
{
    std::vector<uint64_t> words = original;
    size_t count = damage(random, words.data(), words.size());
    walk_text ours{}, theirs{};
    bool good = true;

    words.resize(count);
    std::vector<uint64_t> exact(words); /* so that the sanitizer sees its end */
    auto other = peer.walk(kj::arrayPtr((const word *)exact.data(), count), limit, &theirs);
    walk_outcome own = walk_all(exact.data(), count * 8, limit, true, &ours);
    bool many = count > 0 && (uint32_t)exact[0] >= WALK_SEGMENTS;
    if (other == Peer::exhausted || own == WALK_EXHAUSTED || theirs.cut || ours.cut || many)
        tally.skipped++;
    else if ((other == Peer::read) != (own == WALK_READ))
        good = complain("capnp.damaged_messages",
            own != WALK_READ ? "only we refuse" : peer.why.c_str(), number, ours, theirs);
    else if (own == WALK_REFUSED)
        tally.refused++;
    else if (same(ours, theirs))
        tally.read++;
    else
        good = complain("capnp.damaged_messages", "values differ", number, ours, theirs);
    std::vector<uint64_t> room(1024);
    copy_all(exact.data(), count * 8, limit, room.data(), room.size() * 8);
    walk_free(&ours);
    walk_free(&theirs);
    return good;
}

/* A message small enough that damage hits what matters. */
static std::vector<uint64_t> smallMessage(Peer &peer, Random &random)
{
    for (;;) {
        auto message = peer.make(random, false);
        auto words = (const uint64_t *)message.begin();

        if (message.size() < 300)
            return std::vector<uint64_t>(words, words + message.size());
    }
}

/* --- */

static bool save(FILE *file, const void *words, size_t count)
{
    return file && fwrite(words, 8, count, file) == count;
}

/* For scripts: messages that have a text form. */
static bool emit(Peer &peer, uint64_t count)
{
    Random random(seed());

    for (uint64_t i = 0; i < count; i++) {
        auto message = peer.make(random, true);

        if (!save(stdout, message.begin(), message.size()))
            return false;
    }
    return true;
}

static bool emitDamaged(Peer &peer, uint64_t number, const char *path)
{
    Random random(seed());

    for (uint64_t i = 0; i < number; i++) {
        std::vector<uint64_t> words = smallMessage(peer, random);
        size_t count = damage(random, words.data(), words.size());
        FILE *file = fopen((std::string(path) + "." + std::to_string(i)).c_str(), "wb");

        if (!save(file, words.data(), count) || fclose(file) != 0)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    Peer peer;

    if (argc == 3 && strcmp(argv[1], "--emit") == 0)
        return emit(peer, strtoull(argv[2], nullptr, 0)) ? EXIT_SUCCESS : EXIT_FAILURE;
    if (argc == 4 && strcmp(argv[1], "--damaged") == 0)
        return emitDamaged(peer, strtoull(argv[2], nullptr, 0), argv[3]) ? EXIT_SUCCESS
                                                                          : EXIT_FAILURE;
    uint64_t messages = argc > 1 ? strtoull(argv[1], nullptr, 0) : 400;
    uint64_t damaged = argc > 2 ? strtoull(argv[2], nullptr, 0) : 20000;
    Random random(seed());
    Tally tally{};
    bool good = true;

    for (uint64_t i = 0; i < messages && good; i++)
        good = checkMessage(peer, random, i);
    if (good)
        printf("ok capnp.random_messages (%llu, seed %llu)\n", (unsigned long long)messages,
            (unsigned long long)seed());
    bool both = true;
    std::vector<uint64_t> original;
    for (uint64_t i = 0; i < damaged && both; i++) {
        if (i % 20 == 0)
            original = smallMessage(peer, random);
        both = checkDamaged(peer, random, original, i, tally);
    }
    if (both)
        printf("ok capnp.damaged_messages (%llu read alike, %llu refused alike, %llu over a limit)\n",
            (unsigned long long)tally.read, (unsigned long long)tally.refused,
            (unsigned long long)tally.skipped);
    return good && both ? EXIT_SUCCESS : EXIT_FAILURE;
}
