// Takes text apart that comes in pieces: into lines, and into server-sent events (WHATWG HTML, 9.2.6). Rule: what has not ended yet waits for
// the rest, and what never ends is not given.

/** Lines without their ends; a last one without an end is given as well. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

export interface TextEvent {
  /** `message` where it has no name. */
  readonly name: string;
  /** Empty where it has none. */
  readonly id: string;
  readonly data: string;
}

export async function* eventsOf(pieces: AsyncIterable<string>): AsyncGenerator<TextEvent, void, void> {
  let name = '';
  let id = '';
  let data: string[] = [];
  for await (const line of linesOf(pieces)) {
    if (line === '') {
      if (data.length > 0) yield { name: name || 'message', id, data: data.join('\n') };
      [name, id, data] = ['', '', []];
      continue;
    }
    const [field, value] = fieldOf(line);
    if (field === 'event') name = value;
    else if (field === 'id') id = value;
    else if (field === 'data') data.push(value);
  }
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}
