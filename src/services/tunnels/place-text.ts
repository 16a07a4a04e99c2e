// How the places of names stand in the state that nodes share, and how nodes tell each other of them. Rule: nodes may be of different versions, so
// what cannot be read says nothing, and what is not known is passed over.
import type { Lease } from '../../state/shared-state.ts';
import type { PlaceMember, TunnelPlace } from './tunnel-directory.ts';

export interface PlaceNews {
  readonly name: string;
  /** Empty: on none any more. */
  readonly node: string;
  readonly account: string;
  readonly address: string;
  readonly fence: number;
  readonly members?: readonly PlaceMember[];
}

export function leaseName(name: string): string {
  return `tunnel:${name}`;
}

/** Of whom a name waits for. */
export function holdKey(name: string): string {
  return `tunnel-held:${name}`;
}

/** What a lease of a name says. */
export function placeValue(account: string, address: string, members?: readonly PlaceMember[]): string {
  const listed = members?.map(({ node, address: at, clients }) => [node, at, clients] as const);
  return JSON.stringify(listed === undefined ? [account, address] : [account, address, listed]);
}

/** `here`: the id of this node. */
export function placeOfLease(name: string, { owner, value, fence }: Lease, here: string): TunnelPlace {
  const [account = '', address = '', listed] = JSON.parse(value) as [string?, string?, [string, string, number][]?];
  const members = listed?.map(([node, at, clients]) => ({ node, address: at, clients }));
  return placeWith({ name, account, node: owner, address, fence, ...(members !== undefined && { members }) }, here);
}

export function newsText({ name, node, account, address, fence, members }: PlaceNews): string {
  return JSON.stringify({ name, node, account, address, fence, members });
}

export function newsOf(text: string): PlaceNews | null {
  try {
    const news = JSON.parse(text) as PlaceNews;
    return typeof news.name === 'string' && typeof news.fence === 'number' ? news : null;
  } catch {
    return null;
  }
}

/** null: it is on no node. */
export function placeOfNews(news: PlaceNews, here: string): TunnelPlace | null {
  return news.node === '' ? null : placeWith(news, here);
}

function placeWith(place: PlaceNews, here: string): TunnelPlace {
  const { name, account, node, address, fence, members } = place;
  const isHere = members === undefined ? node === here : members.some((member) => member.node === here);
  return { name, account, node, address, fence, isHere, ...(members !== undefined && { members }) };
}
