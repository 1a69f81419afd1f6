@0xd3a96b1c7ef04258;
# What the machine is started with: one module, which is this message behind what the
# kernel reads (engine/include/phoenix/boot.h). mkmanifest makes it, checks it and places
# every blob at a page boundary of the module; init checks it again.

using A = import "annotations.capnp";

struct SystemManifest $A.doc("A system that can be booted.") {
  version @0 :UInt32 $A.doc("1");
  name @1 :Text;
  init @2 :InitConfig;
  services @3 :List(Service);
  binaries @4 :List(Binary);
  trees @5 :List(Tree);
  run @6 :Run $A.doc("null: a system with a shell; else one program, and the machine ends with it");
  time @7 :Time $A.doc("null: one slot, which every thread shares");
}

struct InitConfig $A.doc("The first process: the only one the kernel builds.") {
  binary @0 :Text $A.doc("name of an entry of binaries");
  capabilities @1 :List(Text) $A.doc("kernel grants: account pool console clock entropy power log bootPackage irq ioPort deviceMemory pciFunction slots schedule");
}

struct Time $A.doc("How each core's time is divided; a vector of slots, which repeats.") {
  slots @0 :UInt32 $A.doc("1 to 16");
  length @1 :UInt64 $A.doc("of a slot: 100000 to 1000000000 nanoseconds");
}

struct Service $A.doc("A process that init starts.") {
  name @0 :Text;
  binary @1 :Text;
  arguments @2 :List(Text);
  grants @3 :List(Grant);
  provides @4 :List(Text) $A.doc("names under which others may be granted its endpoint; each minted by init from the service's endpoint");
  pages @5 :UInt64 $A.doc("limit of its account; 0: shares init's");
  holds @6 :UInt64;
  threads @7 :UInt64;
  restart @8 :Bool $A.doc("init starts it again when it ends");
}

struct Grant {
  name @0 :Text $A.doc("what the service calls it");
  source @1 :Text $A.doc("a kernel grant of init's, or something that a service provides");
  methods @2 :List(Text) $A.doc("facets or methods; empty: the default set, which is all but attachUnconfined");
  first @3 :UInt64 $A.doc("of irq, ioPort, deviceMemory, pciFunction: the first line, port, page (physical address / 4096) or function (bus << 8 | device << 3 | function) of the range");
  count @4 :UInt64 $A.doc("how many of them, at least 1; of any other source: 0");
}

struct Binary {
  name @0 :Text;
  sha256 @1 :Data;
  size @2 :UInt64;
  content @3 :Data $A.doc("an ELF file, at a page boundary of the module");
}

struct Tree $A.doc("A read-only directory tree for the memory file system.") {
  path @0 :Text $A.doc("where it appears, absolute");
  entries @1 :List(Entry) $A.doc("the first is the root, with name \"\"; each directory is followed by what is in it, by name in byte order");
}

struct Entry {
  name @0 :Text $A.doc("one path component");
  parent @1 :UInt32 $A.doc("index in entries");
  mode @2 :UInt32 $A.doc("type and permission bits as stat(2) has them");
  uid @3 :UInt32;
  gid @4 :UInt32;
  mtime @5 :Int64 $A.doc("nanoseconds since 1970");
  size @6 :UInt64;
  content @7 :Data $A.doc("a regular file's bytes, at a page boundary of the module");
  target @8 :Text $A.doc("a symbolic link's");
  sha256 @9 :Data $A.doc("of content, or of the extents' content one after the other");
  inode @10 :UInt64 $A.doc("equal for hard links to one file; 0: its own");
  extents @11 :List(Extent) $A.doc("instead of content: a file with holes, or one that is too long for it; by rising offset");
}

struct Extent $A.doc("Bytes of a file that are not zeroes, or not known to be.") {
  offset @0 :UInt64 $A.doc("in the file, a multiple of a page");
  content @1 :Data $A.doc("at a page boundary of the module; whole pages, but for the last of the file");
}

struct Run $A.doc("One Linux program.") {
  program @0 :Text $A.doc("name of an entry of binaries");
  arguments @1 :List(Text) $A.doc("argv, argv[0] included");
  environment @2 :List(Text);
  directory @3 :Text $A.doc("working directory");
  scratch @4 :UInt64 $A.doc("bytes of writable memory file system; 0: none");
  traceCalls @5 :Bool $A.doc("its system calls are told on its stderr, one line each");
  stats @6 :Bool $A.doc("what it used is told on its stderr when it ends");
}
