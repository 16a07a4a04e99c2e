// What it costs to compress answers, in every encoding, on all threads together.
// Rule: the yardstick is nginx's gzip at our own default level; br 4 and zstd 3 make answers about as small.
import type { Compression } from '../peers/peer.ts';
import { plain, type Case, type Contestant } from './case.ts';
import { httpCase } from './http-case.ts';

const KIB = 1024;
const MB = 1e6;

function compressing(peer: string, encoding: Compression['encoding'], level: number, label = peer): Contestant[] {
  return plain(peer).map((each) => ({ ...each, label, compression: { encoding, level } }));
}

const contestants = [
  ...compressing('sluice', 'gzip', 5),
  ...compressing('sluice', 'br', 4, 'sluice, br 4'),
  ...compressing('sluice', 'zstd', 3, 'sluice, zstd 3'),
  ...compressing('nginx', 'gzip', 5),
  ...compressing('caddy', 'gzip', 5),
];

const shared = {
  contestants,
  cost: 'CPU µs per MB',
  headers: { 'Accept-Encoding': 'gzip, deflate, br, zstd' },
  contentUnitBytes: MB,
  isEncoded: true,
} as const;

export const compressLarge: Case = httpCase({
  ...shared,
  name: 'compress',
  title: 'Text of 128 KiB, compressed',
  remark: 'MB of text before compression. gzip at level 5 unless said otherwise.',
  path: '/files/text-128k',
  answerBytes: 128 * KIB,
  connections: 8,
});

export const compressSmall: Case = httpCase({
  ...shared,
  name: 'compress-10k',
  title: 'Text of 10 KiB, compressed',
  remark: 'MB of text before compression. gzip at level 5 unless said otherwise.',
  path: '/files/text-10k',
  answerBytes: 10 * KIB,
  connections: 16,
});
