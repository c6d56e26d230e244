import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ApiError } from "../../lib/engine/errors.ts";
import { Failures } from "../../lib/worker/failures.ts";
import { decode, supervise, until } from "./_supervise.ts";
import { FIRST_TOKEN, NO_CONTEXT } from "./_toy_worker.ts";

Deno.test("Failures tell clients what is required, not what came instead", () => {
  const causes = {
    'Cannot read a: b must be 1: received "/c"': "Cannot read a: b must be 1",
    "/c/body.onnx failed": "the server's log says why",
  };
  for (const [message, told] of Object.entries(causes)) {
    const failures = new Failures("toy");
    for (let count = 1; count <= 3; count++) failures.add(new Error(message));
    assertEquals(
      failures.unavailable("failed").message,
      "Cannot serve the request: the model must be open: toy has failed 3 " +
        `times in a row, and is tried again later: ${told}`,
    );
  }
});

Deno.test("Supervisor keeps trying a model that fails, but nothing waits, while another is served", async () => {
  const { supervisor, failures, pauses, ends, world } = supervise();
  await using _ = supervisor;
  Object.assign(world, { context: NO_CONTEXT, other: true });
  const waiting = decode(supervisor, FIRST_TOKEN.answer);
  const refused = assertRejects(() => waiting, ApiError);
  for (let failure = 1; failure <= 12; failure++) {
    await until(() => pauses.length === failure);
    if (failure < 12) ends[failure - 1]();
  }
  assertEquals(pauses.slice(0, 5), [500, 1000, 2000, 4000, 8000]);
  assertEquals(pauses.slice(-2), [300_000, 300_000]);
  assertEquals(failures.length, 12);
  assertEquals((await refused).status, 503);
  assertStringIncludes((await refused).message, "toy has failed 3 times");
  await assertRejects(
    () => decode(supervisor, FIRST_TOKEN.answer),
    ApiError,
    "toy has failed 12 times in a row, and is tried again later",
  );
  await assertRejects(() => supervisor.erase(), ApiError, "12 times in a row");
  assertEquals([supervisor.state, supervisor.isGivenUp], ["failed", true]);
  assertEquals(world.givenUp, "");

  world.context = 64;
  ends.at(-1)!();
  await until(() => supervisor.state === "ready");
  assertEquals(supervisor.isGivenUp, false);
  assertEquals(await decode(supervisor, FIRST_TOKEN.answer), [0, 0]);
});

Deno.test("Supervisor stops a model that is given up once no other is served", async () => {
  const { supervisor, pauses, ends, world } = supervise();
  Object.assign(world, { context: NO_CONTEXT, other: true });
  const refused = assertRejects(() => decode(supervisor, FIRST_TOKEN.answer));
  for (let failure = 1; failure <= 3; failure++) {
    await until(() => pauses.length === failure);
    if (failure < 3) ends[failure - 1]();
  }
  await refused;
  world.other = false;
  ends[2]();
  await until(() => world.givenUp !== "");
  assertEquals([world.givenUp, supervisor.state], ["no context", "stopped"]);
});
