import { assertEquals } from "@std/assert";
import type { FirstMessage } from "../../lib/threads/bare_worker.ts";

const ECHO =
  "data:text/javascript,self.onmessage = ({ data }) => self.postMessage(data)";

Deno.test("a bare worker becomes the module that its first message names", async () => {
  const module = import.meta.resolve("../../lib/threads/bare_worker.ts");
  const worker = new Worker(module, { type: "module" });
  const answers: unknown[] = [];
  const ask = (message: unknown) =>
    new Promise<void>((resolve) => {
      worker.onmessage = ({ data }) => resolve(void answers.push(data));
      worker.postMessage(message);
    });
  await ask({ module: ECHO, message: 1 } satisfies FirstMessage);
  await ask({ module: "none", message: 2 });
  worker.terminate();
  assertEquals(answers, [1, { module: "none", message: 2 }]);
});
