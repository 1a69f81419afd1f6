/* SPDX-License-Identifier: MIT */
#include "input.h"

#include "bytes.h"

#define CTRL_C 3
#define EVENTS                                                                                     \
    (FRAMING_CONTROL_HANGUP | FRAMING_CONTROL_INTERRUPT | FRAMING_CONTROL_TERMINATE |              \
        FRAMING_CONTROL_WINDOW)
#define RAW_TERMINAL (7 | 80 << 8 | 24UL << 24) /* all three streams, 80 columns, 24 rows */

void input_init(struct input *in, bool framed)
{
    memset(in, 0, sizeof *in);
    in->framed = framed;
    in->described = !framed;
    in->terminal = framed ? 0 : RAW_TERMINAL;
}

/* With so much in front of its description that no room is left for that, it is no terminal
 * at which somebody types. */
static bool is_for(const struct input *in, uint32_t most)
{
    if (most == 0)
        return in->described || in->tail - in->head == INPUT_BYTES;
    return in->whole > in->head || in->end;
}

bool input_ok(const struct input *in)
{
    if (in->head > in->whole || in->whole > in->tail || in->tail > INPUT_BYTES)
        return false;
    if (in->tail - in->head == INPUT_BYTES && in->whole == in->head)
        return false;
    for (unsigned i = 0; i < in->asking; i++)
        if (is_for(in, in->askers[i].most))
            return false;
    return true;
}

/* --- from the line ------------------------------------------------------------- */

/* What was read is made room of when half of all is that, or none is left: so a byte is
 * moved once on the average, however small the pieces are that are read. */
uint32_t input_room(struct input *in)
{
    if (in->head > 0 && (in->head >= INPUT_BYTES / 2 || in->tail == INPUT_BYTES)) {
        memmove(in->bytes, in->bytes + in->head, in->tail - in->head);
        in->tail -= in->head;
        in->whole -= in->head;
        in->head = 0;
    }
    return INPUT_BYTES - in->tail;
}

static void put_raw(struct input *in, uint8_t byte)
{
    if (byte == CTRL_C && in->watched)
        in->events |= FRAMING_CONTROL_INTERRUPT;
    else
        in->bytes[in->tail++] = byte;
    in->whole = in->tail;
}

static void put_framed(struct input *in, uint8_t byte)
{
    struct framing *f = &in->decoder;
    unsigned what = framing_feed(f, byte);

    if ((what & FRAMING_PAYLOAD) && f->type == FRAMING_STDIN)
        in->bytes[in->tail++] = byte;
    if (!(what & FRAMING_END))
        return;
    in->whole = in->tail;
    if (f->type == FRAMING_STDIN_END) {
        in->end = true;
    } else if (f->type == FRAMING_CONTROL) {
        in->events |= f->value & EVENTS;
    } else if (f->type == FRAMING_TERMINAL) {
        in->terminal = f->value & 0xffffffffff;
        in->described = true;
    }
}

void input_put(struct input *in, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (in->framed)
            put_framed(in, bytes[i]);
        else
            put_raw(in, bytes[i]);
}

/* --- to who asks ----------------------------------------------------------------- */

static void answer(struct input *in, const struct asker *a)
{
    uint32_t count = in->whole - in->head;

    count = count < a->most ? count : a->most;
    if (a->most == 0)
        asker_answer(a->reply, NULL, 0, in->terminal);
    else if (asker_answer(a->reply, in->bytes + in->head, count, 0))
        in->head += count;
}

void input_serve(struct input *in)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < in->asking; i++) {
        struct asker a = in->askers[i];

        if (is_for(in, a.most))
            answer(in, &a);
        else
            in->askers[kept++] = a;
    }
    in->asking = kept;
}

static struct asker asker(uint64_t reply, uint64_t most)
{
    return (struct asker){reply, (uint32_t)(most < INPUT_READ_MOST ? most : INPUT_READ_MOST)};
}

bool input_read(struct input *in, uint64_t reply, uint64_t most)
{
    struct asker a = asker(reply, most);

    if (!is_for(in, a.most))
        return false;
    answer(in, &a);
    return true;
}

/* Those that are gone, and so need neither a place nor a Reply. */
static void forget_gone(struct input *in)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < in->asking; i++)
        if (asker_waits(in->askers[i].reply))
            in->askers[kept++] = in->askers[i];
    in->asking = kept;
}

bool input_wait(struct input *in, uint64_t reply, uint64_t most)
{
    forget_gone(in);
    if (in->asking == ASKERS_MAX)
        return false;
    in->askers[in->asking++] = asker(reply, most);
    return true;
}
