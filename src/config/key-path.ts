// Key paths: how a place in the configuration is named in messages, origins and on the command line, such as
// `gateway.routes[0].match.host`. Rule: a key that would be misread is written in quotes, as in `hops["my hop"]`.

export type KeyPath = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z0-9_-]+$/;

export function formatPath(path: KeyPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (!PLAIN_KEY.test(key)) text += `[${JSON.stringify(key)}]`;
    else text += text === '' ? key : `.${key}`;
  }
  return text;
}

/** Reads what formatPath writes; `[]` is read as the key `[]`, for patterns. Undefined when the text is not a path. */
export function parsePath(text: string): (string | number)[] | undefined {
  const path: (string | number)[] = [];
  const part = /\.?([A-Za-z0-9_*-]+)|\[(\d*)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null) return undefined;
    if (match[1] !== undefined) path.push(match[1]);
    else if (match[3] !== undefined) path.push(String(JSON.parse(match[3])));
    else path.push(match[2] === '' ? '[]' : Number(match[2]));
  }
  return path;
}
