@0x9a5d13c80b7ef624;
# What a new process is told. Both are read-only pages of its own; a process
# finds their addresses in its first registers (phoenix/abi.h).

using A = import "annotations.capnp";

struct CapSet $A.doc("The capabilities that a process was handed at its start.") {
  entries @0 :List(Entry);
  struct Entry {
    name @0 :Text;
    id @1 :UInt64;
    interface @2 :UInt16;
    methods @3 :UInt64;
    badge @4 :UInt64;
  }
}

struct Startup $A.doc("Arguments of a process.") {
  arguments @0 :List(Text);
  environment @1 :List(Text);
  directory @2 :Text;
  program @3 :Text $A.doc("path or name it was started by");
  imageAddress @4 :UInt64 $A.doc("Linux program: where its file is mapped read-only");
  imageSize @5 :UInt64 $A.doc("in bytes");
  spaceLow @6 :UInt64 $A.doc("the first address that is free for the program");
  flags @7 :UInt64 $A.doc("bit 0: standard input is a raw terminal, which neither edits lines nor echoes; of a Linux program, 1: tell each system call on stderr, 2: tell what was used in the end");
}
