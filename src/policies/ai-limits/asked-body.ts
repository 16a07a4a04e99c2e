// What the body of a request to a provider of AI asks for: which model, and whether its answer will say what it has used. Rule: the body is
// read to its end, so that nothing which comes later in it can mean something else; what can be read in two ways is not read at all.
import { Buffer } from 'node:buffer';
import { PickedPaths, PickedValues } from '../../codec/json/picked-values.ts';
import type { Exchange } from '../../contract/exchange.ts';
import { SluiceError } from '../../core/errors.ts';
import { decodeWhole } from './decode-whole.ts';

export interface Asked {
  /** null: it names none, or not in one way. */
  readonly model: string | null;
  /** Its answer comes later, to somebody who asks for it. */
  readonly isBackground: boolean;
  /** A stream of Chat Completions says what it has used only if it is asked to. */
  readonly isSilent: boolean;
}

const PATHS = ['model', 'background', 'stream', 'stream_options'] as const;
const PICKED = new PickedPaths(PATHS);
/** As much as the engine lets through on these routes. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_DECODED_BYTES = 64 * 1024 * 1024;
/** Others have their turn in between. */
const PIECE_BYTES = 1024 * 1024;

class AskedScan {
  private readonly picked = new PickedValues(PICKED);
  private scanned = 0;
  private isText = true;

  /** `soFar` is all of it that has come. */
  readonly take = (soFar: Uint8Array, to: number = soFar.length): false => {
    const part = soFar.subarray(this.scanned, to);
    // JSON in UTF-8 has no such octet, but other encodings of Unicode have.
    this.isText &&= !part.includes(0);
    this.picked.take(soFar, this.scanned, to);
    this.scanned = to;
    return false;
  };

  read(): Asked {
    const { picked } = this;
    const model = picked.get('model');
    const isClear = this.isText && !PATHS.some((path) => picked.isRepeated(path));
    const isStream = !isClear || (picked.get('stream') ?? false) !== false;
    return {
      model: isClear && typeof model === 'string' && model !== '' ? model : null,
      isBackground: !isClear || (picked.get('background') ?? false) !== false,
      isSilent: isStream && !asksForUsage(picked.get('stream_options')),
    };
  }
}

function asksForUsage(options: unknown): boolean {
  const isObject = typeof options === 'object' && options !== null;
  return isObject && 'include_usage' in options && options.include_usage === true;
}

/** Does not settle when the exchange ends meanwhile, or settles when nobody listens any more. */
export async function readAsked(exchange: Exchange): Promise<Asked> {
  const encoding = (exchange.request.fields.getAll('content-encoding').join(',') || 'identity').trim().toLowerCase();
  const scan = new AskedScan();
  const isPlain = encoding === 'identity';
  const { bytes, isWhole } = await exchange.readBody(MAX_BYTES + 1, isPlain ? scan.take : () => false);
  if (!isWhole) throw new SluiceError('request_body_too_large');
  if (isPlain) scan.take(bytes);
  else await scanInPieces(scan, await decoded(encoding, bytes));
  return scan.read();
}

async function decoded(encoding: string, bytes: Uint8Array): Promise<Buffer> {
  const whole = await decodeWhole(encoding, bytes, MAX_DECODED_BYTES);
  if (whole === 'too large') throw new SluiceError('request_body_too_large');
  return whole === 'unreadable' ? Buffer.alloc(0) : whole;
}

async function scanInPieces(scan: AskedScan, bytes: Buffer): Promise<void> {
  for (let to = PIECE_BYTES; to < bytes.length; to += PIECE_BYTES) {
    scan.take(bytes, to);
    await new Promise(setImmediate);
  }
  scan.take(bytes);
}
