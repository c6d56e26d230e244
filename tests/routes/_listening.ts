/**
 * A server in a process of its own, for tests that limit the process. It prints its port.
 *
 * @module
 */

import { listen } from "../../routes/listen.ts";

const { addr } = await listen(() => new Response("ok"), {
  hostname: "127.0.0.1",
  port: 0,
});
console.log(addr.port);
