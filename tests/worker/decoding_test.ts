import { assertEquals, assertRejects } from "@std/assert";
import { DeviceMemoryError } from "../../lib/runtime/backend.ts";
import { promptOf, startToy } from "../prefix/_toy_cache.ts";
import { ToyModel } from "../toy/model.ts";

/** A toy whose memory is full at times. */
class FullModel extends ToyModel {
  isFull = false;

  override open(...args: Parameters<ToyModel["open"]>) {
    if (this.isFull) throw new DeviceMemoryError("no memory");
    return super.open(...args);
  }
}

Deno.test("Decoding releases what it has found of a prompt that gets no memory", async () => {
  const model = new FullModel({ context: 400 });
  using server = await startToy({ model });
  const { cache } = server;
  const held = new Set<unknown>();
  const { lookup } = cache;
  cache.lookup = async (...args) => {
    const found = await lookup.apply(cache, args);
    held.add(found);
    const prefilled = () => held.delete(found) && found.prefilled();
    return { ...found, prefilled };
  };
  const prompt = promptOf(40);
  const { tokens } = await server.ask(prompt);
  model.isFull = true;
  await assertRejects(() => server.ask(prompt), DeviceMemoryError);
  await new Promise((resolve) => setTimeout(resolve)); // it is released after that
  assertEquals(held.size, 0);
  model.isFull = false;
  assertEquals(await server.ask(prompt), { tokens, cached: 32 });
});
