// fast-proxy, Node with undici towards the backend: the quickest proxy library on npm that we know.
import { nodePeer } from './node-program.ts';
import type { Peer } from './peer.ts';

export const fastProxy: Peer = nodePeer('fast-proxy', ['http']);
