@0xc4d1f7a9306be258;
# Every kind of field, with and without a default, for the tests of reader and
# builder. walk.c and copy.c go through all of it in this order.

enum Color {
  red @0;
  green @1;
  blue @2;
}

interface Thing {}

struct Inner {
  number @0 :UInt32 = 7;
  text @1 :Text;
  next @2 :Inner;
  children @3 :List(Inner);
}

struct Narrow {
  value @0 :UInt16;
}

struct Linked {
  text @0 :Text;
}

struct Nothing {}

struct Numbers {
  nothing @0 :Void;
  flag @1 :Bool;
  i8 @2 :Int8;
  i16 @3 :Int16;
  i32 @4 :Int32;
  i64 @5 :Int64;
  u8 @6 :UInt8;
  u16 @7 :UInt16;
  u32 @8 :UInt32;
  u64 @9 :UInt64;
  f32 @10 :Float32;
  f64 @11 :Float64;
  color @12 :Color;
}

struct Defaults {
  flag @0 :Bool = true;
  i8 @1 :Int8 = -8;
  i16 @2 :Int16 = -1600;
  i32 @3 :Int32 = -320000;
  i64 @4 :Int64 = -6400000000;
  u8 @5 :UInt8 = 200;
  u16 @6 :UInt16 = 60000;
  u32 @7 :UInt32 = 4000000000;
  u64 @8 :UInt64 = 18000000000000000000;
  f32 @9 :Float32 = 1.5;
  f64 @10 :Float64 = -inf;
  color @11 :Color = blue;
  text @12 :Text = "a \"text\"\n\\ \x01?\xc3\xa9";
  data @13 :Data = 0x"00 ff 10 22";
  inner @14 :Inner = (number = 3, text = "deep", children = [(number = 1), (text = "leaf")]);
  numbers @15 :List(UInt16) = [1, 2, 3];
  texts @16 :List(Text) = ["one", "", "three"];
  flags @17 :List(Bool) = [true, false, true];
}

struct Lists {
  nothings @0 :List(Void);
  flags @1 :List(Bool);
  i8s @2 :List(Int8);
  i16s @3 :List(Int16);
  i32s @4 :List(Int32);
  i64s @5 :List(Int64);
  u8s @6 :List(UInt8);
  u16s @7 :List(UInt16);
  u32s @8 :List(UInt32);
  u64s @9 :List(UInt64);
  f32s @10 :List(Float32);
  f64s @11 :List(Float64);
  colors @12 :List(Color);
  texts @13 :List(Text);
  datas @14 :List(Data);
  inners @15 :List(Inner);
  narrows @16 :List(Narrow);
  linkeds @17 :List(Linked);
  voids @18 :List(Nothing);
  rows @19 :List(List(UInt16));
  deep @20 :List(List(List(Bool)));
  families @21 :List(List(Inner));
  chapters @22 :List(List(Text));
}

struct Choice {
  before @0 :UInt16;
  union {
    nothing @1 :Void;
    flag @2 :Bool = true;
    number @3 :Int32 = -5;
    ratio @4 :Float64;
    text @5 :Text = "chosen";
    inner @6 :Inner;
    numbers @7 :List(UInt8);
    both :group {
      left @8 :UInt32 = 9;
      right @9 :Text;
    }
  }
  after @10 :Text;
}

struct All {
  numbers @0 :Numbers;
  defaults @1 :Defaults;
  lists @2 :Lists;
  text @3 :Text;
  data @4 :Data;
  inner @5 :Inner;
  point :group {
    x @6 :Int32;
    y @7 :Int32 = 12;
    label @8 :Text;
  }
  shape :union {
    none @9 :Void;
    radius @10 :Float32;
    square :group {
      side @11 :UInt32;
      name @12 :Text;
    }
    choice @13 :Choice;
  }
  choices @14 :List(Choice);
  anyStruct @15 :AnyPointer;
  anyList @16 :AnyPointer;
  anyText @17 :AnyPointer;
  thing @18 :Thing;
  self @19 :All;
}
