// Every case, in the order in which they run and are reported.
import { accessLog } from './access-log.ts';
import { aiBody, aiFirstByte, aiSmall, aiStreams } from './ai.ts';
import { browser } from './browser.ts';
import { hundredMb, oneMib, tenKib } from './bulk.ts';
import { cacheHundredKib, cacheMiss, cacheNoStore, cacheRefetch, cacheSmall } from './cache.ts';
import type { Case } from './case.ts';
import { compressLarge, compressSmall } from './compress.ts';
import { connection } from './connection.ts';
import { execBulk, execFirstLine } from './exec.ts';
import { forward } from './forward.ts';
import { gatewayLoad } from './gateway-load.ts';
import { h2 } from './h2.ts';
import { idle } from './idle.ts';
import { limitsShared } from './limits-shared.ts';
import { policies, policiesProxied } from './policies.ts';
import { postBig, postSmall } from './post.ts';
import { small } from './small.ts';
import { tunnelBulk, tunnelIdle, tunnelSetup } from './tunnel.ts';
import { tls, tlsHandshake, tlsResumed } from './tls.ts';
import { websocket } from './websocket.ts';
import { workers } from './workers.ts';

export const cases: readonly Case[] = [
  small,
  browser,
  tenKib,
  oneMib,
  hundredMb,
  postSmall,
  postBig,
  tls,
  tlsHandshake,
  tlsResumed,
  h2,
  websocket,
  connection,
  idle,
  workers,
  accessLog,
  policies,
  policiesProxied,
  limitsShared,
  cacheSmall,
  cacheHundredKib,
  cacheMiss,
  cacheNoStore,
  cacheRefetch,
  gatewayLoad,
  compressLarge,
  compressSmall,
  forward,
  tunnelSetup,
  tunnelBulk,
  tunnelIdle,
  aiSmall,
  aiBody,
  aiFirstByte,
  aiStreams,
  execFirstLine,
  execBulk,
];
