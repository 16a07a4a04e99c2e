// Who comes from one node to a tunnel of another, as the nodes tell it. Rule: it is one line of words without spaces, and whatever cannot be read is
// nobody.
import type { ProxiedEnds } from '../../codec/proxy-protocol/proxy-header.ts';
import { parsePort } from '../../core/address.ts';
import { parseIp } from '../../core/ip.ts';

export interface NodeVisit {
  /** Of the tunnel. */
  readonly name: string;
  /** Where they have come from, and which address they have asked for; null: nobody knows. */
  readonly ends: ProxiedEnds | null;
}

const KIND = 'visit';

export function visitLine({ name, ends }: NodeVisit): string {
  if (ends === null) return `${KIND} ${name}`;
  const { sourceAddress, sourcePort, destinationAddress, destinationPort } = ends;
  return [KIND, name, sourceAddress, sourcePort, destinationAddress, destinationPort].join(' ');
}

export function readVisit(line: string): NodeVisit | null {
  const [kind, name = '', sourceAddress, source = '', destinationAddress = '', destination = ''] = line.split(' ');
  if (kind !== KIND || name === '') return null;
  if (sourceAddress === undefined) return { name, ends: null };
  const [sourcePort, destinationPort] = [parsePort(source, true), parsePort(destination, true)];
  const isKnown = parseIp(sourceAddress) !== undefined && parseIp(destinationAddress) !== undefined;
  if (!isKnown || sourcePort < 0 || destinationPort < 0) return { name, ends: null };
  return { name, ends: { sourceAddress, sourcePort, destinationAddress, destinationPort } };
}
