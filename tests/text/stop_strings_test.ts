import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { StopStrings } from "../../lib/text/stop_strings.ts";

/** Pushes chunks until the stop, then flushes. */
function run(stops: string[], chunks: string[]) {
  const watch = new StopStrings(stops);
  let text = "";
  for (const chunk of chunks) {
    const cut = watch.push(chunk);
    text += cut.text;
    if (cut.stopped) return { text, stopped: true };
  }
  const rest = watch.flush();
  return { text: text + rest.text, stopped: rest.stopped };
}

/** Cuts a whole text at the first stop string. */
function cutWhole(stops: string[], text: string) {
  const starts = stops.map((stop) => text.indexOf(stop)).filter((i) => i >= 0);
  const stopped = starts.length > 0;
  return { text: stopped ? text.slice(0, Math.min(...starts)) : text, stopped };
}

Deno.test("StopStrings.push() holds back the possible start of a stop string", () => {
  const watch = new StopStrings(["END"]);
  assertEquals(watch.push("the E"), { text: "the ", stopped: false });
  assertEquals(watch.push("N"), { text: "", stopped: false });
  assertEquals(watch.push("EN"), { text: "EN", stopped: false });
  assertEquals(watch.push("D."), { text: "", stopped: true });
});

Deno.test("StopStrings.push() waits for a match that starts earlier", () => {
  const watch = new StopStrings(["bc", "abcd"]);
  assertEquals(watch.push("xabc"), { text: "x", stopped: false });
  assertEquals(watch.push("d"), { text: "", stopped: true });
});

Deno.test("StopStrings.push() does not wait for a longer match", () => {
  const watch = new StopStrings(["abc", "ab"]);
  assertEquals(watch.push("ab"), { text: "", stopped: true });
});

Deno.test("StopStrings.push() returns all text without stop strings", () => {
  assertEquals(new StopStrings([]).push("all"), {
    text: "all",
    stopped: false,
  });
});

Deno.test("StopStrings.flush() returns text that was held back", () => {
  const watch = new StopStrings(["END"]);
  assertEquals(watch.push("EN"), { text: "", stopped: false });
  assertEquals(watch.flush(), { text: "EN", stopped: false });
});

Deno.test("StopStrings.flush() stops at a match after an unfinished one", () => {
  const watch = new StopStrings(["bc", "abcd"]);
  assertEquals(watch.push("abc"), { text: "", stopped: false });
  assertEquals(watch.flush(), { text: "a", stopped: true });
});

Deno.test("StopStrings cuts chunks as indexOf() cuts the whole text", () => {
  const few = fc.constantFrom("a", "b", "😀");
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: few, minLength: 1, maxLength: 6 }), {
        maxLength: 4,
      }),
      fc.array(fc.string({ unit: few, maxLength: 5 }), { maxLength: 12 }),
      (stops, chunks) => {
        assertEquals(run(stops, chunks), cutWhole(stops, chunks.join("")));
      },
    ),
    { numRuns: 3_000 },
  );
});

Deno.test("new StopStrings() throws on an empty stop string", () => {
  assertThrows(
    () => new StopStrings(["a", ""]),
    TypeError,
    "at least one character",
  );
});
