/**
 * Linears as products of whole numbers: weights of 8 bits (`smoothed.ts`), and rows of 8
 * bits with one scale each.
 *
 * ```text
 * x' = x · smoothing
 * y = levels(x' / |x'|) · levels of weights · scales of outputs · |x'|
 * ```
 *
 * |x'| is the row's largest value. Rows that are not smoothed have 16 bits: levels, and
 * levels of what these leave, as further rows of one product. This suits the inputs of a
 * feed-forward network's last matrix, each of which is in some rows a hundred times as
 * large as in others, and those of the head, of which one is ever large.
 *
 * Sums are of whole numbers, so that a row has the same bits in any pass, and on any
 * processor. Levels of rows are unsigned, with 128 for 0, and those of weights signed.
 * Some processors clip the sum of two such products to 16 bits. The graph `clipping` shows
 * whether one does. There, weights are unsigned, too, which takes longer: they are stored
 * so, or become so when they are opened, if another processor has stored them.
 *
 * @module
 */

import { GraphBuilder } from "../graph_builder.ts";
import type { WeightsFile } from "../weights_file.ts";

/** The level of 0 in rows. Levels of weights are not below its negative. */
export const ZERO = 128;

/** The largest level of weights, and of rows above that of 0. */
export const MOST = 127;

/** The step between levels of a row's shares, which are from -1 to 1. */
const STEP = 1 / MOST;

/** What a fine step is of a step, which leaves up to a half of it, either way. */
const FINE = 0.5 / MOST;

/** Names of the constants that all linears have. */
const NAMES = {
  zero: "level_of_zero",
  weightZero: "level_of_zero_weights",
  step: "step_of_levels",
  fineStep: "step_of_fine_levels",
  fine: "share_of_fine_levels",
};

/** Stores the constants that all linears have, once. */
export function storeConstants(weights: WeightsFile): void {
  if (weights.has(NAMES.zero)) return;
  weights.add(NAMES.zero, [1], Uint8Array.of(ZERO));
  weights.add(NAMES.weightZero, [1], Int8Array.of(0));
  weights.add(NAMES.step, [1], Float32Array.of(STEP));
  weights.add(NAMES.fineStep, [1], Float32Array.of(STEP * FINE));
  weights.add(NAMES.fine, [1], Float32Array.of(FINE));
}

/** Returns whether a linear is stored for whole numbers. */
export function isWhole({ weights }: GraphBuilder, name: string): boolean {
  return weights.has(`${name}.levels`);
}

/** Adds linears that have the same input, and returns their outputs' names. */
export function wholeLinears(
  graph: GraphBuilder,
  input: string,
  names: readonly string[],
): string[] {
  const smoothing = `${names[0]}.smoothing`;
  const isSmoothed = graph.weights.has(smoothing);
  const values = isSmoothed
    ? graph.node("Mul", [input, graph.stored(smoothing)])
    : input;
  const largest = graph.node("ReduceMax", [
    graph.node("Abs", [values]),
    graph.constant([-1]),
  ]);
  // In a row of zeros these are no numbers, whose levels the zero at the end outweighs.
  const shares = graph.node("Div", [values, largest]);
  const levels = isSmoothed
    ? toLevels(graph, shares, NAMES.step)
    : toFineLevels(graph, shares);
  return names.map((name) => {
    const products = multiply(graph, levels, name);
    const sum = isSmoothed ? products : addFine(graph, products);
    return graph.node("Mul", [sum, largest]);
  });
}

function toLevels(graph: GraphBuilder, values: string, step: string): string {
  const scale = [graph.stored(step), graph.stored(NAMES.zero)];
  return graph.node("QuantizeLinear", [values, ...scale]);
}

/** Returns levels, followed by those of what is left, `[2 * lanes, rows, K]`. */
function toFineLevels(graph: GraphBuilder, values: string): string {
  const levels = toLevels(graph, values, NAMES.step);
  const rounded = graph.node("DequantizeLinear", [
    levels,
    graph.stored(NAMES.step),
    graph.stored(NAMES.zero),
  ]);
  const left = graph.node("Sub", [values, rounded]);
  const fine = toLevels(graph, left, NAMES.fineStep);
  return graph.node("Concat", [levels, fine], { ints: { axis: 0 } });
}

/** Adds the products of what was left to the others. */
function addFine(graph: GraphBuilder, products: string): string {
  const [coarse, fine] = [`${products}.coarse`, `${products}.fine`];
  graph.node("Split", [products], {
    outputs: [coarse, fine],
    ints: { axis: 0, num_outputs: 2 },
  });
  const finer = graph.node("Mul", [fine, graph.stored(NAMES.fine)]);
  return graph.node("Add", [coarse, finer]);
}

function multiply(graph: GraphBuilder, levels: string, name: string): string {
  return graph.node("MatMulIntegerToFloat", [
    levels,
    graph.stored(`${name}.levels`),
    graph.stored(NAMES.step),
    graph.stored(`${name}.scales`),
    graph.stored(NAMES.zero),
    graph.stored(NAMES.weightZero),
  ], { domain: "com.microsoft" });
}

/**
 * Builds a product whose sums some processors clip, if the bytes are large.
 *
 * ```text
 * levels [rows, K], uint8 · weights [K, outputs], int8 · one [1] → sums [rows, outputs]
 * ```
 */
export function buildClipping(weights: WeightsFile): GraphBuilder {
  const graph = new GraphBuilder(weights);
  const one = graph.input("one", "float32", [1]);
  graph.node("MatMulIntegerToFloat", [
    graph.input("levels", "uint8", ["rows", "K"]),
    graph.input("weights", "int8", ["K", "outputs"]),
    one,
    one,
  ], { domain: "com.microsoft", outputs: ["sums"] });
  graph.output("sums", ["rows", "outputs"]);
  return graph;
}
