// The least that a gateway on node:http can be: every request is sent on, and the answer piped back. It knows no user and no key.
import { ownPeer } from './node-program.ts';
import type { Peer } from './peer.ts';

export const nodePipe: Peer = ownPeer('node-pipe', ['ai']);
