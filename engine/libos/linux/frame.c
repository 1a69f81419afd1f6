/* SPDX-License-Identifier: MIT */
/*
 * Signal frames: the program's registers on its own stack, laid out as the
 * program's C library, unwinder and debugger know them.
 *
 * From the stack pointer down: the 128 bytes that the ABI lets a function use
 * below it, the extended state (64-byte aligned, in the XSAVE form where the CPU
 * has it), then struct linux_sigframe, so that the handler begins with the
 * alignment that a call gives it.
 *
 * Spec  Linux arch/x86/include/uapi/asm/sigcontext.h; Intel SDM 1, 13.4
 */
#include "bytes.h"
#include "face.h"
#include "kernel.h"
#include "user.h"

#define RED_ZONE 128
#define LEGACY_SIZE 512
#define MAGIC1 0x46505853
#define MAGIC2 0x46505845
#define SOFTWARE_AREA 464 /* in the legacy area; fpx_sw_bytes */

/* rflags that a handler's frame may set: arithmetic, TF, DF, NT, RF, AC, ID. */
#define FLAGS_OURS 0x254dd5
#define FLAG_TF 0x100
#define FLAG_DF 0x400
#define FLAG_RF 0x10000

int64_t raw_extended_save(void *area, uint64_t parts);
int64_t raw_extended_load(const void *area, uint64_t parts);

struct software_bytes {
    uint32_t magic1, extended_size;
    uint64_t parts;
    uint32_t state_size, reserved[7];
};

static struct {
    uint64_t parts; /* XCR0; 0: no XSAVE */
    uint64_t size;
    bool known;
} extended;

static void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(sub));
}

static void learn_extended(void)
{
    uint32_t out[4], low, high;

    if (extended.known)
        return;
    extended.size = LEGACY_SIZE;
    cpuid(1, 0, out);
    if ((out[2] >> 27 & 1) != 0) { /* the kernel turned XSAVE on */
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        cpuid(13, 0, out);
        extended.parts = (uint64_t)high << 32 | low;
        extended.size = out[1];
    }
    extended.known = true;
}

uint64_t frame_least_stack(void)
{
    learn_extended();
    return RED_ZONE + extended.size + 64 + sizeof(uint32_t) + sizeof(struct linux_sigframe) + 16;
}

/* --- writing -------------------------------------------------------------- */

static int64_t save_extended(uint64_t at)
{
    static const uint8_t zeroes[64];
    struct software_bytes bytes = {MAGIC1, (uint32_t)extended.size + 4, extended.parts,
                                   (uint32_t)extended.size, {0}};
    uint32_t magic2 = MAGIC2;
    int64_t e = 0;

    if (!user_range(at, extended.size + 4))
        return -E_FAULT;
    if (extended.parts != 0) /* XSAVE leaves most of its header as it is */
        e = copy_to_user(at + LEGACY_SIZE, zeroes, sizeof(zeroes));
    if (e == 0)
        e = raw_extended_save(user_pointer(at), extended.parts);
    if (e == 0 && extended.parts != 0)
        e = copy_to_user(at + extended.size, &magic2, 4);
    if (extended.parts == 0)
        bytes = (struct software_bytes){0};
    if (e == 0)
        e = copy_to_user(at + SOFTWARE_AREA, &bytes, sizeof(bytes));
    return e;
}

static void fill_context(struct linux_sigcontext *s, const struct phx_registers *r,
                         const struct fault *fault)
{
    *s = (struct linux_sigcontext){
        .r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11,
        .r12 = r->r12, .r13 = r->r13, .r14 = r->r14, .r15 = r->r15,
        .rdi = r->rdi, .rsi = r->rsi, .rbp = r->rbp, .rbx = r->rbx,
        .rdx = r->rdx, .rax = r->rax, .rcx = r->rcx, .rsp = r->rsp,
        .rip = r->rip, .eflags = r->rflags, .cs = 0x33, .ss = 0x2b,
    };
    if (fault != NULL) {
        s->err = fault->error;
        s->trapno = fault->vector;
        s->cr2 = fault->address;
    }
}

/* Where the frame's stack begins. */
static uint64_t stack_for(const struct linux_thread *l, const struct phx_registers *r,
                          const struct linux_sigaction *action)
{
    const struct linux_stack *alt = &l->altstack;

    if ((action->flags & SA_ONSTACK) == 0 || alt->ss_flags != 0 ||
        r->rsp - alt->ss_sp < alt->ss_size)
        return r->rsp - RED_ZONE;
    return alt->ss_sp + alt->ss_size;
}

bool frame_push(struct phx_registers *r, const struct linux_sigaction *action, int signal,
                int code, const struct fault *fault, uint64_t mask)
{
    struct linux_thread *l = linux_self();
    struct linux_sigframe frame = {.return_address = action->restorer};
    uint64_t sp, state;

    learn_extended();
    sp = stack_for(l, r, action);
    state = (sp - extended.size - 4) & -(uint64_t)64;
    sp = ((state - sizeof(frame)) & -(uint64_t)16) - 8;
    frame.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
                        (extended.parts != 0 ? UC_FP_XSTATE : 0);
    frame.uc.uc_stack = l->altstack;
    frame.uc.uc_sigmask = mask;
    fill_context(&frame.uc.uc_mcontext, r, fault);
    frame.uc.uc_mcontext.fpstate = state;
    frame.uc.uc_mcontext.oldmask = mask;
    frame.info.si_signo = signal;
    frame.info.si_code = code;
    if (fault != NULL)
        frame.info.si_addr = fault->address;
    else if (code <= 0)
        frame.info.si_pid = code == SI_TIMER ? 0 : (int32_t)program_pid;
    if (save_extended(state) < 0 || copy_to_user(sp, &frame, sizeof(frame)) < 0)
        return false;
    r->rsp = sp;
    r->rip = action->handler;
    r->rax = 0;
    r->rdi = (uint64_t)signal;
    r->rsi = sp + offsetof(struct linux_sigframe, info);
    r->rdx = sp + offsetof(struct linux_sigframe, uc);
    r->rflags &= ~(uint64_t)(FLAG_TF | FLAG_DF | FLAG_RF);
    return true;
}

/* --- reading back --------------------------------------------------------- */

static int64_t load_extended(uint64_t at, uint64_t flags)
{
    struct software_bytes bytes;
    uint64_t header[8], parts = 0;
    int64_t e;

    if (at == 0)
        return 0;
    if (at % 64 != 0 || !user_range(at, extended.size))
        return -E_FAULT;
    e = copy_from_user(&bytes, at + SOFTWARE_AREA, sizeof(bytes));
    if (e == 0 && (flags & UC_FP_XSTATE) != 0 && bytes.magic1 == MAGIC1 &&
        bytes.state_size == extended.size) {
        /* What the CPU would refuse is refused here; what is changed in between
         * makes it refuse after all, and counts as a bad frame too. */
        e = copy_from_user(header, at + LEGACY_SIZE, sizeof(header));
        if (e == 0 && ((header[0] & ~extended.parts) != 0 || header[1] != 0))
            e = -E_FAULT;
        parts = extended.parts;
    }
    return e < 0 ? e : raw_extended_load(user_pointer(at), parts);
}

bool frame_pop(struct phx_registers *r, uint64_t *mask)
{
    struct linux_thread *l = linux_self();
    struct linux_ucontext uc;
    const struct linux_sigcontext *s = &uc.uc_mcontext;

    /* The handler's return took return_address off the stack. */
    learn_extended();
    if (copy_from_user(&uc, r->rsp, sizeof(uc)) < 0 || load_extended(s->fpstate, uc.uc_flags) < 0)
        return false;
    *r = (struct phx_registers){
        .r8 = s->r8, .r9 = s->r9, .r10 = s->r10, .r11 = s->r11,
        .r12 = s->r12, .r13 = s->r13, .r14 = s->r14, .r15 = s->r15,
        .rdi = s->rdi, .rsi = s->rsi, .rbp = s->rbp, .rbx = s->rbx,
        .rdx = s->rdx, .rax = s->rax, .rcx = s->rcx, .rsp = s->rsp, .rip = s->rip,
        .rflags = (r->rflags & ~(uint64_t)FLAGS_OURS) | (s->eflags & FLAGS_OURS),
    };
    *mask = uc.uc_sigmask;
    l->restart = -1;
    if ((uc.uc_stack.ss_flags & ~SS_DISABLE) == 0)
        l->altstack = uc.uc_stack;
    return true;
}
