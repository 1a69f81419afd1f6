@0xe81f5b0d62c7a943;
# Interfaces that services serve. To a client they look no different from the
# kernel's: a capability, a method bit, words, a buffer.

using A = import "annotations.capnp";
using Capability = import "kernel.capnp".Capability;


interface Namespace $A.number(64)
    $A.doc("A tree of names. Paths are relative to its root; `..` does not leave it.")
    $A.detail("a Linux errno")
    $A.facets([(name = "READ", methods = ["open", "status", "readLink"]),
               (name = "WRITE", methods = ["make", "link", "remove", "rename", "setAttributes"])]) {
  open @0 (flags :UInt64, mode :UInt64, path :Data) -> (file :File, mode :UInt64, size :UInt64, inode :UInt64)
      $A.bit(0) $A.words $A.errors(["notFound", "exists", "ioError", "outOfMemory", "invalidState", "notSupported"])
      $A.doc("Open with Linux open(2) flags that only read (others: errno EACCES).");
  status @1 (follow :UInt64, path :Data) -> (inode :UInt64, mode :UInt64, links :UInt64, owner :UInt64, size :UInt64, blocks :UInt64, mtime :UInt64, ctime :UInt64, atime :UInt64, device :UInt64)
      $A.bit(1) $A.words $A.errors(["notFound"])
      $A.doc("Attributes; owner is uid | gid << 32, times are nanoseconds since 1970, device that of a device node.");
  readLink @2 (path :Data) -> (target :Data)
      $A.bit(2) $A.words $A.errors(["notFound", "invalidArgument"])
      $A.doc("A symbolic link's target.");
  write @3 (flags :UInt64, mode :UInt64, path :Data) -> (file :File, mode :UInt64, size :UInt64, inode :UInt64)
      $A.bit(3) $A.words $A.errors(["notFound", "exists", "ioError", "outOfMemory", "invalidState", "notSupported"])
      $A.doc("As open, with flags that write, truncate or create too: a method of its own, so that the kernel checks who may.");
  make @4 (mode :UInt64, device :UInt64, path :Data) -> ()
      $A.bit(4) $A.words $A.errors(["exists", "notFound", "outOfMemory"])
      $A.doc("mkdir, or mknod: by the type bits of mode.");
  link @5 (symbolic :UInt64, firstLength :UInt64, paths :Data) -> ()
      $A.bit(5) $A.words $A.errors(["exists", "notFound", "outOfMemory"])
      $A.doc("paths is target (firstLength bytes) and then the new name.");
  remove @6 (directory :UInt64, path :Data) -> ()
      $A.bit(6) $A.words $A.errors(["notFound"])
      $A.doc("unlink (0) or rmdir (1).");
  rename @7 (flags :UInt64, firstLength :UInt64, paths :Data) -> ()
      $A.bit(7) $A.words $A.errors(["notFound", "exists"])
      $A.doc("renameat2 flags; paths is the old name (firstLength bytes) and then the new one.");
  setAttributes @8 (which :UInt64, mode :UInt64, owner :UInt64, mtime :UInt64, atime :UInt64, size :UInt64, path :Data) -> ()
      $A.bit(8) $A.words $A.errors(["notFound"])
      $A.doc("which: 1 mode, 2 uid, 4 gid, 8 mtime, 16 atime, 32 size, 64 do not follow a last symbolic link.");
  statistics @9 () -> (blockSize :UInt64, blocks :UInt64, free :UInt64, files :UInt64, freeFiles :UInt64)
      $A.bit(9) $A.words $A.doc("statfs.");
}

interface File $A.number(65)
    $A.doc("An open file or directory. Where one reads and writes is its user's business.")
    $A.detail("a Linux errno")
    $A.facets([(name = "READ", methods = ["read", "list", "map", "status"]),
               (name = "WRITE", methods = ["write", "setAttributes"])]) {
  read @0 (offset :UInt64, length :UInt64) -> (size :UInt64, data :Data)
      $A.bit(0) $A.words $A.doc("At most 4096 bytes; size is the file's at that moment.");
  write @1 (offset :UInt64, append :UInt64, data :Data) -> (written :UInt64, end :UInt64)
      $A.bit(1) $A.words $A.errors(["outOfMemory", "tooBig"])
      $A.doc("At most 4096 bytes; end is the offset behind them.");
  status @2 () -> (inode :UInt64, mode :UInt64, links :UInt64, owner :UInt64, size :UInt64, blocks :UInt64, mtime :UInt64, ctime :UInt64, atime :UInt64, device :UInt64)
      $A.bit(2) $A.words $A.doc("As Namespace.status.");
  list @3 (cookie :UInt64) -> (next :UInt64, entries :Data)
      $A.bit(3) $A.words
      $A.doc("Directory entries as getdents64 lays them out, at most 4096 bytes; from cookie 0; none left: no bytes.");
  map @4 () -> (frame :Capability, pages :UInt64)
      $A.bit(4) $A.words $A.errors(["notSupported"])
      $A.doc("A file of the boot tree as a Frame to read and execute, without a copy.");
  setAttributes @5 (which :UInt64, mode :UInt64, owner :UInt64, mtime :UInt64, atime :UInt64, size :UInt64) -> ()
      $A.bit(5) $A.words $A.doc("As Namespace.setAttributes.");
  sync @6 () -> () $A.bit(6) $A.words $A.doc("Make it durable, as far as the service can.");
  path @7 () -> (path :Data) $A.bit(7) $A.words $A.doc("Its name when it was opened, from the root.");
}

interface Launcher $A.number(66) $A.doc("Builds and runs processes.")
    $A.facets([(name = "RUN", methods = ["create"]), (name = "READ", methods = ["list"]),
               (name = "INSPECT", methods = ["process", "account"])]) {
  create @0 (name :Data) -> (launch :Launch)
      $A.bit(0) $A.words $A.errors(["notFound", "outOfMemory"])
      $A.doc("Prepare a program of the boot package, by its binary name; or a Linux program by a path of the Namespace that is granted later.");
  list @1 (cookie :UInt64) -> (next :UInt64, pid :UInt64, state :UInt64, status :UInt64, pages :UInt64, holds :UInt64, threads :UInt64, name :Data)
      $A.bit(1) $A.words $A.errors(["notFound"])
      $A.doc("One process after another.");
  adopt @2 (name :Data, process :Capability, account :Capability) -> ()
      $A.bit(2) $A.words $A.errors(["outOfMemory"])
      $A.doc("List this process as well, until it is dead; init tells of the services it starts, and of the account that is only theirs.");
  process @3 (pid :UInt64) -> (process :Capability)
      $A.bit(3) $A.words $A.errors(["notFound", "outOfMemory"])
      $A.doc("A Process with status, holds and revoke, as far as the launcher has them: to look at what it holds, and to take it.");
  account @4 (pid :UInt64) -> (account :Capability)
      $A.bit(4) $A.words $A.errors(["notFound", "outOfMemory"])
      $A.doc("The Account that pays for it alone, with balance and newTap; one that shares an account is not found.");
}

interface Launch $A.number(67) $A.doc("A program that is being prepared, runs, or has ended.") {
  grant @0 (slot :UInt64, name :Data, capability :Capability) -> ()
      $A.bit(0) $A.words $A.errors(["exists", "outOfMemory", "invalidState"])
      $A.doc("It will have this capability under this name; slot as Capability.grant has it.");
  start @1 (startup :Data) -> (pid :UInt64, reason :Data)
      $A.bit(1) $A.words $A.errors(["invalidFormat", "notFound", "outOfMemory", "invalidState"])
      $A.doc("Run it; startup is a Startup message. An error carries a reason, in words for people.");
  wait @2 () -> (status :UInt64, faultAddress :UInt64)
      $A.bit(2) $A.words $A.errors(["invalidState"])
      $A.doc("Wait until it has ended; status as wait(2) has it.");
  signal @3 (number :UInt64) -> ()
      $A.bit(3) $A.words $A.errors(["invalidState"])
      $A.doc("9: kill it; others go to its libos.");
}

interface Terminal $A.number(68)
    $A.doc("What comes in on the machine's serial line: a terminal's keys, or what a launcher sends.")
    $A.facets([(name = "READ", methods = ["read", "info"]),
               (name = "CONTROL", methods = ["watch", "events"])]) {
  read @0 (length :UInt64, poll :UInt64) -> (data :Data)
      $A.bit(0) $A.words $A.errors(["wouldBlock", "limitExceeded"])
      $A.doc("At most length bytes, and 4096; none: the end of input. Waits for them, unless poll is 1; what a caller that stops waiting would have got, the next one gets.");
  info @1 () -> (terminal :UInt64)
      $A.bit(1) $A.words $A.errors(["limitExceeded"])
      $A.doc("Whether stdin, stdout, stderr are a terminal (bits 0-2), its columns (8-23) and rows (24-39).");
  watch @2 (bits :UInt64, notification :Capability) -> ()
      $A.bit(2) $A.words
      $A.doc("Signal these bits when there are events; at once if there are. One watcher, the last wins.");
  events @3 () -> (events :UInt64)
      $A.bit(3) $A.words
      $A.doc("Take them: bit 0 hangup, bit 1 interrupt, bit 2 terminate, bit 3 window size.");
}
