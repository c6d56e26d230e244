import { assert, assertEquals, assertRejects } from "@std/assert";
import type { DecodeOutput } from "../../../lib/bita/decode/output.ts";
import type { Model } from "../../../lib/bita/decode/model.ts";
import type { Planner } from "../../../lib/bita/draft/planner.ts";
import { draft, shapePlanner } from "../_shape_planner.ts";
import { GREEDY } from "../../../lib/bita/choose/sampling.ts";
import { chain, comb, parseShape } from "../../../lib/bita/tree/tree.ts";
import { wrapped } from "../_wrapped.ts";
import { ToyModel } from "../../toy/model.ts";
import { decodedPlainly, run } from "../_run.ts";

const PROMPT = Int32Array.of(1, 2, 3);
const OPTIONS = {
  sampling: GREEDY,
  maxTokens: 20,
  endTokens: new Set<number>(),
};

Deno.test("decode() needs fewer passes than tokens", async () => {
  const { tokens, outputs } = await run(draft(new ToyModel(), PROMPT, OPTIONS));
  const accepted = outputs.reduce((sum, output) => sum + output.accepted, 0);
  assertEquals(tokens.length, 20);
  assert(accepted >= 8, `${accepted} guesses accepted`);
  assert(outputs.length - 1 <= 12, `${outputs.length - 1} passes`);
});

Deno.test("decode() fills every pass if the masks are always right", async () => {
  const model = new ToyModel({ noise: 0 });
  const planner = shapePlanner(chain(3), 3);
  const { outputs } = await run(draft(model, PROMPT, { ...OPTIONS, planner }));
  assertEquals(outputs.map(({ tokens }) => tokens.length), [
    0,
    1,
    4,
    4,
    4,
    4,
    3,
  ]);
  assertEquals(outputs.map(({ drafted }) => drafted), [0, 0, 3, 3, 3, 3, 2]);
  assertEquals(outputs.map(({ accepted }) => accepted), [0, 0, 3, 3, 3, 3, 2]);
});

Deno.test("decode() continues from a sibling with the guesses of its row", async () => {
  // The planner swaps the two best guesses, so that the right one is a sibling.
  const inner = shapePlanner(comb(parseShape("2-2")), 2);
  const model = new ToyModel({ noise: 0 });
  const { outputs } = await run(draft(model, PROMPT, {
    ...OPTIONS,
    planner: {
      widths: inner.widths,
      plan({ candidates, ...state }) {
        const [first, ...rest] = candidates;
        if (!first) return inner.plan({ candidates, ...state });
        const swapped = { ...first, ids: first.ids.toReversed() };
        return inner.plan({ candidates: [swapped, ...rest], ...state });
      },
    },
  }));
  const drafting = outputs.filter(({ drafted }) => drafted > 0);
  const accepted = drafting.map(({ accepted }) => accepted);
  assertEquals(accepted, [1, ...new Array(8).fill(2), 1]);
});

Deno.test("decode() uses the 52 rows of the paper's tree", async () => {
  const { outputs } = await run(draft(new ToyModel(), PROMPT, OPTIONS));
  assertEquals(outputs.slice(0, 3).map(({ rows }) => rows), [0, 4, 52]);
});

Deno.test("decode() respects the model's most rows", async () => {
  const model = new ToyModel({ maxRows: 7 });
  const { outputs } = await run(draft(model, PROMPT, OPTIONS));
  assertEquals(Math.max(...outputs.map(({ rows }) => rows)), 7);
});

Deno.test("decode() decodes plainly without masks", async () => {
  const model = new ToyModel({ masks: 0 });
  assertEquals(
    await Array.fromAsync(draft(model, PROMPT, OPTIONS)),
    await Array.fromAsync(decodedPlainly(model, PROMPT, OPTIONS)),
  );
});

/** Returns a model and the number of rows that each call reads. */
function countedReads(): { model: Model; asked: number[] } {
  const asked: number[] = [];
  const toy = new ToyModel({ noise: 0 });
  const model = wrapped(toy, {
    async run(steps) {
      const reads = steps.map(({ read }) => read.length);
      asked.push(...reads.filter((count) => count > 0));
      const outputs = await toy.run(steps);
      return outputs.map((output) => ({
        logits: output.logits,
        read(rows) {
          asked.push(rows.length);
          return output.read(rows);
        },
        release: () => output.release(),
      }));
    },
  });
  return { model, asked };
}

Deno.test("decode() reads only the rows that it needs", async () => {
  const { model, asked } = countedReads();
  const { tokens } = await run(
    draft(model, PROMPT, { ...OPTIONS, maxTokens: 9 }),
  );
  // The root and its masks, a chain and its masks, and a last chain.
  assertEquals(asked, [1, 3, 4, 3, 4]);

  asked.length = 0;
  const endTokens = new Set([tokens[7]]);
  await run(draft(model, PROMPT, { ...OPTIONS, endTokens }));
  assertEquals(asked, [1, 3, 4, 3, 4]);
});

Deno.test("decode() reads all rows at once if the plan asks for it", async () => {
  const { model, asked } = countedReads();
  const inner = shapePlanner(chain(3), 3);
  const planner: Planner = {
    widths: inner.widths,
    plan: (state) => ({ ...inner.plan(state), readAll: true }),
  };
  const limits = { ...OPTIONS, maxTokens: 9 };
  const { tokens } = await run(draft(model, PROMPT, { ...limits, planner }));
  assertEquals(asked, [4, 16, 7]);
  assertEquals(
    tokens,
    (await run(decodedPlainly(model, PROMPT, limits))).tokens,
  );
});

for (
  const [name, decoding] of Object.entries({
    decode: draft,
    decodePlain: decodedPlainly,
  })
) {
  Deno.test(`${name}() marks the end of the prefill`, async () => {
    const outputs = decoding(new ToyModel(), PROMPT, OPTIONS);
    const first = (await outputs.next()).value as DecodeOutput;
    assertEquals(first, {
      tokens: [],
      rows: 0,
      drafted: 0,
      accepted: 0,
      finish: undefined,
    });
    await outputs.return();
  });

  Deno.test(`${name}() ends before an end token`, async () => {
    const all = await run(decoding(new ToyModel(), PROMPT, OPTIONS));
    const end = all.tokens[6];
    const { tokens, finish } = await run(
      decoding(new ToyModel(), PROMPT, {
        ...OPTIONS,
        endTokens: new Set([end]),
      }),
    );
    assertEquals(tokens, all.tokens.slice(0, all.tokens.indexOf(end)));
    assertEquals(finish, "stop");
  });

  Deno.test(`${name}() never outgrows the context`, async () => {
    const model = new ToyModel({ context: 10 });
    const { tokens, finish } = await run(decoding(model, PROMPT, OPTIONS));
    assertEquals(tokens.length, 7);
    assertEquals(finish, "length");
  });

  Deno.test(`${name}() ends at once without room`, async () => {
    const none = { ...OPTIONS, maxTokens: 0 };
    const full = new ToyModel({ context: 3 });
    for (
      const outputs of [
        decoding(new ToyModel(), PROMPT, none),
        decoding(full, PROMPT, OPTIONS),
      ]
    ) {
      const { tokens, finish } = await run(outputs);
      assertEquals(tokens, []);
      assertEquals(finish, "length");
    }
    assertEquals(full.passes, []);
  });

  Deno.test(`${name}() throws on prompts that are empty or too long`, async () => {
    const small = new ToyModel({ context: 2 });
    for (const prompt of [PROMPT, new Int32Array()]) {
      await assertRejects(
        () => decoding(small, prompt, OPTIONS).next(),
        RangeError,
        `a prompt of 1 to 2 tokens is required: received ${prompt.length}`,
      );
    }
  });

  Deno.test(`${name}() closes the sequence when the caller stops reading`, async () => {
    const model = new ToyModel();
    for await (const { tokens } of decoding(model, PROMPT, OPTIONS)) {
      if (tokens.length > 0) break;
    }
    assertEquals(model.opened.map(({ closed }) => closed), [true]);
  });

  Deno.test(`${name}() stops before the next pass when aborted`, async () => {
    const model = new ToyModel();
    const { signal, abort } = abortable();
    const outputs = decoding(model, PROMPT, { ...OPTIONS, signal });
    await outputs.next();
    await outputs.next();
    const passes = model.opened[0].steps.length;
    abort(new Error("client left"));
    await assertRejects(() => outputs.next(), Error, "client left");
    assertEquals(model.opened[0].steps.length, passes);
    assert(model.opened[0].closed);
  });

  Deno.test(`${name}() computes nothing if it is aborted early`, async () => {
    const model = new ToyModel();
    const signal = AbortSignal.abort(new Error("client left"));
    const outputs = decoding(model, PROMPT, { ...OPTIONS, signal });
    await assertRejects(() => outputs.next(), Error, "client left");
    assertEquals(model.opened[0].steps, []);
    assert(model.opened[0].closed);
  });

  Deno.test(`${name}() closes the sequence when the model fails`, async () => {
    const model = new ToyModel();
    model.run = () => Promise.reject(new Error("device lost"));
    await assertRejects(
      () => run(decoding(model, PROMPT, OPTIONS)),
      Error,
      "device lost",
    );
    assert(model.opened[0].closed);
  });
}

function abortable() {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    abort: (reason: Error) => controller.abort(reason),
  };
}
