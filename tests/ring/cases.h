/* SPDX-License-Identifier: MIT */
/*
 * Which order completions come in, and with which results: a table, and what plays it
 * on a ring. The same lines are played on the kernel in a host program (cases_test.c)
 * and in a machine (tests/native/rings.c).
 *
 * A case is phases, separated by `;`. Each has what is done, `>`, and exactly the
 * completions that come of it, in order (`-`: none). Entries are counted from 0 over
 * the whole case; those of one phase are submitted together and entered, without
 * waiting.
 *
 *   n no-op   e an operation that there is not   p a wait with deadline 0
 *   w waits for a bit of its own   s3 signals the bit of entry 3   z sleeps a while
 *   a asks for memory, which takes steps   c3 cancels entry 3, c* all
 *   t, T bounds the entry before it (LINK_TIMEOUT), by a deadline far away or near
 *   r3 releases what is no capability
 *   behind it: + CHAIN   ! DRAIN   - NO_CQE   & ASYNC   # a flag that there is not
 *              % LINK_TIMEOUT where it does not belong
 *   ~ before the first: nobody enters; the timer may take them
 *   /s3 signals, /x3 cancels entry 3, /x* all, from outside the ring
 *   /d time passes, until near deadlines are over   /t it does, nobody enters the kernel
 *   /w3 enters to wait for 3 completions
 *
 * A completion is the entry's number and `.` or the first letter of its error:
 * Cancelled, Timeout, NotFound, InvalidArgument, (Invalid)Syscall, WouldBlock,
 * (Invalid) k(apability).
 */
#ifndef TESTS_RING_CASES_H
#define TESTS_RING_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt/ring.h"

#define CASES_ENTRIES 16
#define CASES_PAGES 1
#define CASES_NEAR_NS UINT64_C(50000000)

static const struct ring_case {
    const char *name, *script;
} ring_cases[] = {
    /* in order, and what waits does not hold up the rest */
    {"one", "n > 0."},
    {"in_order", "n n n > 0. 1. 2."},
    {"errors_are_completions", "e p n > 0S 1W 2."},
    {"who_waits_holds_up_nobody", "w n > 1. ; /s0 > 0."},
    {"ends_in_the_order_of_ends", "w w > - ; /s1 > 1. ; /s0 > 0."},
    {"one_wakes_another", "w s0 n > 0. 1. 2."},
    {"long_work_keeps_its_place", "a n > 0. 1."},
    /* CHAIN */
    {"chain", "n+ n > 0. 1."},
    {"chain_waits", "w+ n > - ; /s0 > 0. 1."},
    {"chain_holds_up_itself_only", "w+ n n > 2. ; /s0 > 0. 1."},
    {"chain_fails", "e+ n > 0S 1C"},
    {"all_of_the_chain_fails", "e+ n+ n+ n > 0S 1C 2C 3C"},
    {"chain_ends_at_the_first_without", "n+ e+ n n > 0. 1S 2C 3."},
    {"chain_fails_in_the_middle", "n+ n+ p+ n+ n > 0. 1. 2W 3C 4C"},
    {"chain_of_waits", "w+ w+ w > - ; /s0 > 0. ; /s1 > 1. ; /s2 > 2."},
    {"chain_starts_later_than_its_news", "w+ w > - ; /s1 > - ; /s0 > 0. 1."},
    {"chain_to_itself", "s1+ w > 0. 1."},
    {"two_chains", "w+ n w+ n > - ; /s2 > 2. 3. ; /s0 > 0. 1."},
    {"two_chains_one_fails", "w+ n p+ n > 2W 3C ; /s0 > 0. 1."},
    {"chain_over_two_enters", "w+ > - ; n > - ; /s0 > 0. 1."},
    {"chain_whose_head_has_ended", "n+ > 0. ; n > 1."},
    {"chain_whose_head_has_failed", "e+ > 0S ; n > 1C ; n > 2."},
    {"failed_chain_goes_on_failing", "e+ > 0S ; n+ n n > 1C 2C 3."},
    {"chain_of_long_work", "a+ n+ a > 0. 1. 2."},
    {"nothing_is_released_by_who_fails", "r+ n > 0k 1C"},
    /* DRAIN */
    {"drain_with_nothing_before", "n! > 0."},
    {"drain_waits", "w n! > - ; /s0 > 0. 1."},
    {"those_behind_a_drain_wait", "w n! n > - ; /s0 > 0. 1. 2."},
    {"drain_that_waits_holds_up_all", "w! n n > - ; /s0 > 0. 1. 2."},
    {"drain_waits_for_all", "w w n! > - ; /s1 > 1. ; /s0 > 0. 2."},
    {"drains_one_by_one", "w w! w! > - ; /s2 > - ; /s1 > - ; /s0 > 0. 1. 2."},
    {"drain_between_waits", "w n! w n! n > - ; /s0 > 0. 1. ; /s2 > 2. 3. 4."},
    {"drain_in_a_chain", "w+ n! n > - ; /s0 > 0. 1. 2."},
    {"drain_in_a_chain_waits_for_others", "w w+ n! n > - ; /s1 > 1. ; /s0 > 0. 2. 3."},
    {"drain_in_a_chain_that_failed", "w e+ n! n > 1S ; /s0 > 0. 2C 3."},
    {"drain_behind_long_work", "a n! a > 0. 1. 2."},
    {"chain_behind_a_drain", "w n! w+ n > - ; /s0 > 0. 1. ; /s2 > 2. 3."},
    /* NO_CQE */
    {"quiet", "n- n > 1."},
    {"quiet_but_failed", "e- n > 0S 1."},
    {"quiet_chain", "n-+ n-+ n > 2."},
    {"quiet_chain_that_failed", "e-+ n- n > 0S 1C 2."},
    {"quiet_before_a_drain", "w- n! > - ; /s0 > 1."},
    {"quiet_but_cancelled", "w- > - ; /x0 > 0C"},
    /* cancelling */
    {"cancelled_by_an_entry", "w c0 > 0C 1."},
    {"cancelled_from_outside", "w n > 1. ; /x0 > 0C"},
    {"nothing_to_cancel", "n c0 > 0. 1N"},
    {"cancels_not_itself", "c0 > 0N"},
    {"only_that_one_is_cancelled", "w w c0 > 0C 2. ; /s1 > 1."},
    {"head_of_a_chain_cancelled", "w+ n c0 > 0C 2. 1C"},
    {"tail_of_a_chain_cancelled", "w+ w c1 > 1C 2. ; /s0 > 0."},
    {"middle_of_a_chain_cancelled", "w+ w+ n c1 > 1C 3. 2C ; /s0 > 0."},
    {"all_cancelled", "w w z c* > 0C 1C 2C 3."},
    {"all_of_a_chain_cancelled", "w+ n+ n > - ; /x* > 0C 1C 2C"},
    {"what_a_drain_waits_for_cancelled", "w n! > - ; /x0 > 0C 1."},
    {"drain_cancelled", "w n! n > - ; /x1 > 1C 2. ; /s0 > 0."},
    {"drain_cancelled_in_a_chain", "w n!+ n n > - ; /x1 > 1C 2C 3. ; /s0 > 0."},
    {"behind_a_drain_cancelled", "w n! n n > - ; /x2 > 2C ; /s0 > 0. 1. 3."},
    /* LINK_TIMEOUT */
    {"deadline_comes", "w+ T > - ; /d > 0C 1T"},
    {"deadline_does_not_come", "w+ t > - ; /s0 > 0. 1C"},
    {"deadline_of_what_ended_at_once", "n+ t > 0. 1C"},
    {"deadline_of_what_failed_at_once", "e+ t n > 0S 1C 2."},
    {"deadline_ends_the_chain", "w+ T+ n > - ; /d > 0C 1T 2C"},
    {"chain_goes_on_past_a_deadline", "w+ t+ n > - ; /s0 > 0. 1C 2."},
    {"failed_chain_past_a_deadline", "e+ t+ n > 0S 1C 2C"},
    {"deadline_without_an_entry", "T > 0I"},
    {"deadline_without_a_chain", "n T n > 0. 1I 2."},
    {"two_deadlines", "w+ t+ t > - ; /s0 > 0. 1C 2I"},
    {"deadline_on_another_operation", "w+ p% > - ; /s0 > 0. 1I"},
    {"bounded_one_cancelled", "w+ t > - ; /x0 > 0C 1C"},
    {"deadline_cancelled", "w+ T > - ; /x1 > 1C ; /d > - ; /s0 > 0."},
    {"deadline_before_the_start", "w+ w+ T > - ; /d > 1C 2T ; /s0 > 0."},
    {"deadline_behind_a_drain", "w n!+ T > - ; /d > 1C 2T ; /s0 > 0."},
    {"deadline_before_a_drain", "w+ T n! > - ; /d > 0C 1T 2."},
    {"sleep_is_over_before_its_deadline", "z+ t > - ; /d > 0. 1C"},
    /* ASYNC */
    {"later", "n& > - ; /w1 > 0."},
    {"later_than_what_came_behind", "n& n > 1. ; /w1 > 0."},
    {"later_in_order", "n& n& n& > - ; /w3 > 0. 1. 2."},
    {"later_when_time_passes", "n& n& > - ; /d > 0. 1."},
    {"later_by_the_timer", "n& n > 1. ; /t > 0."},
    {"later_and_chained", "n&+ n > - ; /w2 > 0. 1."},
    {"later_fails", "e&+ n > - ; /w2 > 0S 1C"},
    {"later_before_a_drain", "n& n! > - ; /w2 > 0. 1."},
    {"later_and_bounded", "w&+ T > - ; /d > 0C 1T"},
    /* flags that there are not; the timer */
    {"wrong_flag", "n# n > 0I 1."},
    {"wrong_flag_in_a_chain", "n#+ n > 0I 1C"},
    {"timer_takes", "~ n s9 n > - ; /t > 0. 1. 2."},
    {"timer_keeps_to_chains", "~ n+ n n! > - ; /t > 0. 1. 2."},
    {"timer_keeps_to_quiet", "~ n- n > - ; /t > 1."},
    {"timer_takes_only_what_is_safe", "~ n p n > - ; /t > 0. ; /w2 > 1W 2."},
    {"timer_fails_nobody", "~ n# n > - ; /t > 0I 1."},
};
#define RING_CASES (sizeof ring_cases / sizeof *ring_cases)

/* What plays it, given by who has the ring. */
struct ring_player {
    struct rt_ring ring;
    uint64_t ring_cap, notification, pool;
    uint64_t (*now)(void);
    void (*enter)(uint64_t submit, uint64_t complete);
    void (*signal)(uint64_t bits);
    void (*cancel)(uint64_t user, uint64_t all);
    void (*pass)(void);        /* near deadlines are over then */
    void (*pass_outside)(void); /* a little time, and no entry into the kernel */
    void (*release)(uint64_t cap);
    /* The state of the play. */
    uint32_t entries; /* so far */
    uint64_t near;    /* the earliest near deadline */
    bool late;        /* it came while nobody expected it: play again */
    char ops[CASES_ENTRIES];
    char came[64];    /* the completions of a phase, as text */
};

static inline void case_flags(struct phx_entry *e, const char *s)
{
    static const struct {
        char c;
        uint8_t flag;
    } flags[] = {{'+', PHX_ENTRY_CHAIN}, {'!', PHX_ENTRY_DRAIN}, {'-', PHX_ENTRY_NO_CQE},
        {'&', PHX_ENTRY_ASYNC}, {'#', 64}, {'%', PHX_ENTRY_LINK_TIMEOUT}};

    for (; *s && *s != ' '; s++)
        for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
            if (*s == flags[i].c)
                e->op |= (uint64_t)flags[i].flag << PHX_OP_FLAGS_SHIFT;
}

static inline void case_submit(struct ring_player *p, const char *s)
{
    struct phx_entry *e = rt_ring_entry(&p->ring);
    uint64_t number = s[1] >= '0' && s[1] <= '9' ? (uint64_t)(s[1] - '0') : 0;
    uint64_t near = p->now() + CASES_NEAR_NS;

    *e = (struct phx_entry){.op = PHX_OP_NOP, .user = p->entries};
    p->ops[p->entries] = *s;
    switch (*s) {
    case 'e': e->op = 9; break;
    case 'r': e->op = PHX_OP_RELEASE; e->cap = 1UL << 40; break;
    case 'p':
    case 'w':
        *e = (struct phx_entry){.op = PHX_OP(PHX_KIND_TRANSPORT, PHX_T_WAIT, 0, 0),
            .cap = p->notification, .user = p->entries,
            .words = {1UL << p->entries, *s == 'w' ? PHX_FOREVER : 0}};
        break;
    case 's':
        e->op = PHX_OP(PHX_KIND_TRANSPORT, PHX_T_SIGNAL, 0, 0);
        e->cap = p->notification;
        e->words[0] = 1UL << number;
        break;
    case 'z': e->op = PHX_OP_NYX(67UL); e->words[0] = near; break;
    case 'a':
        e->op = PHX_OP_NYX(35UL);
        e->cap = p->pool;
        e->words[0] = 40;
        break;
    case 'c':
        *e = (struct phx_entry){.op = PHX_OP_NYX(21UL), .cap = p->ring_cap, .user = p->entries,
            .words = {number, s[1] == '*'}};
        break;
    case 't':
    case 'T':
        e->op |= (uint64_t)PHX_ENTRY_LINK_TIMEOUT << PHX_OP_FLAGS_SHIFT;
        e->words[0] = *s == 'T' ? near : near + UINT64_C(1000000000000);
        break;
    default: break;
    }
    if ((*s == 'T' || *s == 'z') && near < p->near)
        p->near = near;
    case_flags(e, s + 1);
    p->entries++;
}

/* What came since, as text. */
static inline void case_gather(struct ring_player *p)
{
    static const char letters[] = {[PHX_SUCCESS] = '.', [PHX_CANCELLED] = 'C',
        [PHX_TIMEOUT] = 'T', [PHX_NOT_FOUND] = 'N', [PHX_INVALID_ARGUMENT] = 'I',
        [PHX_INVALID_SYSCALL] = 'S', [PHX_WOULD_BLOCK] = 'W', [PHX_INVALID_CAPABILITY] = 'k'};
    const struct phx_completion *c;
    size_t n = 0;

    while ((c = rt_ring_completion(&p->ring)) && n + 5 < sizeof p->came) {
        uint64_t error = (uint64_t)-c->result;

        if (n > 0)
            p->came[n++] = ' ';
        if (c->user > 9)
            p->came[n++] = (char)('0' + c->user / 10 % 10);
        p->came[n++] = (char)('0' + c->user % 10);
        p->came[n++] = error < sizeof letters && letters[error] ? letters[error] : '?';
        if (c->result == 0 && c->user < CASES_ENTRIES && p->ops[c->user] == 'a')
            p->release(c->words[0]);
        rt_ring_seen(&p->ring);
    }
    if (n == 0)
        p->came[n++] = '-';
    p->came[n] = 0;
}

/* `all` or the number behind it. */
static inline uint64_t case_number(const char *s, uint64_t all)
{
    return *s == '*' ? all : (uint64_t)(*s - '0');
}

static inline void case_outside(struct ring_player *p, const char *s)
{
    switch (*s) {
    case 's': p->signal(1UL << case_number(s + 1, 0)); break;
    case 'x': p->cancel(case_number(s + 1, 0), s[1] == '*'); break;
    case 'd': p->pass(); break;
    case 't': p->pass_outside(); break;
    default: p->enter(p->entries, case_number(s + 1, 0)); break;
    }
}

/* What is done in a phase, up to its `>`. */
static inline const char *case_do(struct ring_player *p, const char *s)
{
    uint32_t before = p->entries;
    bool enters = true, passes = false;

    for (; *s != '>'; s++) {
        if (*s == ' ')
            continue;
        passes = passes || (s[0] == '/' && s[1] == 'd');
        if (*s == '~')
            enters = false;
        else if (*s == '/')
            case_outside(p, s + 1);
        else
            case_submit(p, s);
        while (s[1] != ' ')
            s++;
    }
    rt_ring_submit(&p->ring);
    if (p->entries > before && enters)
        p->enter(p->entries - before, 0);
    if (passes)
        p->near = ~UINT64_C(0);
    return s + 1;
}

/* Play it; NULL, or where in the script something else came: it is in `came`. */
static inline const char *case_play(struct ring_player *p, const char *script)
{
    p->entries = 0;
    p->near = ~UINT64_C(0);
    p->late = false;
    for (const char *s = script;; s++) {
        const char *want;
        size_t n = 0;

        s = case_do(p, s);
        for (want = ++s; *s && *s != ';'; s++)
            n = *s == ' ' ? n : (size_t)(s - want) + 1;
        case_gather(p);
        p->late = p->now() >= p->near;
        for (size_t i = 0; i < n; i++)
            if (p->came[i] != want[i])
                return want;
        if (p->came[n])
            return want;
        if (!*s)
            return NULL;
    }
}

#endif
