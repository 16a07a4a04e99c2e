// Every peer, in the order in which the tables show them.
import { caddy } from './caddy.ts';
import { fastProxy } from './fast-proxy.ts';
import { haproxy } from './haproxy.ts';
import { httpProxy } from './http-proxy.ts';
import { nginx, nginxBigBuffers } from './nginx.ts';
import { nodeDirect } from './node-direct.ts';
import { nodePipe } from './node-pipe.ts';
import type { Peer } from './peer.ts';
import { portkey } from './portkey.ts';
import { proxyChain } from './proxy-chain.ts';
import { sluice } from './sluice.ts';
import { squid } from './squid.ts';
import { tinyproxy } from './tinyproxy.ts';
import { varnish } from './varnish.ts';

export const peers: readonly Peer[] = [
  sluice,
  nginx,
  nginxBigBuffers,
  haproxy,
  caddy,
  varnish,
  squid,
  tinyproxy,
  fastProxy,
  httpProxy,
  proxyChain,
  nodePipe,
  nodeDirect,
  portkey,
];
