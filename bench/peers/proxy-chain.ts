// proxy-chain, Node's usual forward proxy with upstream proxies.
import { nodePeer } from './node-program.ts';
import type { Peer } from './peer.ts';

export const proxyChain: Peer = nodePeer('proxy-chain', ['forward', 'tunnel']);
