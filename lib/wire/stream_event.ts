/**
 * An event of a stream, as every API writes it: its data alone, or with a name. And the
 * lines that it becomes.
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

/** How a stream is written; each text ends where the next may begin. */
export interface StreamFormat {
  /** The media type of the stream. */
  contentType: string;
  event(event: StreamEvent): string;
  /** Writes what keeps the connection from idling; it may be empty. */
  ping(comment: string): string;
}

/** Server-sent events, with comments in between. */
export const SERVER_SENT: StreamFormat = {
  contentType: "text/event-stream; charset=utf-8",
  event: (event) =>
    typeof event === "string"
      ? `data: ${event}\n\n`
      : `event: ${event.name}\ndata: ${event.data}\n\n`,
  ping: (comment) => `: ${comment}\n\n`,
};
