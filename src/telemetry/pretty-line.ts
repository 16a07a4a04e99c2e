// A line of the application log for people: pino-pretty, loaded only where somebody looks at a terminal.
// Rule: what came from outside cannot move the cursor, colour the text or begin a line of its own.

/** Turns one line of JSON into what a terminal shows. */
export type PrettyFormatter = (jsonLine: string) => string;

/** A stack, an escape sequence of JSON, or a character that terminals act upon and JSON leaves as it is. */
const STACK_OR_ESCAPE = /"stack":"(?:[^"\\]|\\.)*"|\\(?:u[\da-f]{4}|.)|[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/gi;
const ACTIVE_ESCAPE = /^\\(?:[bfnr]|u00(?:[01]|[89])[\da-f]|u007f|u202[89a-e]|u206[6-9])$/i;
const LINE_FEEDS = /\\\\n/g;

export async function prettyFormatter(colour: boolean): Promise<PrettyFormatter> {
  const { prettyFactory } = await import('pino-pretty');
  const prettify = prettyFactory({
    colorize: colour,
    messageKey: 'message',
    timestampKey: 'timestamp',
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  return (jsonLine) => prettify(withoutControls(jsonLine));
}

/** The same JSON with control characters spelled out in its texts; a stack keeps its lines. */
export function withoutControls(jsonLine: string): string {
  return jsonLine.replace(STACK_OR_ESCAPE, (found) => {
    if (found.startsWith('"')) return `"stack":"${withoutControls(found.slice(9, -1)).replace(LINE_FEEDS, '\\n')}"`;
    if (!found.startsWith('\\')) return `\\\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return ACTIVE_ESCAPE.test(found) ? `\\${found}` : found;
  });
}
