@0xd6c1f0b2a94e7735;

interface Answerer {
  intInt @0 (x :Int32) -> (y :Int32);
  bytes @1 (data :Data) -> (sum :UInt32);
}
