// An add-in for the contract words.wit. Its exported functions are the contract's, in core types: what fits a few numbers is passed as
// those, the rest by address.
import { freeList, freeStrings, putList, putString, putStrings, takeList, takeString, takeStrings } from "./canonical";

export { cabi_realloc } from "./canonical";

@external("$root", "log")
declare function hostLog(at: usize, length: usize): void;
@external("$root", "stop-words")
declare function hostStopWords(ret: usize): void;

// Results of more than one number lie here: one call's at a time.
const result = memory.data(8);

function log(line: string): void {
  const bytes = String.UTF8.encode(line);
  hostLog(changetype<usize>(bytes), bytes.byteLength);
}

function stopWords(): string[] {
  hostStopWords(result);
  return takeStrings(load<u32>(result), load<u32>(result, 4));
}

log("ready"); // when the add-in is activated

export function mean(at: usize, count: i32): f64 {
  const numbers = takeList<f64>(at, count);
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += numbers[i];
  return sum / <f64>count;
}

export function sorted(at: usize, count: i32): usize {
  const numbers = takeList<i32>(at, count);
  numbers.sort((a, b) => i32(a > b) - i32(a < b));
  putList<i32>(result, numbers);
  return result;
}

export function cabi_post_sorted(at: usize): void {
  freeList(at, sizeof<i32>());
}

// Those that the host does not want to hear are left out.
export function words(at: usize, length: usize): usize {
  const all = takeString(at, length).split(" ");
  const stop = stopWords();
  const kept: string[] = [];
  for (let i = 0; i < all.length; i++)
    if (all[i].length && !stop.includes(all[i])) kept.push(all[i]);
  putStrings(result, kept);
  return result;
}

export function cabi_post_words(at: usize): void {
  freeStrings(at);
}

export function shout(at: usize, length: usize, times: u32): usize {
  const text = takeString(at, length).toUpperCase();
  log("shouting " + text);
  putString(result, text.repeat(times));
  return result;
}

export function cabi_post_shout(at: usize): void {
  freeList(at, 1);
}

export function total(a: u64, b: i64, c: f32): f64 {
  return <f64>a + <f64>b + <f64>c;
}
