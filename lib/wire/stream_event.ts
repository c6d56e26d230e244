/**
 * An event of a stream, as every API writes it: its data alone, or with a name. Types
 * only, so that every room may import them.
 *
 * @module
 */

/** The data of an event, with the event's name if it has one. */
export type StreamEvent = string | NamedEvent;

/** An event with a name. */
export interface NamedEvent {
  name: string;
  data: string;
}
