// Heads of what a client of a tunnel says of its app before and after the answer itself. Rule: they are read by the same parser as those of
// any server, so that what may not stand there does not.
import { Buffer } from 'node:buffer';
import { Head } from '../../codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../../codec/http1/message-parser.ts';
import { ResponseParser } from '../../codec/http1/parser.ts';

type FieldPairs = readonly (readonly [name: string, value: string])[];

/** Asks for the body. */
export const CONTINUE: Head = Object.assign(new Head(), { status: 100 });

/** The answer is on its way, and cannot be passed on as it comes. */
export const PROGRESS: Head = Object.assign(new Head(), { status: 102 });

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export function interimHead(status: number, fields: FieldPairs): Head {
  // Read as a final one: of one that comes before it a parser keeps nothing.
  const { head } = read(`HTTP/1.1 200 \r\n${lines(fields)}\r\n`);
  return Object.assign(head ?? new Head(), { status });
}

/** null: none of them may stand there. */
export function trailersOf(fields: FieldPairs): Head | null {
  return read(`HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${lines(fields)}\r\n`).trailers;
}

function lines(fields: FieldPairs): string {
  const valid = fields.filter(([name, value]) => NAME.test(name) && VALUE.test(value));
  return valid.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

function read(text: string): { readonly head: Head | null; readonly trailers: Head | null } {
  let head: Head | null = null;
  const parser = new ResponseParser(DEFAULT_LIMITS, {
    onHead: (read) => (head = read),
    onBody: () => {},
    onEnd: () => {},
    onError: () => {},
  });
  const bytes = Buffer.from(text, 'latin1');
  parser.feed(bytes, 0, bytes.length);
  return { head, trailers: parser.trailers };
}
