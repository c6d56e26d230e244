/**
 * The real worker, whose GPU device can be destroyed by any word on a channel.
 *
 * @module
 */

/// <reference lib="deno.worker" />

const { requestDevice } = GPUAdapter.prototype;

GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await requestDevice.apply(this, args);
  new BroadcastChannel("destroy-device").onmessage = () => device.destroy();
  return device;
};

// What comes before the real worker is loaded is for it.
const early: MessageEvent[] = [];
self.onmessage = (event) => early.push(event);
await import("../../lib/worker/worker.ts");
for (const { data } of early) {
  self.dispatchEvent(new MessageEvent("message", { data }));
}
