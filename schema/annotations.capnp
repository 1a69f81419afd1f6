@0xf1c2a7d0e95b3a41;
# What Phoenix says about an interface beyond what Cap'n Proto itself can say.
# tools/capnpc-phoenix reads these; nothing else does.

annotation doc(*) :Text;
# One line of documentation: the reference page, `help` and `caps` print it.

annotation number(interface) :UInt16;
# The interface's number on this machine, fixed for ever. 0 is Capability, 1 to
# 63 are served by the kernel, 64 and up by services through an Endpoint.

annotation bit(method) :UInt8;
# The method's number: its bit in a hold's method set, and the `method` field of
# an operation word. Bits 56 to 63 belong to Capability, which every interface
# extends without saying so. Never reused.

annotation marker(method) :Void;
# A permission that is asked for by another object's method and never invoked by
# itself: invoking it is InvalidSyscall.

annotation as(method) :Text;
# The method of the kernel, "AddressSpace.unmap", that has as many words and does this one too.

annotation nyx(method) :List(UInt8);
# libnyx operation numbers that mean this method.

annotation slot(method) :Slot;
# The well-known slot that such a number uses when its capability is 0.

annotation errors(method) :List(Text);
# Which errors (names of phoenix.capnp's Error) the method may answer with,
# beyond those every operation may: InvalidSyscall, InvalidCapability,
# PermissionDenied, InvalidArgument, Revoked, Consumed.

annotation interruptSafe(method) :Void;
# May be drained from a ring by the timer, in the middle of its owner's slice.

annotation facets(interface) :List(Facet);
# Names for method sets of this interface.

annotation detail(interface) :Text;
# What word 0 of a failed answer says. The stubs of such an interface hand it out.

annotation words(method) :Void;
# The register form: every scalar parameter and result is one 64-bit word (at
# most 10, in declaration order; a capability parameter of a kernel method is
# the word that holds its id), and at most one Data or Text parameter and one
# such result travel as the message's buffer, as they are. This is the data
# section of the parameter struct, carried in registers. Capability parameters
# and results of service methods ride sideband, in declaration order.
# Every method of a kernel interface has this form.

annotation tests(method) :List(Text);
# Names of the tests that show this method.

struct Facet {
  name @0 :Text;            # READ, WRITE, GRANT ...
  methods @1 :List(Text);   # names of methods, superclasses' included
}

enum Slot {
  none @0;
  process @1;
  thread @2;
  space @3;
  pool @4;
  account @5;
  clock @6;
  console @7;
  log @8;
  power @9;
  entropy @10;
  namespace @11;
  launcher @12;
  bootPackage @13;
  keeper @14;
  ring @15;
}
