/**
 * Numbers of an architecture that are missing, wrong, or of a feature that no graph has;
 * and right ones in unusual types.
 *
 * @module
 */

import { f32Value, textValue, u32, u32Value, u64 } from "../gguf/_file.ts";
import {
  type Change,
  entry,
  type FileCase,
  numberValue,
  refused,
  served,
  withoutEntry,
} from "./_case.ts";

const f64 = (value: number) =>
  numberValue(12, 8, (view) => view.setFloat64(0, value, true));
const i32 = (value: number) =>
  numberValue(5, 4, (view) => view.setInt32(0, value, true));

const set = (key: string, value: Uint8Array): Change =>
  entry(`llama.${key}`, value);

const architecture = (name: string, reason: string): FileCase =>
  refused(
    `the architecture ${name}`,
    reason,
    entry("general.architecture", textValue(name)),
  );

const LAYERS = "llama.block_count must be a positive whole number";
const BASE = "llama.rope.freq_base must be a positive number";
const EPSILON =
  "llama.attention.layer_norm_rms_epsilon must be a positive number";

export const CONFIGURATIONS = [
  architecture("mamba", "must be one of llama, qwen2, qwen3, gemma3"),
  architecture("__proto__", 'received "__proto__"'),
  architecture("toString", 'received "toString"'),
  refused(
    "no architecture",
    "general.architecture must be a string: received none",
    withoutEntry("general.architecture"),
  ),
  refused(
    "a number for an architecture",
    "general.architecture must be a string: received 1",
    entry("general.architecture", u32Value(1)),
  ),
  refused("no number of layers", LAYERS, withoutEntry("llama.block_count")),
  refused("no layers", LAYERS, set("block_count", u32Value(0))),
  refused("-1 layers", LAYERS, set("block_count", i32(-1))),
  refused("two layers in words", LAYERS, set("block_count", textValue("2"))),
  refused("2.5 layers", LAYERS, set("block_count", f32Value(2.5))),
  refused(
    "no context",
    "llama.context_length must be a positive whole number",
    set("context_length", u32Value(0)),
  ),
  refused(
    "no number of heads",
    "llama.attention.head_count must be",
    withoutEntry("llama.attention.head_count"),
  ),
  refused(
    "heads that do not fill a state",
    "must be even: received 42.6",
    (tiny) =>
      set("attention.head_count", u32Value(3))(
        set("attention.head_count_kv", u32Value(3))(tiny) as typeof tiny,
      ),
  ),
  refused(
    "key heads that no query heads share evenly",
    "head_count_kv must divide head_count, 4: received 3",
    set("attention.head_count_kv", u32Value(3)),
  ),
  refused(
    "key heads by layer",
    "head_count_kv must be a positive whole number: received a list of 2",
    entry("llama.attention.head_count_kv", u32(9), u32(4), u64(2), u64(2)),
  ),
  refused(
    "values of another size than keys",
    "llama.attention.value_length must be 32: received 64",
    set("attention.value_length", u32Value(64)),
  ),
  refused(
    "heads of an odd size",
    "a head's size must be even: received 33",
    set("attention.key_length", u32Value(33)),
  ),
  ...[0, -1e-5, NaN, Infinity].map((value) =>
    refused(
      `an epsilon of ${value}`,
      EPSILON,
      set("attention.layer_norm_rms_epsilon", f32Value(value)),
    )
  ),
  ...[0, -1, NaN, Infinity].map((value) =>
    refused(
      `angles of base ${value}`,
      BASE,
      set("rope.freq_base", f32Value(value)),
    )
  ),
  refused(
    "positions scaled by 0",
    "llama.rope.scaling.factor must be a positive number",
    set("rope.scaling.factor", f32Value(0)),
  ),
  refused(
    "positions scaled by YaRN",
    'must be "linear", "longrope" or "none": received "yarn"',
    set("rope.scaling.type", textValue("yarn")),
  ),
  refused(
    "experts",
    "llama.expert_count must be absent: received 8",
    set("expert_count", u32Value(8)),
  ),
  refused(
    "attention to what comes later",
    "llama.attention.causal must be absent: received false",
    set("attention.causal", numberValue(7, 1, () => {})),
  ),
  ...["attn_logit_softcapping", "final_logit_softcapping"].map((key) =>
    refused(
      key,
      `llama.${key} must be absent: received 30`,
      set(key, f32Value(30)),
    )
  ),
  refused(
    "a sliding window in a Llama",
    "llama.attention.sliding_window must be absent: received 64",
    set("attention.sliding_window", u32Value(64)),
  ),
  served("no window", set("attention.sliding_window", u32Value(0))),
  served("no experts", set("expert_count", u32Value(0))),
  served("no scaling", set("rope.scaling.type", textValue("none"))),
  served("the old scale, without effect", set("rope.scale_linear", f64(1))),
  ...([
    ["8 bits", numberValue(0, 1, (view) => view.setUint8(0, 2))],
    ["16 bits", numberValue(2, 2, (view) => view.setUint16(0, 2, true))],
    ["32 bits with a sign", i32(2)],
    ["64 bits", numberValue(10, 8, (view) => view.setUint32(0, 2, true))],
    ["64 bits of a float", f64(2)],
  ] as const).map(([type, value]) =>
    served(`layers in ${type}`, set("block_count", value))
  ),
];
