/* SPDX-License-Identifier: MIT */
/* A machine's frames, however its bytes are cut and whatever came before them. */
#include "phoenix/frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

static void check(const char *name, int good)
{
    printf("%s frames.%s%s\n", good ? "ok" : "FAIL", name, good ? "" : " other frames came out");
    failures += !good;
}

/* Bytes to read, as they are made up. */
static uint8_t line[1 << 20];
static size_t line_length;

static void say(const void *bytes, size_t length)
{
    memcpy(line + line_length, bytes, length);
    line_length += length;
}

static void say_frame(uint8_t type, const void *payload, size_t length)
{
    uint8_t header[FRAMING_HEADER_SIZE];

    framing_header(header, type, (uint16_t)length);
    say(header, sizeof header);
    say(payload, length);
}

/* What came out: frames as "type:payload;", and how the reader ended. */
static char heard[1 << 20];
static size_t heard_length;
static struct frame_reader reader;

static void hear(size_t piece)
{
    struct frame f;

    frame_reader_init(&reader);
    heard_length = 0;
    for (size_t at = 0; at < line_length;) {
        size_t n = line_length - at < piece ? line_length - at : piece;

        at += frame_take(&reader, line + at, n, &f);
        if (!f.payload)
            continue;
        heard_length += (size_t)sprintf(heard + heard_length, "%d:", f.type);
        memcpy(heard + heard_length, f.payload, f.length);
        heard_length += f.length;
        heard[heard_length++] = ';';
    }
    heard[heard_length] = 0;
}

static void begin(void)
{
    line_length = 0;
}

static void any_cut(void)
{
    int good = 1;

    begin();
    say("SeaBIOS\r\n\x13\x04\x13\x04", 13);
    say_frame(FRAMING_READY, "PHX1", 4);
    say_frame(FRAMING_STDOUT, "hello", 5);
    say_frame(FRAMING_STDERR, "", 0);
    say_frame(FRAMING_LOG, "x", 1);
    for (size_t piece = 1; piece <= line_length; piece++) {
        hear(piece);
        good &= reader.ready && !reader.broken && strcmp(heard, "1:hello;2:;16:x;") == 0;
        good &= reader.noise_length == 13 && memcmp(reader.noise, line, 13) == 0;
    }
    check("any_cut_gives_the_same", good);
}

static void longest(void)
{
    static char payload[FRAMING_GUEST_MAX];

    begin();
    memset(payload, 'a', sizeof payload);
    say_frame(FRAMING_READY, "PHX1", 4);
    say_frame(FRAMING_STDOUT, payload, sizeof payload);
    hear(1000);
    check("longest_payload", heard_length == 2 + sizeof payload + 1 && !reader.broken);
}

static void much_noise(void)
{
    begin();
    for (int i = 0; i < 5000; i++)
        say("\x13\x04", 2);
    say_frame(FRAMING_READY, "PHX1", 4);
    say_frame(FRAMING_STDOUT, "k", 1);
    hear(77);
    check("much_noise", strcmp(heard, "1:k;") == 0 && reader.noise_length <= FRAME_NOISE_MAX);
}

static void out_of_step(void)
{
    begin();
    say_frame(FRAMING_READY, "PHX1", 4);
    say("\x42\x01\0?", 4);
    say_frame(FRAMING_EPITAPH, "dead", 4);
    hear(3);
    check("out_of_step_is_kept_in_mind", reader.broken && strstr(heard, "17:dead;") != NULL);
}

static void random_bytes(void)
{
    srand(1);
    for (int round = 0; round < 300; round++) {
        begin();
        say_frame(FRAMING_READY, "PHX1", 4);
        for (int i = 0; i < 3000; i++) {
            uint8_t byte = (uint8_t)(rand() % 24);

            say(&byte, 1);
        }
        hear((size_t)(1 + rand() % 500));
    }
    check("random_bytes_harm_nothing", 1);
}

int main(void)
{
    any_cut();
    longest();
    much_noise();
    out_of_step();
    random_bytes();
    return failures != 0;
}
