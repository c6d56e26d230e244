/**
 * The numbers of sequences that graphs are made for.
 *
 * @module
 */

/**
 * Batch sizes, in sequences, that get a body graph of their own. More sizes would save
 * some percent of a pass, but each graph takes a third of a second to open.
 */
export const BATCHES = [2, 4, 8, 16];
