// Reads the head of an answer that was kept as bytes, for policies that want to see or change it. Rule: it was read once by the same
// parser when it came in; what nobody asks for is never read again.
import { Buffer } from 'node:buffer';
import { type Head, METHOD } from '../codec/http1/head.ts';
import { DEFAULT_LIMITS } from '../codec/http1/message-parser.ts';
import { ResponseParser } from '../codec/http1/parser.ts';
import type { ReadyAnswer } from '../contract/kept-answer.ts';
import { Http2HeadReader } from './http2-head-reader.ts';
import { ownCopy } from './own-copy.ts';

/** What we have added may make it longer than what may come in. */
const LIMITS = { ...DEFAULT_LIMITS, maxHeadBytes: 1024 * 1024, maxBodyBytes: Number.MAX_SAFE_INTEGER };

let reader: Http2HeadReader | null = null;

/** `passing`: field lines for this client alone, each with its CRLF. The head lies in bytes of its own. */
export function keptHead({ head, headFrom, headTo }: ReadyAnswer, passing: string): Head {
  return readHead(Buffer.concat([head.subarray(headFrom, headTo), Buffer.from(`${passing}\r\n`, 'latin1')]));
}

/** Trailers that were kept as text, as the writers want them. */
export function keptTrailers(fields: readonly (readonly [name: string, value: string])[]): Head {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return readHead(Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n`, 'latin1'));
}

function readHead(bytes: Buffer): Head {
  reader ??= new Http2HeadReader((sink) => new ResponseParser(LIMITS, sink));
  const parser = reader.parser as ResponseParser;
  // Nothing of its body comes this way, whatever it says of it.
  parser.expect(METHOD.HEAD);
  const fault = reader.read(bytes);
  if (fault !== null) throw fault;
  return ownCopy(parser.head);
}
