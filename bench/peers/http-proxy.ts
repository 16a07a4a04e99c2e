// http-proxy, what most Node proxies are built on (webpack, Vite and http-server's proxying among them).
import { nodePeer } from './node-program.ts';
import type { Peer } from './peer.ts';

export const httpProxy: Peer = nodePeer('http-proxy', ['http', 'tls', 'websocket']);
