// Text that comes in pieces, line by line. Rule: for what we say to ourselves; there is no bound.
import type { Readable } from 'node:stream';

/** Lines come without their end; one that has none yet is not given. */
export function onLines(stream: Readable, line: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const each of lines) line(each);
  });
}
