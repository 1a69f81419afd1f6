@0xb7d0c4e35a1f6e02;
# The kernel's interfaces. A method here is an operation of the kernel: this file
# makes its number, its argument structs, the client stub, the dispatch row, the
# error texts and the reference page.
#
# All methods have the `words` form (annotations.capnp). Addresses are user
# addresses of the caller's space and are claims; lengths are bytes unless a
# line says pages (4096 bytes). Deadlines are nanoseconds of the monotonic clock
# (Clock.now); 0 means "do not wait", ~0 "for ever".

using A = import "annotations.capnp";

enum Error $A.doc("What an operation answers; on the wire the number is negative.") {
  success @0 $A.doc("success");
  invalidSyscall @1 $A.doc("no such operation");
  invalidCapability @2 $A.doc("no such capability");
  permissionDenied @3 $A.doc("the capability does not allow this");
  outOfMemory @4 $A.doc("out of memory");
  invalidArgument @5 $A.doc("invalid argument");
  wouldBlock @6 $A.doc("not now, try again");
  timeout @7 $A.doc("the deadline passed");
  interrupted @8 $A.doc("interrupted");
  notFound @9 $A.doc("not found");
  invalidFormat @10 $A.doc("malformed data");
  ioError @11 $A.doc("input or output failed");
  tooManyProcesses @12 $A.doc("too many processes");
  noChild @13 $A.doc("no such child");
  badAddress @14 $A.doc("bad address");
  revoked @15 $A.doc("the capability was revoked");
  depthExceeded @16 $A.doc("derived too deeply (at most 16 levels)");
  notAccepted @17 $A.doc("the receiver does not take these capabilities");
  consumed @18 $A.doc("no uses left");
  limitExceeded @19 $A.doc("the account's limit is reached");
  disconnected @20 $A.doc("the other side is gone");
  cancelled @21 $A.doc("cancelled");
  deadlock @22 $A.doc("would wait for itself");
  exists @23 $A.doc("exists already");
  tooBig @24 $A.doc("too big");
  invalidState @25 $A.doc("not in this state");
  notSupported @26 $A.doc("not supported");
}

enum Resource $A.doc("What an Account counts.") {
  pages @0 $A.doc("physical pages, those of kernel objects included");
  holds @1 $A.doc("rows in capability tables");
  threads @2 $A.doc("threads");
  energy @3 $A.doc("quanta that metered calls spend");
  time @4 $A.doc("nanoseconds of a core");
  gas @5 $A.doc("steps of programs that others evaluate");
}

interface Capability $A.number(0)
    $A.doc("What every capability can do, whatever its interface.")
    $A.facets([(name = "GRANT", methods = ["grant"]), (name = "REVOKE", methods = ["revoke"]),
               (name = "DUPLICATE", methods = ["duplicate"]), (name = "TRANSFER", methods = ["transfer"]),
               (name = "INSPECT", methods = ["identify"])]) {
  identify @0 () -> (interface :UInt64, methods :UInt64, badge :UInt64, uses :UInt64)
      $A.bit(56) $A.words $A.nyx([18]) $A.interruptSafe
      $A.doc("Say what a capability is; uses is ~0 when they are not counted. Costs no use.");
  derive @1 (methods :UInt64, uses :UInt64) -> (capability :UInt64)
      $A.bit(57) $A.words $A.nyx([16])
      $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child with a subset of the methods; uses 0: shares the counter, n: n uses split off it.");
  duplicate @2 () -> (capability :UInt64)
      $A.bit(58) $A.words $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("A sibling in the same table: revoked only with its parent.");
  grant @3 (process :UInt64, methods :UInt64, slot :UInt64) -> (capability :UInt64)
      $A.bit(59) $A.words $A.nyx([19])
      $A.errors(["outOfMemory", "limitExceeded", "depthExceeded", "exists"])
      $A.doc("Derive into another process's table (it needs Process.accept there); slot 1-15 names a well-known row, 0 any. A message's copy needs this method too.");
  transfer @4 () -> ()
      $A.bit(60) $A.words $A.marker
      $A.doc("May be moved to another process in a message.");
  revoke @5 (own :UInt64) -> ()
      $A.bit(61) $A.words $A.nyx([17])
      $A.doc("Kill everything derived from it, at once; own 1: this row too.");
}

interface Account $A.number(1)
    $A.doc("A budget. Limits are moved down the tree and never made.")
    $A.facets([(name = "READ", methods = ["balance"]), (name = "FORK", methods = ["newProcess"])]) {
  balance @0 (resource :UInt64) -> (limit :UInt64, used :UInt64, peak :UInt64)
      $A.bit(0) $A.words $A.interruptSafe
      $A.doc("Limit, what is used (children's limits included) and the most that ever was; of time, peak is how long its own threads had a core, whoever's budget paid.");
  create @1 (pages :UInt64, holds :UInt64, threads :UInt64, energy :UInt64) -> (account :UInt64)
      $A.bit(1) $A.words $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child account with these limits, taken from this one's.");
  transfer @2 (to :UInt64, resource :UInt64, amount :UInt64) -> ()
      $A.bit(2) $A.words $A.errors(["limitExceeded"])
      $A.doc("Move unused budget to another account; needs Account.receive there.");
  receive @3 () -> () $A.bit(3) $A.words $A.marker
      $A.doc("May be given budget.");
  destroy @4 () -> ()
      $A.bit(4) $A.words
      $A.doc("Kill every process it pays for and give its budget back to its parent.");
  newProcess @5 (libosLow :UInt64, libosHigh :UInt64) -> (process :UInt64, space :UInt64)
      $A.bit(5) $A.words $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("An empty process, paid by this account; system calls from outside [low, high) are foreign.");
  newPool @6 () -> (pool :UInt64)
      $A.bit(6) $A.words $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("A frame pool that this account pays for.");
  newEndpoint @7 () -> (endpoint :UInt64)
      $A.bit(7) $A.words $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("An endpoint, as its server holds it.");
  newNotification @8 () -> (notification :UInt64)
      $A.bit(8) $A.words $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("A notification with no bits set.");
  charge @9 (resource :UInt64, amount :UInt64) -> ()
      $A.bit(12) $A.words $A.errors(["limitExceeded"])
      $A.doc("Spend energy or gas of it, for ever: what it did not spend goes back to its parent when it ends.");
  newDmaDomain @10 (unconfined :UInt64) -> (domain :UInt64)
      $A.bit(11) $A.words $A.errors(["outOfMemory", "limitExceeded", "notSupported"])
      $A.doc("A DMA domain without a device: 0 confined to what is mapped in it (NotSupported where nothing can do that), 1 unconfined.");
  newSchedule @11 () -> (schedule :UInt64)
      $A.bit(10) $A.words $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("A Schedule without threads and without time.");
  newTap @12 () -> (log :UInt64)
      $A.bit(14) $A.words $A.errors(["outOfMemory", "limitExceeded", "exists"])
      $A.doc("The debug tap: a Log of what its threads ask of the kernel, as long as somebody holds it; one for the machine.");
  reclaim @13 (pages :UInt64, deadline :UInt64) -> ()
      $A.bit(13) $A.words $A.errors(["wouldBlock", "limitExceeded"])
      $A.doc("So many unused pages of its budget go to its parent. Too few: until the deadline the holder of its pool is asked for them (FramePool.watch), WouldBlock; then its frames are taken, one after the other. LimitExceeded: it has no more, and none went.");
}

interface Process $A.number(2)
    $A.doc("An address space, a capability table and threads.")
    $A.facets([(name = "KILL", methods = ["exit"]), (name = "READ", methods = ["status"])]) {
  exit @0 (status :UInt64) -> ()
      $A.bit(0) $A.words $A.nyx([81]) $A.slot(process)
      $A.doc("End it with a status (bits 0-15, as wait(2) has it); of the own process: does not return.");
  status @1 () -> (state :UInt64, status :UInt64, threads :UInt64, pid :UInt64, faultAddress :UInt64)
      $A.bit(1) $A.words $A.interruptSafe
      $A.doc("State 0 new, 1 running, 2 dying, 3 dead.");
  watch @2 (notification :UInt64, bits :UInt64) -> ()
      $A.bit(2) $A.words
      $A.doc("Signal these bits when it is dead; at once if it is. One watcher, the last wins.");
  newThread @3 (entry :UInt64, stack :UInt64, argument :UInt64, page :UInt64, pageAddress :UInt64) -> (thread :UInt64)
      $A.bit(3) $A.words $A.nyx([64]) $A.slot(process)
      $A.errors(["outOfMemory", "limitExceeded", "invalidState"])
      $A.doc("A stopped thread; page is a one-page Frame (mapWrite) for its thread page, mapped by the caller at pageAddress, or 0.");
  accept @4 () -> () $A.bit(4) $A.words $A.marker
      $A.doc("May be granted capabilities.");
  keeper @5 (notification :UInt64, bits :UInt64) -> ()
      $A.bit(5) $A.words
      $A.doc("Signal these bits when a thread of it stops because its upcall cannot be delivered.");
  getpid @6 () -> (pid :UInt64)
      $A.bit(6) $A.words $A.nyx([83]) $A.slot(process) $A.interruptSafe
      $A.doc("Its number; a name, no authority.");
  holds @7 (cursor :UInt64, address :UInt64) -> (next :UInt64, count :UInt64)
      $A.bit(8) $A.words $A.errors(["badAddress"])
      $A.doc("Rows of its table from a cursor on (0: the first), at most 16, as struct phx_hold each; next is where to go on, 0: nowhere.");
  revoke @8 (hold :UInt64, own :UInt64) -> ()
      $A.bit(11) $A.words $A.errors(["notFound"])
      $A.doc("One of its rows, as it could itself: all that was derived from it, own 1: this row too. Of a row without the revoke method that alone goes.");
  stopped @9 () -> (thread :UInt64, kind :UInt64, address :UInt64, error :UInt64)
      $A.bit(12) $A.words $A.errors(["outOfMemory", "limitExceeded", "notFound"])
      $A.doc("For its keeper: the next of its threads that stopped because its upcall could not be delivered, and what that was; each once.");
}

interface Thread $A.number(3)
    $A.doc("A flow of control in a process.")
    $A.facets([(name = "SUSPEND", methods = ["stop"]), (name = "RESUME", methods = ["start"])]) {
  start @0 () -> () $A.bit(0) $A.words $A.errors(["invalidState"])
      $A.doc("Make a stopped thread runnable.");
  stop @1 () -> () $A.bit(1) $A.words
      $A.doc("Stop it where it is; a wait is cancelled with Interrupted.");
  interrupt @2 (bits :UInt64) -> ()
      $A.bit(2) $A.words
      $A.doc("Set pending bits in its thread page; not disabled: an asynchronous upcall; waiting interruptibly: the wait ends with Interrupted.");
  registers @3 (address :UInt64, write :UInt64) -> ()
      $A.bit(3) $A.words $A.errors(["badAddress", "invalidState"])
      $A.doc("Read (0) or write (1) struct phx_registers of a stopped thread.");
  join @4 (deadline :UInt64) -> (code :UInt64)
      $A.bit(4) $A.words $A.nyx([68]) $A.errors(["timeout", "wouldBlock", "interrupted"])
      $A.doc("Wait until it has ended; its exit code.");
  yieldTo @5 () -> ()
      $A.bit(5) $A.words $A.errors(["wouldBlock", "invalidState"])
      $A.doc("Run it now, or whoever it waits for in a call, on what is left of the caller's turn.");
  affinity @6 () -> () $A.bit(8) $A.words $A.marker
      $A.doc("May be put into a Schedule, whose slots say when it runs and on which cores.");
}

interface ThreadControl $A.number(4)
    $A.doc("The calling thread, whichever it is.") {
  exit @0 (code :UInt64) -> () $A.bit(0) $A.words $A.nyx([65]) $A.slot(thread)
      $A.doc("End the calling thread; the last one ends the process with code.");
  yield @1 () -> () $A.bit(1) $A.words $A.nyx([66]) $A.slot(thread)
      $A.doc("Let others run first.");
  sleep @2 (deadline :UInt64) -> () $A.bit(2) $A.words $A.nyx([67]) $A.slot(thread)
      $A.errors(["interrupted"])
      $A.doc("Wait until the deadline; Success when it is reached.");
  takeReply @3 () -> (reply :UInt64) $A.bit(3) $A.words $A.slot(thread)
      $A.errors(["outOfMemory", "limitExceeded", "invalidState"])
      $A.doc("Turn the call being served into a Reply capability, to be answered later.");
  newRing @4 (frame :UInt64, submissions :UInt64, completions :UInt64, flags :UInt64) -> (ring :UInt64)
      $A.bit(4) $A.words $A.nyx([0]) $A.slot(thread)
      $A.errors(["outOfMemory", "limitExceeded", "tooBig"])
      $A.doc("A ring for this thread in a Frame (mapWrite) that holds struct phx_ring, powers of two.");
  self @5 () -> (thread :UInt64) $A.bit(5) $A.words $A.slot(thread)
      $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("A Thread capability to the calling thread.");
}

interface AddressSpace $A.number(5)
    $A.doc("Translations of user addresses; the page tables are the kernel's.")
    $A.facets([(name = "MAP", methods = ["map", "populate"]), (name = "UNMAP", methods = ["unmap"])]) {
  map @0 (frame :UInt64, address :UInt64, offset :UInt64, pages :UInt64, protection :UInt64) -> ()
      $A.bit(0) $A.words $A.slot(space)
      $A.errors(["outOfMemory", "limitExceeded", "exists"])
      $A.doc("Map pages [offset, offset+pages) of a frame; protection 1 read, 2 write, 4 execute asks Frame.mapRead, mapWrite, mapExecute.");
  populate @1 (pool :UInt64, address :UInt64, pages :UInt64, protection :UInt64) -> (pages :UInt64)
      $A.bit(1) $A.words $A.nyx([32]) $A.slot(space)
      $A.errors(["outOfMemory", "limitExceeded", "exists"])
      $A.doc("Map fresh zeroed memory that only this mapping owns; at least one page, at most what was asked, says how many.");
  unmap @2 (address :UInt64, pages :UInt64) -> ()
      $A.bit(2) $A.words $A.nyx([33]) $A.slot(space) $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("Remove whatever is mapped in the range.");
  protect @3 (address :UInt64, pages :UInt64, protection :UInt64) -> ()
      $A.bit(3) $A.words $A.nyx([34]) $A.slot(space)
      $A.errors(["outOfMemory", "limitExceeded", "notFound"])
      $A.doc("Change the protection of a range that is wholly mapped, 0 for none: what is there stays; never more than its frames' capabilities gave.");
  query @4 (address :UInt64) -> (physical :UInt64, protection :UInt64, pages :UInt64, pageSize :UInt64)
      $A.bit(4) $A.words $A.slot(space) $A.errors(["notFound"])
      $A.doc("Physical address, protection, how many pages follow in the same mapping, and the bytes of the page that shows it: 4 KiB, 2 MiB or 1 GiB.");
  clone @5 (into :UInt64, address :UInt64, pages :UInt64) -> ()
      $A.bit(5) $A.words $A.slot(space)
      $A.errors(["outOfMemory", "limitExceeded", "exists"])
      $A.doc("Map what is mapped in the range at the same addresses of another space too, where nothing is yet (it needs AddressSpace.map there), and seal it in both.");
  copyReplace @6 (pool :UInt64, address :UInt64, protection :UInt64) -> ()
      $A.bit(6) $A.words $A.slot(space) $A.errors(["outOfMemory", "limitExceeded", "notFound"])
      $A.doc("Give a page a memory of its own with what it has now; where nobody else shows it, it keeps the one that it has, and may be written again.");
  replace @7 (frame :UInt64, address :UInt64, offset :UInt64, protection :UInt64) -> ()
      $A.bit(7) $A.words $A.slot(space) $A.errors(["outOfMemory", "limitExceeded", "notFound"])
      $A.doc("Map one page of a frame in the place of a page that is mapped: nobody sees neither.");
  mapWx @8 () -> () $A.bit(8) $A.words $A.marker
      $A.doc("May map memory that is both written and executed.");
  mapList @9 (entries :UInt64, count :UInt64) -> (done :UInt64)
      $A.bit(9) $A.words $A.slot(space)
      $A.errors(["outOfMemory", "limitExceeded", "exists", "badAddress"])
      $A.doc("Map as a list says, each entry the five words of map, until one is refused; an error only if that is the first.");
}

interface Frame $A.number(6)
    $A.doc("A range of physical pages.")
    $A.facets([(name = "READ", methods = ["mapRead"]), (name = "WRITE", methods = ["mapWrite"]),
               (name = "EXECUTE", methods = ["mapExecute"])]) {
  info @0 () -> (physical :UInt64, pages :UInt64) $A.bit(0) $A.words $A.interruptSafe
      $A.doc("Where it is and how long.");
  mapRead @1 () -> () $A.bit(1) $A.words $A.marker $A.doc("May be mapped readable.");
  mapWrite @2 () -> () $A.bit(2) $A.words $A.marker $A.doc("May be mapped writable.");
  mapExecute @3 () -> () $A.bit(3) $A.words $A.marker $A.doc("May be mapped executable.");
  carve @4 (offset :UInt64, pages :UInt64) -> (frame :UInt64)
      $A.bit(4) $A.words $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child that names only pages [offset, offset+pages).");
  seal @5 () -> () $A.bit(5) $A.words $A.errors(["invalidState"])
      $A.doc("Take write from every hold and mapping of the frame; by a hold of the whole of it, while no ring, no thread and no pool has it.");
  claim @6 () -> () $A.bit(6) $A.words $A.errors(["wouldBlock"])
      $A.doc("Make a sealed frame as it was: for who has the only hold that is left, while it is mapped nowhere.");
  merge @7 (frame :UInt64) -> () $A.bit(7) $A.words
      $A.doc("Name also the pages right behind, which the other hold names, and let go of that: two parts of a frame that one authority gave.");
}

interface FramePool $A.number(7)
    $A.doc("Authority to take physical pages, paid by its account.") {
  alloc @0 (pages :UInt64) -> (frame :UInt64, physical :UInt64)
      $A.bit(0) $A.words $A.nyx([35]) $A.slot(pool) $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("Contiguous zeroed pages.");
  info @1 () -> (free :UInt64, total :UInt64, largest :UInt64)
      $A.bit(1) $A.words $A.interruptSafe
      $A.doc("Free and total pages of the machine, and the largest contiguous run.");
  allocAt @2 (physical :UInt64, pages :UInt64) -> (frame :UInt64, physical :UInt64)
      $A.bit(2) $A.words $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("Those pages, if they are free and lie as alloc would put them, aligned to the next power of two; physical 0: any.");
  watch @3 (notification :UInt64, bits :UInt64, frame :UInt64) -> ()
      $A.bit(3) $A.words
      $A.doc("Signal these bits when the account is asked to give pages back, or when some were taken; struct phx_repossession in the frame (mapWrite) says what. One watcher of an account, the last wins.");
}

interface Endpoint $A.number(8)
    $A.doc("Where a server waits to be called. This is the server's side; clients hold what mint makes.") {
  receive @0 () -> () $A.bit(0) $A.words $A.marker
      $A.doc("May RECV from it.");
  mint @1 (interface :UInt64, methods :UInt64, badge :UInt64, uses :UInt64) -> (capability :UInt64)
      $A.bit(1) $A.words $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A client capability of a served interface (number 64 and up); uses 0: not counted.");
  watch @2 (badge :UInt64, notification :UInt64, bits :UInt64) -> ()
      $A.bit(2) $A.words $A.errors(["outOfMemory", "limitExceeded", "notFound"])
      $A.doc("Signal once when the last client hold with this badge is gone.");
  mailbox @3 (messages :UInt64, length :UInt64, capabilities :UInt64) -> ()
      $A.bit(4) $A.words $A.errors(["outOfMemory", "limitExceeded", "exists", "invalidState"])
      $A.doc("Take one-way messages: room for so many (at most 256), each of at most so many bytes (4096) and capabilities (4); its memory is paid by the endpoint's account.");
}

interface Reply $A.number(9)
    $A.doc("The one answer to one call.") {
  return @0 () -> () $A.bit(0) $A.words $A.marker $A.doc("May RETURN through it, once.");
}

interface Notification $A.number(10)
    $A.doc("A word of bits that one can wait for.")
    $A.facets([(name = "SIGNAL", methods = ["signal"]), (name = "WAIT", methods = ["wait"]),
               (name = "POLL", methods = ["poll"])]) {
  signal @0 (bits :UInt64) -> () $A.bit(0) $A.words $A.nyx([6]) $A.interruptSafe
      $A.doc("Set bits; wakes who waits for one of them.");
  wait @1 (mask :UInt64, deadline :UInt64) -> (bits :UInt64)
      $A.bit(1) $A.words $A.nyx([7]) $A.errors(["timeout", "wouldBlock", "interrupted"])
      $A.doc("Take the set bits of mask, waiting until there is one.");
  poll @2 (mask :UInt64) -> (bits :UInt64)
      $A.bit(2) $A.words $A.nyx([8]) $A.interruptSafe
      $A.doc("Take the set bits of mask, perhaps none.");
}

interface Ring $A.number(11)
    $A.doc("Submission and completion queues in memory shared with the kernel.") {
  enter @0 (submit :UInt64, complete :UInt64, deadline :UInt64) -> (submitted :UInt64)
      $A.bit(0) $A.words $A.nyx([1]) $A.slot(ring)
      $A.errors(["timeout", "wouldBlock", "interrupted"])
      $A.doc("Take up to submit entries, then wait until complete completions are in the queue.");
  info @1 () -> (submissions :UInt64, completions :UInt64, inFlight :UInt64)
      $A.bit(1) $A.words $A.nyx([9]) $A.slot(ring) $A.doc("Sizes, and entries taken but not completed.");
  destroy @2 () -> () $A.bit(2) $A.words $A.nyx([15]) $A.slot(ring)
      $A.doc("Cancel what is in flight and unpin its frame.");
  registerBuffer @4 (frame :UInt64, index :UInt64) -> () $A.bit(3) $A.words $A.nyx([48]) $A.slot(ring)
      $A.errors(["outOfMemory", "limitExceeded", "exists"])
      $A.doc("Make a Frame (mapRead; mapWrite to be written) the process's buffer index: PHX_FIXED.");
  unregisterBuffer @5 (index :UInt64) -> () $A.bit(4) $A.words $A.nyx([49]) $A.slot(ring)
      $A.errors(["notFound"])
      $A.doc("Operations under way through it fail with BadAddress.");
  wake @6 () -> () $A.bit(5) $A.words $A.nyx([10]) $A.slot(ring) $A.errors(["notFound"])
      $A.doc("Tell who polled it last: what they said at poll is signalled.");
  poll @7 (notification :UInt64, bits :UInt64) -> (taken :UInt64) $A.bit(7) $A.words
      $A.errors(["invalidState", "exists", "interrupted", "cancelled"])
      $A.doc("Take another thread's entries (newRing with SQPOLL) in the caller's time, until none came for a while; NEED_WAKEUP says that it is over.");
  cancel @3 (user :UInt64, all :UInt64) -> (cancelled :UInt64)
      $A.bit(6) $A.words $A.nyx([21]) $A.slot(ring)
      $A.errors(["notFound"])
      $A.doc("Cancel the entries in flight that have this user word; with all 1, every one.");
}

interface Clock $A.number(12) $A.doc("Time.") {
  now @0 () -> (ns :UInt64)
      $A.bit(0) $A.words $A.nyx([241]) $A.slot(clock) $A.interruptSafe
      $A.doc("Nanoseconds since boot; never goes back.");
  realtime @1 () -> (ns :UInt64)
      $A.bit(1) $A.words $A.slot(clock) $A.interruptSafe
      $A.doc("Nanoseconds since 1970-01-01 00:00 UTC.");
  calibration @2 () -> (tscBase :UInt64, nsBase :UInt64, multiplier :UInt64, shift :UInt64, realtimeBase :UInt64)
      $A.bit(2) $A.words $A.slot(clock)
      $A.doc("now = nsBase + ((tsc - tscBase) * multiplier >> shift), realtime = realtimeBase + now: for reading the clock without the kernel.");
  begin @3 (ns :UInt64) -> ()
      $A.bit(3) $A.words $A.slot(clock) $A.errors(["exists"])
      $A.doc("Say, once, how long before boot 1970-01-01 00:00 UTC was: init does, from the machine's date.");
}

interface Console $A.number(13)
    $A.doc("The machine's serial line: what goes out, in whole frames, and what came in, as it is.")
    $A.facets([(name = "WRITE", methods = ["write"])]) {
  write @0 (address :UInt64, length :UInt64) -> (written :UInt64)
      $A.bit(0) $A.words $A.slot(console) $A.errors(["badAddress"])
      $A.doc("Write bytes, at most 96 of them; says how many were.");
  stream @1 (number :UInt64) -> (console :UInt64)
      $A.bit(2) $A.words $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child that writes to one stream and takes nothing: 1 output, 2 errors, 3 what asks the host to describe its terminal.");
  take @2 (address :UInt64, length :UInt64) -> (got :UInt64, framed :UInt64)
      $A.bit(5) $A.words $A.errors(["badAddress"])
      $A.doc("Take the bytes that came in, without waiting; fewer than asked for: the line's interrupt says when there are more. framed: a launcher sends them in frames.");
}

interface Entropy $A.number(14) $A.doc("Random bytes.") {
  fill @0 (address :UInt64, length :UInt64) -> ()
      $A.bit(0) $A.words $A.slot(entropy) $A.errors(["badAddress"])
      $A.doc("Fill at most 64 bytes: a generator over them is its user's.");
}

interface Power $A.number(15) $A.doc("The machine's power.") {
  shutdown @0 (status :UInt64) -> ()
      $A.bit(0) $A.words $A.nyx([255]) $A.slot(power)
      $A.doc("Turn the machine off; the status (0-255) goes to whoever started it.");
  reboot @1 () -> () $A.bit(1) $A.words $A.nyx([254]) $A.slot(power) $A.doc("Start it again.");
}

interface BootPackage $A.number(16) $A.doc("The one module that the machine was started with.") {
  frame @0 (offset :UInt64, pages :UInt64) -> (frame :UInt64)
      $A.bit(0) $A.words $A.slot(bootPackage) $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("Pages of the module as a Frame to read and execute, without a copy; offset in pages.");
  info @1 () -> (bytes :UInt64) $A.bit(1) $A.words $A.slot(bootPackage) $A.interruptSafe
      $A.doc("Its length.");
}

interface Log $A.number(17) $A.doc("The machine's log.")
    $A.facets([(name = "READ", methods = ["read"]), (name = "WRITE", methods = ["write"])]) {
  write @0 (address :UInt64, length :UInt64) -> ()
      $A.bit(0) $A.words $A.nyx([240]) $A.slot(log) $A.errors(["badAddress"])
      $A.doc("Append a line of at most 128 bytes; control characters in it become question marks.");
  read @1 (position :UInt64, address :UInt64, length :UInt64) -> (got :UInt64, next :UInt64)
      $A.bit(1) $A.words $A.slot(log) $A.errors(["badAddress"])
      $A.doc("Copy at most 4096 bytes from a position (0: the oldest); next is where to go on.");
}

interface Irq $A.number(20)
    $A.doc("Interrupt lines, a range of them: 0 to 15 by their ISA numbers, the others by their pins of the first I/O APIC.")
    $A.facets([(name = "READ", methods = ["info"]), (name = "LISTEN", methods = ["bind", "ack", "info"])]) {
  bind @0 (notification :UInt64, bits :UInt64) -> ()
      $A.bit(0) $A.words $A.errors(["exists"])
      $A.doc("Signal these bits at each interrupt of the one line that this names, until nobody holds the notification any more. Exists: another one is told.");
  ack @1 () -> () $A.bit(1) $A.words $A.interruptSafe $A.errors(["invalidState"])
      $A.doc("Those that came were looked after. A level line is masked from its interrupt until here, an edge line from its 16th.");
  info @2 () -> (count :UInt64, coalesced :UInt64, lost :UInt64)
      $A.bit(2) $A.words $A.interruptSafe
      $A.doc("Since bind: interrupts; those that came before one was acknowledged; how often an edge line was masked, so that some may be missing.");
  range @3 (first :UInt64, count :UInt64) -> (irq :UInt64)
      $A.bit(3) $A.words $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child that names only lines [first, first+count), none of them the kernel's own.");
}

interface IoPort $A.number(21)
    $A.doc("A range of I/O ports.")
    $A.facets([(name = "READ", methods = ["in"]), (name = "WRITE", methods = ["out"])]) {
  in @0 (port :UInt64, width :UInt64) -> (value :UInt64)
      $A.bit(0) $A.words $A.interruptSafe
      $A.doc("Read 1, 2 or 4 bytes. Ports that are not all in the range, and the kernel's own, are PermissionDenied.");
  out @1 (port :UInt64, width :UInt64, value :UInt64) -> ()
      $A.bit(1) $A.words $A.interruptSafe
      $A.doc("Write 1, 2 or 4 bytes.");
  range @2 (first :UInt64, count :UInt64) -> (ioPort :UInt64)
      $A.bit(2) $A.words $A.as("Irq.range") $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child that names only ports [first, first+count), none of them the kernel's own.");
}

interface DeviceMemory $A.number(22)
    $A.doc("Physical pages that are no memory: registers of devices. AddressSpace.map takes it where it takes a Frame, and maps it uncached.")
    $A.facets([(name = "READ", methods = ["mapRead"]), (name = "WRITE", methods = ["mapWrite"])]) {
  info @0 () -> (physical :UInt64, pages :UInt64) $A.bit(0) $A.words $A.as("Frame.info") $A.interruptSafe
      $A.doc("Where it is and how long.");
  mapRead @1 () -> () $A.bit(1) $A.words $A.marker $A.doc("May be mapped readable.");
  mapWrite @2 () -> () $A.bit(2) $A.words $A.marker $A.doc("May be mapped writable.");
  range @3 (first :UInt64, count :UInt64) -> (deviceMemory :UInt64)
      $A.bit(3) $A.words $A.as("Irq.range") $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child that names only pages [first, first+count), by physical address / 4096, none of them memory or the kernel's own.");
}

interface DmaDomain $A.number(23)
    $A.doc("What a device may reach in memory: frames at device addresses.")
    $A.facets([(name = "READ", methods = ["info"])]) {
  map @0 (frame :UInt64, address :UInt64, offset :UInt64, pages :UInt64, protection :UInt64) -> ()
      $A.bit(0) $A.words $A.errors(["outOfMemory", "limitExceeded", "exists"])
      $A.doc("Let the device reach pages [offset, offset+pages) of a frame at an address; protection 1 read, 2 write asks Frame.mapRead, mapWrite. Unconfined: only at the physical address.");
  unmap @1 (address :UInt64, pages :UInt64) -> ()
      $A.bit(1) $A.words $A.as("AddressSpace.unmap") $A.errors(["outOfMemory", "limitExceeded"])
      $A.doc("Take back whatever is mapped in the range; transfers to it are over when this is.");
  attach @2 (pciFunction :UInt64) -> ()
      $A.bit(2) $A.words $A.errors(["outOfMemory", "exists", "notSupported"])
      $A.doc("From now on this is the domain of the one function that the capability names (attach there; attachUnconfined if the domain is). Exists: either of them has one.");
  info @3 () -> (faults :UInt64, address :UInt64, reason :UInt64)
      $A.bit(3) $A.words
      $A.doc("Transfers that were refused and reported; of the last, the device address, and the reason (VT-d's number, and bit 8 for a read). The next one is reported only after this.");
  watch @4 (notification :UInt64, bits :UInt64) -> ()
      $A.bit(4) $A.words
      $A.doc("Signal these bits when a refused transfer is reported.");
  unconfined @5 () -> () $A.bit(5) $A.words $A.marker
      $A.doc("Its device reaches all memory, whatever is mapped.");
}

interface PciFunction $A.number(25)
    $A.doc("PCI functions as sources of DMA, a range of them: bus << 8 | device << 3 | function.")
    $A.facets([(name = "CONFINED", methods = ["attach"])]) {
  attach @0 () -> () $A.bit(0) $A.words $A.marker $A.doc("May be given a confined domain.");
  attachUnconfined @1 () -> () $A.bit(1) $A.words $A.marker $A.doc("May be given an unconfined domain, and so all memory.");
  range @2 (first :UInt64, count :UInt64) -> (pciFunction :UInt64)
      $A.bit(2) $A.words $A.as("Irq.range") $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child that names only functions [first, first+count).");
}

interface TimeSlice $A.number(18)
    $A.doc("A range of slots. A core's time is a vector of slots that repeats; the slots of all cores are numbered one core after the other.") {
  bind @0 (schedule :UInt64) -> ()
      $A.bit(0) $A.words $A.errors(["tooBig"])
      $A.doc("At most 64 slots are this Schedule's (Schedule.receive) from now on, as long as this capability is good; 0: nobody's.");
  range @1 (first :UInt64, count :UInt64) -> (slice :UInt64)
      $A.bit(1) $A.words $A.as("Irq.range") $A.errors(["outOfMemory", "limitExceeded", "depthExceeded"])
      $A.doc("A child that names only slots [first, first+count).");
  info @2 () -> (first :UInt64, count :UInt64, each :UInt64, length :UInt64)
      $A.bit(2) $A.words $A.interruptSafe
      $A.doc("The first of its slots and how many they are; how many each core has, and the length of one in nanoseconds.");
  spare @3 (schedule :UInt64, position :UInt64) -> ()
      $A.bit(4) $A.words $A.errors(["exists"])
      $A.doc("The cores of these slots give what nobody uses to this Schedule (Schedule.receive), in order of position (0 first, 63 last), as long as this capability is good; schedule 0: who stood there no more.");
}

interface Schedule $A.number(19)
    $A.doc("A group of threads that shares slots.") {
  add @0 (thread :UInt64, order :UInt64) -> ()
      $A.bit(0) $A.words
      $A.doc("This thread (Thread.affinity) runs in these slots instead of its former Schedule's; order 0 goes first, 63 last, equals take turns. If it is in it already, its order changes. In one without slots and place it runs on lent time only.");
  watchSliceEnd @1 (bits :UInt64) -> ()
      $A.bit(3) $A.words
      $A.doc("Set these pending bits in the thread page of each of its threads whose turn is over (0: in none); 2000 ns later the core is taken.");
  credit @2 (ns :UInt64) -> ()
      $A.bit(5) $A.words $A.errors(["limitExceeded"])
      $A.doc("Let it run so long ahead of its slots, before the rest of the spare lists that it stands in; it pays back in its next slots. At most the length of its slots.");
  receive @3 () -> () $A.bit(6) $A.words $A.marker
      $A.doc("May be given slots, and a place in a spare list.");
}
