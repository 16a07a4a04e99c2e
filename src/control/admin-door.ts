// The admin door: what carries the admin API to node:http. Rule: the API and its libraries are loaded with the first
// request, so that a Sluice that nobody asks starts faster and stays smaller.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseAddress } from '../core/address.ts';
import { errorBody, ERROR_CATALOGUE } from '../core/errors.ts';
import type { Logger } from '../telemetry/application-log.ts';
import type { AdminApp, AdminParts } from './admin-env.ts';
import { HttpDoor } from './http-door.ts';
import { newRequestId } from './request-id.ts';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function adminDoor(listen: string, parts: Omit<AdminParts, 'listenHost'>): HttpDoor {
  return apiDoor({ key: 'admin.listen', listen, logger: parts.logger }, async (listenHost) => {
    const { createAdminApp } = await import('./admin-app.ts');
    return createAdminApp({ ...parts, listenHost });
  });
}

export interface ApiDoorOptions {
  /** What asked for it: a config key, or a flag. */
  readonly key: string;
  readonly listen: string;
  readonly logger: Pick<Logger, 'error'>;
}

export function apiDoor(
  { key, listen, logger }: ApiDoorOptions,
  load: (listenHost: string) => Promise<AdminApp>,
): HttpDoor {
  const address = parseAddress(listen, { host: '' });
  const listenHost = address.kind === 'tcp' ? address.host : 'localhost';
  let listener: Promise<RequestListener> | undefined;
  return new HttpDoor({
    name: 'admin',
    key,
    listen,
    handler: (request, response) => {
      listener ??= loadListener(load(listenHost));
      listener
        .then((serve) => serve(request, response))
        .catch((error: unknown) => {
          logger.error({ err: error }, 'admin request failed');
          response.destroy();
        });
    },
  });
}

async function loadListener(loading: Promise<AdminApp>): Promise<RequestListener> {
  const [{ getRequestListener }, app] = await Promise.all([import('@hono/node-server'), loading]);
  return getRequestListener((request, bindings) => app.fetch(request, bindings), {
    // Other parts of the program use the Request and Response that Node has.
    overrideGlobalObjects: false,
    errorHandler: answerUnreadable,
  });
}

/** A request that has no valid address, which the API never sees. */
function answerUnreadable(): Response {
  const { status, summary } = ERROR_CATALOGUE.request_invalid;
  const body = JSON.stringify(errorBody('request_invalid', summary, newRequestId()));
  return new Response(body, { status, headers: { 'Content-Type': 'application/json' } });
}
