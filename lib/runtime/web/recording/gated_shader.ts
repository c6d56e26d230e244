/**
 * The shader of {@linkcode GatedKernel}: a norm, two products and what joins them.
 *
 * It adds in the order of ONNX Runtime's kernels, so that each number has the same bits.
 * A workgroup computes 16 rows of 64 columns; half of its threads have the gate. Each
 * workgroup computes the norms of its rows anew, which is little beside the products.
 *
 * @module
 */

/** Bits of a weight. */
export type Bits = 4 | 8;

/** Rows of a workgroup. */
export const ROWS = 16;

/** Columns of a workgroup. */
export const COLUMNS = 64;

/** Storage buffers of the kernel; a device may allow fewer. */
export const BUFFERS = 9;

/** Loads eight weights, which is all that differs by their bits. */
const WEIGHTS: Record<Bits, string> = {
  4: `
  var packed: u32;
  if (up) { packed = ups[block][index]; } else { packed = gates[block][index]; }
  let even = unpack4xU8(packed & 0x0F0F0F0Fu);
  let odd = unpack4xU8((packed >> 4u) & 0x0F0F0F0Fu);
  let zero = vec4<f32>(8.0);
  return mat2x4<f32>(
    vec4<f32>(vec4(even[0], odd[0], even[1], odd[1])) - zero,
    vec4<f32>(vec4(even[2], odd[2], even[3], odd[3])) - zero,
  ) * scale;`,
  8: `
  let at = 2u * block + index / 2u;
  var four: vec4<u32>;
  if (up) { four = ups[at]; } else { four = gates[at]; }
  let packed = select(four.xy, four.zw, (index & 1u) == 1u);
  let zero = vec4<f32>(128.0);
  return mat2x4<f32>(
    vec4<f32>(unpack4xU8(packed[0])) - zero,
    vec4<f32>(unpack4xU8(packed[1])) - zero,
  ) * scale;`,
};

/**
 * Returns the shader for weights of so many bits, in blocks of 32.
 *
 * Rows of up to `sizes.rows`; `dim` is a multiple of 32. The two last storage buffers are
 * written: the sum, `[rows, dim]`, and the product, `[rows, columns]`.
 */
export const shader = (bits: Bits): string => `
struct Sizes { rows: u32, dim: u32, columns: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> change: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gates: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> gate_scales: array<f32>;
@group(0) @binding(5) var<storage, read> ups: array<vec4<u32>>;
@group(0) @binding(6) var<storage, read> up_scales: array<f32>;
@group(0) @binding(7) var<storage, read_write> sum: array<vec4<f32>>;
@group(0) @binding(8) var<storage, read_write> product: array<f32>;
@group(0) @binding(9) var<uniform> sizes: Sizes;

// Of half of the rows at once, by the 64 threads of a row.
var<workgroup> squares: array<vec4<f32>, 512>;
var<workgroup> norms: array<f32, ${ROWS}>;
var<workgroup> normed: array<array<vec4<f32>, 8>, ${ROWS}>;
var<workgroup> gated: array<f32, ${ROWS * COLUMNS}>;

fn weights(up: bool, block: u32, index: u32, scale: f32) -> mat2x4<f32> {${
  WEIGHTS[bits]
}
}

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let width = sizes.dim / 4u;
  let top = group.y * ${ROWS}u;
  let lane = thread % 64u;
  let up = thread >= 64u;

  // The last thread of a row has what cannot be shared evenly.
  let begin = lane * (width / 64u);
  let end = select(begin + width / 64u, width, lane == 63u);
  for (var base = 0u; base < ${ROWS}u; base += 8u) {
    for (var i = select(0u, 1u, up); i < 8u; i += 2u) {
      var square = vec4<f32>();
      let row = top + base + i;
      if (row < sizes.rows) {
        for (var at = row * width + begin; at < row * width + end; at++) {
          let value = x[at] + change[at];
          if (group.x == 0u) { sum[at] = value; }
          square += value * value;
        }
      }
      squares[i * 64u + lane] = square;
    }
    workgroupBarrier();
    for (var rest = 32u; rest > 0u; rest /= 2u) {
      for (var i = thread; i < 8u * rest; i += 128u) {
        let at = i / rest * 64u + i % rest;
        squares[at] += squares[at + rest];
      }
      workgroupBarrier();
    }
    if (thread < 8u) {
      let all = squares[thread * 64u];
      norms[base + thread] = inverseSqrt(
        (all.x + all.y + all.z + all.w) / f32(sizes.dim) + sizes.epsilon);
    }
    workgroupBarrier();
  }

  let column = group.x * ${COLUMNS}u + lane;
  let blocks = sizes.dim / 32u;
  var results: array<f32, ${ROWS}>;
  for (var block = 0u; block < blocks; block++) {
    let row = thread / 8u;
    let place = block * 8u + thread % 8u;
    var value = vec4<f32>();
    if (top + row < sizes.rows) {
      let at = (top + row) * width + place;
      value = (x[at] + change[at]) * norms[row] * gamma[place];
    }
    normed[row][thread % 8u] = value;
    workgroupBarrier();
    if (column < sizes.columns) {
      let at = column * blocks + block;
      var scale: f32;
      if (up) { scale = up_scales[at]; } else { scale = gate_scales[at]; }
      for (var index = 0u; index < 4u; index++) {
        let factors = weights(up, at, index, scale);
        for (var i = 0u; i < ${ROWS}u; i++) {
          results[i] += dot(normed[i][2u * index], factors[0]) +
            dot(normed[i][2u * index + 1u], factors[1]);
        }
      }
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < ${ROWS}u; i++) {
    if (!up) { gated[i * ${COLUMNS}u + lane] = results[i]; }
  }
  workgroupBarrier();
  for (var i = 0u; i < ${ROWS}u; i++) {
    if (up && column < sizes.columns && top + i < sizes.rows) {
      let gate = gated[i * ${COLUMNS}u + lane];
      let silu = gate * (1.0 / (1.0 + exp(-gate)));
      product[(top + i) * sizes.columns + column] = silu * results[i];
    }
  }
}`;
