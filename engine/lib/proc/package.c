/* SPDX-License-Identifier: MIT */
#include "proc/package.h"

#include "phoenix/boot.h"
#include "rt/layout.h"
#include "rt/rt.h"

static uint64_t pages_for(uint64_t bytes)
{
    return (bytes + PHX_PAGE_SIZE - 1) / PHX_PAGE_SIZE;
}

const char *package_open(struct package *package, uint64_t capability)
{
    struct boot_package_info_out info = {0};
    struct boot_package_frame_out frame = {0};
    int64_t result = boot_package_info(capability, &info);

    package->capability = capability;
    if (result >= 0)
        result = boot_package_frame(capability, 0, pages_for(info.bytes), &frame);
    if (result >= 0)
        result = address_space_map(
            RT_SPACE, frame.frame, RT_MODULE_BASE, 0, pages_for(info.bytes), PHX_PROT_READ);
    phx_release(frame.frame);
    if (result < 0)
        return rt_error_text(result);
    package->module = (const uint8_t *)RT_MODULE_BASE;
    package->size = info.bytes;
    return package_reopen(package) ? NULL : "its manifest is no Cap'n Proto message";
}

bool package_reopen(struct package *package)
{
    if (package->size < PHX_BOOT_MANIFEST ||
        !capnp_open(&package->message, package->module + PHX_BOOT_MANIFEST,
            package->size - PHX_BOOT_MANIFEST, CAPNP_LIMIT))
        return false;
    package->manifest = system_manifest_root(&package->message);
    return true;
}

bool package_binary(struct package *package, const char *name, struct binary_reader *binary)
{
    struct capnp_list binaries = system_manifest_binaries(package->manifest);

    for (uint32_t i = 0; i < binaries.count; i++) {
        *binary = binary_at(binaries, i);
        if (rt_equal(binary_name(*binary).data, name))
            return true;
    }
    return false;
}

uint64_t package_frame(const struct package *package, const uint8_t *blob, uint64_t size)
{
    struct boot_package_frame_out frame = {0};
    uint64_t offset = (uint64_t)(blob - package->module);

    if (offset % PHX_PAGE_SIZE != 0 || size == 0 ||
        boot_package_frame(package->capability, offset / PHX_PAGE_SIZE, pages_for(size), &frame) <
            0)
        return 0;
    return frame.frame;
}

const char *package_image(struct package *package, const char *name, struct proc_image *image)
{
    struct binary_reader binary;
    struct capnp_data content;

    if (!package_binary(package, name, &binary))
        return "no binary of that name is in the boot package";
    content = binary_content(binary);
    image->bytes = content.data;
    image->size = content.size;
    image->frame = package_frame(package, content.data, content.size);
    return image->frame != 0 ? NULL : "its pages cannot be had as a frame";
}
