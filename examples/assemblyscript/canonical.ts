// The Canonical ABI for add-ins in AssemblyScript: values in linear memory. Lengths and addresses are 32 bits; text is UTF-8; a list is
// an address and a count.
//
// What the host passes comes from cabi_realloc, and belongs to the function that is called: take… reads it and gives it back. What a
// function returns is put… into memory of the same kind, which its cabi_post_… frees when the host has read it.

// The host's way to memory in here. AssemblyScript's blocks are aligned to 16 bytes, more than any value asks for.
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (!size) return align;
  return old ? heap.realloc(old, size) : heap.alloc(size);
}

export function free(at: usize, bytes: usize): void {
  if (bytes) heap.free(at);
}

export function takeString(at: usize, length: usize): string {
  const text = String.UTF8.decodeUnsafe(at, length);
  free(at, length);
  return text;
}

export function takeList<T>(at: usize, count: i32): StaticArray<T> {
  const list = new StaticArray<T>(count);
  memory.copy(changetype<usize>(list), at, <usize>count * sizeof<T>());
  free(at, <usize>count * sizeof<T>());
  return list;
}

// An address and a count, at `at`.
function putPair(at: usize, address: usize, count: usize): void {
  store<u32>(at, <u32>address);
  store<u32>(at, <u32>count, 4);
}

export function putString(at: usize, text: string): void {
  const length = <usize>String.UTF8.byteLength(text);
  const bytes = cabi_realloc(0, 0, 1, length);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, bytes);
  putPair(at, bytes, length);
}

export function putList<T>(at: usize, list: StaticArray<T>): void {
  const size = <usize>list.length * sizeof<T>();
  const bytes = cabi_realloc(0, 0, alignof<T>(), size);
  memory.copy(bytes, changetype<usize>(list), size);
  putPair(at, bytes, list.length);
}

export function putStrings(at: usize, list: string[]): void {
  const pairs = cabi_realloc(0, 0, 4, <usize>list.length * 8);
  for (let i = 0; i < list.length; i++) putString(pairs + <usize>i * 8, list[i]);
  putPair(at, pairs, list.length);
}

export function takeStrings(at: usize, count: i32): string[] {
  const list = new Array<string>(count);
  for (let i = 0; i < count; i++) list[i] = takeString(load<u32>(at + <usize>i * 8), load<u32>(at + <usize>i * 8, 4));
  free(at, <usize>count * 8);
  return list;
}

// After the host has read a result that lies at `at`.
export function freeList(at: usize, elementSize: usize): void {
  free(load<u32>(at), <usize>load<u32>(at, 4) * elementSize);
}

export function freeStrings(at: usize): void {
  const pairs = <usize>load<u32>(at);
  const count = <usize>load<u32>(at, 4);
  for (let i: usize = 0; i < count; i++) freeList(pairs + i * 8, 1);
  free(pairs, count * 8);
}
