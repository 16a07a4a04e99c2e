// As good as no server: the load program starts the command by itself, or gets its bare output. What stands in front of a command is
// measured against that.
import { ownPeer } from './node-program.ts';
import type { Peer } from './peer.ts';

export const nodeDirect: Peer = ownPeer('node-direct', ['exec']);
