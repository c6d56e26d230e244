import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import type { Supervisor } from "../../lib/worker/supervisor.ts";
import type { DecodeRequest } from "../../lib/worker/messages.ts";
import { watchedSignal } from "../_signal.ts";
import { decode, supervise, until } from "./_supervise.ts";
import { FIRST_TOKEN, NO_CONTEXT } from "./_toy_worker.ts";

for (const death of ["throws", "loseDevice"] as const) {
  Deno.test(`Supervisor opens a model again after its worker ${death}`, async () => {
    const { supervisor, failures, pauses, ends } = supervise();
    assertEquals(supervisor.state, "asleep");
    await using _ = supervisor;
    await supervisor.start();
    assertEquals(supervisor.state, "ready");

    const running = decode(supervisor, FIRST_TOKEN.hang);
    const killing = decode(supervisor, FIRST_TOKEN[death]);
    for (const promise of [running, killing]) {
      const error = await assertRejects(
        () => promise,
        ApiError,
        "the model must run: it has failed",
      );
      assertEquals([error.status, error.code], [500, "model_failed"]);
    }
    await until(() => pauses.length === 1);
    assertEquals(supervisor.state, "failed");
    assertEquals(failures.length, 1);
    await assertRejects(() => supervisor.erase(), ApiError, "restarted");

    // What comes meanwhile waits, and is answered.
    const { signal, listeners } = watchedSignal();
    const waiting = decode(supervisor, FIRST_TOKEN.answer, signal);
    await until(() => listeners() === 1);
    ends[0]();
    assertEquals(await waiting, [0, 0]);
    assertEquals([supervisor.state, supervisor.restarts], ["ready", 1]);
    assertEquals(listeners(), 0);
    assertEquals((await supervisor.erase()).blocks, 7);
  });
}

Deno.test("Supervisor gives a model up that fails three times in a row", async () => {
  const { supervisor, pauses, ends, world } = supervise();
  await supervisor.start();
  await assertRejects(() => decode(supervisor, FIRST_TOKEN.throws));
  await until(() => pauses.length === 1);
  const waiting = decode(supervisor, FIRST_TOKEN.answer);
  const refused = assertRejects(() => waiting, ApiError);
  world.context = NO_CONTEXT;
  ends[0]();
  await until(() => pauses.length === 2);
  assertEquals(pauses, [500, 1000]);
  assertEquals(world.givenUp, "");
  ends[1]();
  await until(() => world.givenUp !== "");
  assertEquals([world.givenUp, supervisor.state], ["no context", "stopped"]);
  assertEquals((await refused).status, 503);
  assertStringIncludes((await refused).message, "it is stopped");
  await assertRejects(() => supervisor.erase(), ApiError, "it is stopped");
});

Deno.test("Supervisor forgives failures once a request has been served", async () => {
  const { supervisor, pauses, ends, world } = supervise();
  await using _ = supervisor;
  await supervisor.start();
  for (let failure = 0; failure < 4; failure++) {
    await assertRejects(() => decode(supervisor, FIRST_TOKEN.throws));
    await until(() => pauses.length === failure + 1);
    ends[failure]();
    assertEquals(await decode(supervisor, FIRST_TOKEN.answer), [0, 0]);
  }
  assertEquals(pauses, [500, 500, 500, 500]);
  assertEquals([supervisor.restarts, world.givenUp], [4, ""]);
});

Deno.test("Supervisor takes a request that was left early for served", async () => {
  const { supervisor, pauses, ends } = supervise();
  await using _ = supervisor;
  await supervisor.start();
  for (let failure = 0; failure < 2; failure++) {
    await assertRejects(() => decode(supervisor, FIRST_TOKEN.throws));
    await until(() => pauses.length === failure + 1);
    ends[failure]();
    await until(() => supervisor.state === "ready");
    if (failure > 0) continue;
    const outputs = supervisor.decode(
      { prompt: Int32Array.of(FIRST_TOKEN.hang) } as Parameters<
        Supervisor["decode"]
      >[0],
      { signal: new AbortController().signal },
    );
    for await (const _ of outputs) break;
  }
  assertEquals(pauses, [500, 500]);
});

Deno.test("Supervisor keeps a worker until requests fail one after the other", async () => {
  const { supervisor, failures, pauses } = supervise();
  await using _ = supervisor;
  await supervisor.start();
  const fail = () =>
    assertRejects(() => decode(supervisor, FIRST_TOKEN.fail), Error, "broken");
  for (let round = 0; round < 2; round++) {
    await fail();
    await fail();
    assertEquals(await decode(supervisor, FIRST_TOKEN.answer), [0, 0]);
  }
  assertEquals([supervisor.state, failures], ["ready", []]);
  for (let request = 0; request < 3; request++) await fail();
  await until(() => pauses.length === 1);
  assertEquals([supervisor.state, failures], ["failed", ["broken"]]);
});

Deno.test("Supervisor keeps a worker that refuses requests, or has no memory for them", async () => {
  const { supervisor, failures } = supervise();
  await using _ = supervisor;
  await supervisor.start();
  const { refuse, noMemory } = FIRST_TOKEN;
  for (const token of [refuse, noMemory, refuse, noMemory, noMemory]) {
    const error = await assertRejects(
      () => decode(supervisor, token),
      ApiError,
      token === refuse ? "refused" : "no memory",
    );
    assertEquals(error.status, token === refuse ? 400 : 503);
    assertEquals("Retry-After" in error.headers, token === noMemory);
  }
  assertEquals(await decode(supervisor, FIRST_TOKEN.answer), [0, 0]);
  assertEquals([supervisor.state, failures], ["ready", []]);
});

Deno.test("Supervisor sends a request away that has waited long, or lets it leave", async () => {
  const { supervisor, pauses } = supervise({ patienceMs: 0 });
  await using _ = supervisor;
  await supervisor.start();
  await assertRejects(() => decode(supervisor, FIRST_TOKEN.throws));
  await until(() => pauses.length === 1);
  const error = await assertRejects(
    () => decode(supervisor, FIRST_TOKEN.answer),
    ApiError,
    "is being restarted",
  );
  assertEquals(error.status, 503);
  assert(Number(error.headers["retry-after-ms"]) > 0);
  const leaving = new AbortController();
  const left = decode(supervisor, FIRST_TOKEN.answer, leaving.signal);
  leaving.abort(new TypeError("gone"));
  await assertRejects(() => left, TypeError, "gone");
});

Deno.test("Supervisor does not try a model again that never ran", async () => {
  const { supervisor, failures, world } = supervise();
  world.context = NO_CONTEXT;
  await assertRejects(() => supervisor.start(), Error, "no context");
  await assertRejects(
    () => decode(supervisor, FIRST_TOKEN.answer),
    ApiError,
    "it could not be opened",
  );
  assertEquals([supervisor.state, failures], ["failed", []]);
});

Deno.test("Supervisor opens a model that is asleep with its first request", async () => {
  const { supervisor, failures, pauses, ends, world } = supervise();
  await using _ = supervisor;
  world.context = NO_CONTEXT;
  const answer = decode(supervisor, FIRST_TOKEN.answer);
  assertEquals(supervisor.state, "starting");
  await until(() => pauses.length === 1);
  assertEquals([supervisor.state, failures], ["failed", ["no context"]]);
  world.context = 64;
  ends[0]();
  assertEquals(await answer, [0, 0]);
  assertEquals(supervisor.state, "ready");
});

Deno.test("Supervisor opens a model to erase its prompts", async () => {
  const { supervisor } = supervise();
  await using _ = supervisor;
  await assertRejects(() => supervisor.erase(), ApiError, "being opened");
  await supervisor.whenOpen(new AbortController().signal);
  assertEquals((await supervisor.erase()).blocks, 7);
});

Deno.test("Supervisor sends a model to sleep, and opens it for what comes next", async () => {
  const { supervisor, failures } = supervise();
  await using _ = supervisor;
  await supervisor.sleep();
  assertEquals(supervisor.state, "asleep");
  await supervisor.start();
  for (let round = 0; round < 2; round++) {
    const asleep = supervisor.sleep();
    assertEquals(supervisor.state, "asleep");
    const answer = decode(supervisor, FIRST_TOKEN.answer);
    assertEquals(supervisor.state, "starting");
    await asleep;
    assertEquals(await answer, [0, 0]);
    assertEquals(supervisor.state, "ready");
  }
  await supervisor.sleep();
  assertEquals(supervisor.opened?.exact, "bitwise"); // as it was
  assertEquals([supervisor.restarts, failures], [0, []]);
});

Deno.test("Supervisor refuses what comes once it is stopped", async () => {
  const { supervisor } = supervise();
  await supervisor.start();
  const { signal } = new AbortController();
  const early = await supervisor.whenOpen(signal);
  await supervisor[Symbol.asyncDispose]();
  const late = Array.fromAsync(
    early.decode({} as DecodeRequest, { signal }),
  );
  for (const request of [supervisor.whenOpen(signal), late]) {
    const error = await assertRejects(
      () => request,
      ApiError,
      "it is stopped",
    );
    assertEquals([error.status, error.code], [503, "model_unavailable"]);
  }
});
