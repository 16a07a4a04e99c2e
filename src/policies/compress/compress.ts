// Compresses answers that are worth it, with the encoding that the client likes best. Rule: what is decided here depends on the
// head alone, so that HEAD, GET and 304 say the same; whatever is in doubt passes as it is.
import type { Exchange, Fields } from '../../contract/exchange.ts';
import type { BodySink, BodyTransform, Policy } from '../../contract/policy.ts';
import { AcceptedEncodings, type Encoding } from './accepted-encodings.ts';
import { EncodedBody } from './encoded-body.ts';
import { encodeHead, isKnownAsWeak, strengthenTags, varyByEncoding, weakenTag } from './encoded-head.ts';
import { encoderOf, type Levels } from './encoders.ts';
import type { HeadFields } from './held-lines.ts';
import { essenceOf, MediaTypes } from './media-types.ts';

export interface CompressOptions {
  /** In order of preference. */
  readonly encodings: readonly Encoding[];
  readonly types: readonly string[];
  readonly minBytes: number;
  readonly levels: Levels;
  /** Is told how many bytes have come in and gone out in that encoding. */
  readonly count: (encoding: Encoding, taken: number, given: number) => void;
}

interface Chosen {
  readonly encoding: Encoding;
  readonly bytes: number;
}

/** Answers with these have no body, or a part of one. */
export const UNTOUCHED: ReadonlySet<number> = new Set([204, 205, 206, 304]);
const NOT_MODIFIED = 304;

const NO_TRANSFORM = /(?:^|,)\s*no-transform\s*(?:,|$)/i;

export function compress({ encodings, types, minBytes, levels, count }: CompressOptions): Policy {
  const accepted = new AcceptedEncodings(encodings);
  const worth = new MediaTypes(types);
  const encoders = new Map(
    encodings.map((name) => {
      const encoder = encoderOf(name, levels[name]);
      return [name, { encoder, count: count.bind(null, name) }] as const;
    }),
  );
  /** From the head of an answer to its body. */
  const chosen = new WeakMap<Exchange, Chosen>();

  const choose = ({ fields }: Exchange['request']): Encoding | null => {
    return forbidsTransforms(fields) ? null : accepted.choose(fields.getAll('accept-encoding'));
  };
  return {
    name: 'compress',
    request({ request: { fields } }: Exchange): void {
      if (fields.has('if-match')) strengthenTags(fields);
    },
    response(exchange: Exchange): void {
      const { request, response } = exchange;
      chosen.delete(exchange);
      // A cache has made what this client gets.
      if (response.isNegotiated) return;
      const { status, fields } = response;
      if (status === NOT_MODIFIED) fitNotModified(request.fields, fields, worth);
      if (status < 200 || UNTOUCHED.has(status) || !isWorth(fields, worth, minBytes)) return;
      varyByEncoding(fields);
      const encoding = choose(request);
      if (encoding === null) return;
      chosen.set(exchange, { encoding, bytes: Number(fields.get('content-length') ?? -1) });
      encodeHead(fields, encoding);
    },
    responseBody(exchange: Exchange, sink: BodySink): BodyTransform | null {
      const choice = chosen.get(exchange);
      const made = choice === undefined ? undefined : encoders.get(choice.encoding);
      if (choice === undefined || made === undefined) return null;
      return new EncodedBody(sink, { ...made, bytes: choice.bytes, isLive: isLive(exchange.response.fields) });
    },
    foresee({ request }: Exchange): string {
      const encoding = choose(request);
      if (encoding !== null)
        return `compresses the answer with ${encoding} if its type is listed and it is not shorter than ${minBytes} bytes`;
      if (forbidsTransforms(request.fields)) return 'leaves the answer as it is: the client forbids changes';
      return `leaves the answer as it is: the client accepts none of ${encodings.join(', ')}`;
    },
  };
}

/** For some client at least. */
export function isWorth(
  fields: Pick<HeadFields, 'get' | 'getAll' | 'has'>,
  types: MediaTypes,
  minBytes: number,
): boolean {
  const type = fields.get('content-type');
  if (type === undefined || !types.include(type)) return false;
  if (isEncoded(fields) || fields.has('content-range') || forbidsTransforms(fields)) return false;
  const length = fields.get('content-length');
  return length === undefined || Number(length) >= Math.max(1, minBytes);
}

function isEncoded(fields: Pick<HeadFields, 'get'>): boolean {
  const encoding = fields.get('content-encoding');
  return encoding !== undefined && encoding.toLowerCase() !== 'identity';
}

export function forbidsTransforms(fields: Pick<HeadFields, 'get' | 'getAll'>): boolean {
  if (fields.get('cache-control') === undefined) return false;
  return fields.getAll('cache-control').some((value) => NO_TRANSFORM.test(value));
}

/**
 * A 304 says of the answer that the client has what a 200 would say of it (RFC 9110, 15.4.5). Mostly it does not say which type
 * that is of: one `Vary` too many does no harm, one too few mixes variants.
 */
function fitNotModified(request: Fields, fields: Fields, types: MediaTypes): void {
  const type = fields.get('content-type');
  if ((type !== undefined && !types.include(type)) || isEncoded(fields) || forbidsTransforms(fields)) return;
  varyByEncoding(fields);
  const tag = fields.get('etag');
  if (tag !== undefined && isKnownAsWeak(tag, request.getAll('if-none-match'))) weakenTag(fields);
}

/** Events, and whatever says so by the field that nginx knows for it. */
export function isLive(fields: Pick<HeadFields, 'get'>): boolean {
  if (fields.get('x-accel-buffering')?.toLowerCase() === 'no') return true;
  return essenceOf(fields.get('content-type') ?? '') === 'text/event-stream';
}
