/**
 * How probable each of some answers is, where one of them is given.
 *
 * @module
 */

/**
 * Returns the probability of each answer, on the condition that the text begins with one
 * of them: in all 1.
 *
 * A text begins with the longest answer that it begins with. So where the tokens of an
 * answer are the beginning of another's, the other's probability is taken from it. Equal
 * answers have equal shares.
 *
 * @param answers the tokens of each answer.
 * @param logprobs the sum of the log probabilities of each answer's tokens.
 */
export function shares(
  answers: readonly Int32Array[],
  logprobs: readonly number[],
): number[] {
  const most = Math.max(...logprobs);
  const begins = logprobs.map((logprob) => Math.exp(logprob - most));
  const spelled = answers.map((tokens) => `${tokens.join()},`);
  const weights = begins.map((weight, index) => {
    for (const longer of nextLonger(spelled, index)) weight -= begins[longer];
    return Math.max(0, weight);
  });
  const sum = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Lists the answers that continue one of them, with none between; equal ones once. */
function nextLonger(spelled: readonly string[], index: number): number[] {
  const own = spelled[index];
  const longer = [...spelled.keys()].filter((other) =>
    spelled[other].length > own.length && spelled[other].startsWith(own) &&
    spelled.indexOf(spelled[other]) === other
  );
  return longer.filter((other) =>
    !longer.some((between) =>
      between !== other && spelled[other].startsWith(spelled[between])
    )
  );
}
