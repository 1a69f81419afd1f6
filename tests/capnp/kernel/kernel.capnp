@0xe2a4b6087f13d95c;
# A kernel small enough to be tested by hand: what the dispatch tables of any
# kernel.capnp look like.

using A = import "/annotations.capnp";

enum Error {
  success @0 $A.doc("it worked");
  invalidSyscall @1 $A.doc("no such thing");
  timeout @2 $A.doc("too late");
}

interface Capability $A.number(0) $A.doc("Anything.") {
  derive @0 (methods :UInt64) -> (capability :UInt64) $A.bit(57) $A.words $A.nyx([16]);
  transfer @1 () -> () $A.bit(60) $A.words $A.marker;
}

interface Bell $A.number(5) $A.doc("It rings.") $A.facets([(name = "RING", methods = ["ring", "derive"])]) {
  ring @0 (times :UInt64, loud :Int64) -> (heard :UInt64, echo :Int64)
      $A.bit(3) $A.words $A.nyx([7, 255]) $A.slot(clock) $A.interruptSafe $A.errors(["timeout"])
      $A.doc("Ring it.");
  stop @1 () -> () $A.bit(55) $A.words;
  hush @2 () -> () $A.bit(54) $A.words $A.as("Bell.stop");
}
