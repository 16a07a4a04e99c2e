// What a client says of a running command over a WebSocket, read from JSON.
import { Buffer } from 'node:buffer';
import { SluiceError } from '../../core/errors.ts';
import { sizeOf, type TerminalSize } from '../../services/processes/command-request.ts';

export type SocketMessage =
  | { readonly kind: 'stdin'; readonly bytes: Buffer }
  /** No more input follows. */
  | { readonly kind: 'eof' }
  | { readonly kind: 'resize'; readonly size: TerminalSize }
  | { readonly kind: 'stop' };

export function readMessage(text: string): SocketMessage {
  const { type, data, encoding = 'utf8', cols, rows } = parse(text);
  switch (type) {
    case 'stdin':
      if (typeof data !== 'string') throw invalid('data: expected text');
      if (encoding !== 'utf8' && encoding !== 'base64') throw invalid('encoding: expected utf8 or base64');
      return { kind: 'stdin', bytes: Buffer.from(data, encoding) };
    case 'resize': {
      const size = sizeOf({ cols, rows });
      if (size === null) throw invalid('resize: expected cols and rows');
      return { kind: 'resize', size };
    }
    case 'eof':
    case 'stop':
      return { kind: type };
    default:
      throw invalid('type: expected stdin, eof, resize or stop');
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    throw invalid('the message is not JSON');
  }
}

function invalid(message: string): SluiceError {
  return new SluiceError('invalid_input', { message });
}
