# SPDX-License-Identifier: MIT
# What `make bench` needs beside what `make` builds: four systems and two Linux programs.

BENCH := $(B)/bench.manifest $(B)/first.manifest $(B)/pair.manifest $(B)/bench/linux $(B)/bench/nothing \
    $(B)/bench/weigh.so $(B)/hard.manifest $(B)/bench/hold.so

$(B)/bench.manifest: $(addprefix $(B)/boot/,bench.elf idle.elf)
$(B)/first.manifest: $(B)/boot/first.elf
$(B)/pair.manifest: $(B)/boot/pair.elf
$(B)/bench/%: bench/%.c
	@$(if $(V),,echo '  link $@';) mkdir -p $(@D)
	$(Q)$(CC) -static -O2 -std=gnu11 $(REPRODUCIBLE) $(WARN) $< -o $@

$(B)/bench/weigh.so $(B)/bench/hold.so: $(B)/bench/%.so: bench/%.c tools/qemu/plugin.h
	$(LINK_PLUGIN)
$(B)/bench/linux: bench/stamp.h

bench: $(BENCH)

tests/bench/bench_test.sh: $(BENCH) $(B)/phoenix.elf ;
TEST_BOOT += tests/bench/bench_test.sh
