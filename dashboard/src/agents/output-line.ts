// What a line that an agent prints says, for people. Rule: it never loses a line: what is not understood is shown as it was printed.

export interface OutputLine {
  readonly number: number;
  /** The `type` of it, or what there is in its place. */
  readonly kind: string;
  readonly text: string;
  /** As it was printed. */
  readonly printed: string;
}

/** More of one line is nothing to read on a page. */
const MOST_SHOWN = 8000;

type Json = Readonly<Record<string, unknown>>;

export function outputLine(number: number, data: string): OutputLine {
  const value = parsed(data);
  const printed = cut(data);
  if (value === null) return { number, kind: 'text', text: printed, printed };
  const kind = typeof value['type'] === 'string' ? value['type'] : 'json';
  if (kind === 'raw' && typeof value['data'] === 'string') {
    return { number, kind: 'text', text: cut(value['data']), printed: cut(value['data']) };
  }
  return { number, kind, text: cut(saidIn(value) ?? data), printed };
}

/** null: there is nothing in it that is meant for people. */
function saidIn(value: Json): string | null {
  // Claude Code: a message with parts, and a result. Codex: an item. Others: a text.
  const message = objectOf(value['message']);
  if (Array.isArray(message?.['content'])) return partsOf(message['content']);
  const item = objectOf(value['item']);
  const own = [item?.['text'], item?.['command'], value['result'], value['text'], value['content'], value['error']];
  const said = [...own, objectOf(value['error'])?.['message']].find((each) => typeof each === 'string' && each !== '');
  return typeof said === 'string' ? said : null;
}

function partsOf(parts: readonly unknown[]): string | null {
  const words = parts.map((part) => partWords(objectOf(part) ?? {})).filter((each) => each !== '');
  return words.length === 0 ? null : words.join('\n');
}

function partWords(part: Json): string {
  const { type, text, name, input, content } = part;
  if (typeof text === 'string') return text;
  if (type === 'tool_use') return `${String(name)} ${JSON.stringify(input ?? {})}`;
  if (type === 'tool_result') return typeof content === 'string' ? content : JSON.stringify(content ?? '');
  return typeof type === 'string' ? JSON.stringify(part) : '';
}

function objectOf(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function parsed(text: string): Json | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}

function cut(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}… (${text.length} characters)`;
}
