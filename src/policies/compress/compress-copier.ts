// Encodes answers that a cache keeps, once for all clients. Rule: it decides and says the same as the policy does of answers that pass.
import type { Copier } from '../../services/cache/copier.ts';
import { FieldList } from '../../services/cache/rules/field-reader.ts';
import { AcceptedEncodings, type Encoding } from './accepted-encodings.ts';
import { type CompressOptions, forbidsTransforms, isLive, isWorth, UNTOUCHED } from './compress.ts';
import { EncodedBody } from './encoded-body.ts';
import { encodeHead, varyByEncoding } from './encoded-head.ts';
import { encoderOf } from './encoders.ts';
import { HeldLines } from './held-lines.ts';
import { MediaTypes } from './media-types.ts';

export function compressCopier({ encodings, types, minBytes, levels, count }: CompressOptions): Copier {
  const accepted = new AcceptedEncodings(encodings);
  const worth = new MediaTypes(types);
  return {
    choose: (asked) => (forbidsTransforms(asked) ? null : accepted.choose(asked.getAll('accept-encoding'))),
    isWorth: (status, lines, bodyLength) => {
      if (UNTOUCHED.has(status) || (bodyLength >= 0 && bodyLength < Math.max(1, minBytes))) return false;
      const held = new HeldLines(lines);
      return isWorth(held, worth, minBytes) && !isLive(new FieldList(lines));
    },
    linesFor: (lines, encoding) => {
      const held = new HeldLines(lines);
      varyByEncoding(held);
      if (encoding !== null) encodeHead(held, encoding as Encoding);
      return held.lines;
    },
    encode: (fields, encoding) => {
      varyByEncoding(fields);
      encodeHead(fields, encoding as Encoding);
    },
    open: (lines, encoding, bytes, sink) => {
      const name = encoding as Encoding;
      const encoder = encoderOf(name, levels[name]);
      const isLiveBody = isLive(new FieldList(lines));
      return new EncodedBody(sink, {
        encoder,
        bytes,
        isLive: isLiveBody,
        count: (taken, given) => count(name, taken, given),
      });
    },
  };
}
